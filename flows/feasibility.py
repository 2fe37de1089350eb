"""Could a study be done here, or there: suppressed counts from one hospital or all, before any approval."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdm.errors import BadInput, GateRefused
from cohorts.feasibility import Feasibility
from cohorts.feasibility import feasibility as count
from flows import progress
from flows.answered import earlier, remember
from flows.faults import guarded
from flows.home import Home
from flows.site import Site, listed, read
from flows.study import Study, digest, load
from flows.study_check import refuse_unanswerable


@dataclass(frozen=True)
class Answer:
    """One hospital's answer: its counts, or in one sentence why it cannot give any."""

    site: Site
    counts: Feasibility | None
    why_not: str | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        found = self.counts.to_json() if self.counts else None
        return {"site": self.site.id, "name": self.site.name.model_dump(), "counts": found, "why_not": self.why_not}


def ask(home: Home, study_file: Path, site_id: str, round_to: int | None = None) -> tuple[Study, list[Answer]]:
    """Ask one hospital, or with 'all' every registered one. One hospital's trouble does not silence the others.

    Raises BadInput for the study, and for a hospital that was asked by name.
    """
    study = load(study_file)
    if site_id != "all":
        return study, [Answer(site := read(home, site_id), _count(home, study, site, round_to), None)]
    sites = listed(home)
    if not sites:
        raise BadInput(
            "no site is registered yet; add one with: naru site add ID --source URL --name-ko .. --name-en .."
        )
    return study, [_answer(home, study, site, round_to) for site in sites]


def _answer(home: Home, study: Study, site: Site, round_to: int | None) -> Answer:
    try:
        return Answer(site, _count(home, study, site, round_to), None)
    except (BadInput, GateRefused) as error:
        first, *more = str(error).splitlines()
        progress.tell(f"count {site.id}", "failed", "cannot answer")
        return Answer(site, None, f"{first} (and {len(more)} more)" if more else first)


def _count(home: Home, study: Study, site: Site, round_to: int | None) -> Feasibility:
    progress.tell(f"count {site.id}", "begun")
    with site.open(home) as source:
        refuse_unanswerable(study, source)
        draw = study.spec.draw.model_dump(mode="json")
        asked = {"definition": study.definition_digest, "draw": draw, "cdm": source.release().digest}
        rounding = {} if round_to is None else {"round_to": round_to}
        question = digest({**asked, "threshold": site.threshold, **rounding})
        before = earlier(home, site.id, question)
        found = guarded(
            f"feasibility at {site.id}",
            home.spill,
            lambda: count(source, study.definitions, study.draw, site.threshold, site.limits(home), before, round_to),
        )
    remember(home, site.id, question, found.answered)
    progress.tell(f"count {site.id}", "done")
    return found
