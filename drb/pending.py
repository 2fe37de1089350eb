"""What is open on the board: read once after each event, and then everybody's queue is made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from sqlalchemy import func, select

from drb.actors import secretaries
from drb.facts import Facts
from drb.load import case_facts, grant_facts, release_facts
from drb.models import Case, Event, Grant, Release, Vote
from drb.states import CaseState, GrantState, ReleaseState
from drb.turns import Turn, turns
from drb.work import Thing, Work, object_name

OPEN_CASES = (
    CaseState.DRAFT,
    CaseState.SUBMITTED,
    CaseState.SCREENING,
    CaseState.RETURNED,
    CaseState.IN_REVIEW,
    CaseState.CONDITIONAL,
)
OPEN_RELEASES = (
    ReleaseState.CHECKED,
    ReleaseState.BLOCKED,
    ReleaseState.SUBMITTED,
    ReleaseState.PARTIALLY_REVIEWED,
    ReleaseState.REVIEWED,
    ReleaseState.RETURNED,
    ReleaseState.RECALLED,
)
OPEN_GRANTS = (GrantState.PENDING_TERMS, GrantState.REVOKED, GrantState.DESTRUCTION_DUE)
# While nothing is recorded the board stands still; only the calendar moves.
Moment = tuple[int | None, datetime]


@dataclass(frozen=True)
class Pending:
    """Something open. warned: its package came with warnings. unchanged: what was voted on before lies here again."""

    object: str
    facts: Facts
    turn: Turn
    number: str
    title: str
    study_id: str
    site_id: str
    organisation: str
    state: Any
    assignee: str | None
    since: datetime
    warned: bool
    unchanged: bool


@dataclass(frozen=True)
class Standing:
    """The board at a moment. secretaries: id and name of those to whom something can be assigned."""

    moment: Moment
    things: tuple[Pending, ...]
    secretaries: tuple[tuple[str, str], ...]


@dataclass
class Watch:
    """The board as it stood after the last event, made anew by one reader while the others wait for it."""

    last: Standing | None = None
    making: Lock = field(default_factory=Lock)

    def read(self, work: Work) -> Standing:
        """Give what is open, made anew after an event.

        PostgreSQL numbers events before they are committed: one that was overtaken shows within the minute.
        """
        moment = (work.session.scalar(select(func.max(Event.number))), work.now.replace(second=0, microsecond=0))
        known = self.last
        if known is not None and known.moment == moment:
            return known
        with self.making:
            if self.last is None or self.last.moment != moment:
                self.last = Standing(moment, tuple(_things(work)), secretaries(work.session))
            return self.last


def _things(work: Work) -> Iterator[Pending]:
    session = work.session
    cases = session.scalars(select(Case).where(Case.state.in_(OPEN_CASES))).all()
    releases = session.scalars(select(Release).where(Release.state.in_(OPEN_RELEASES))).all()
    grants = session.scalars(select(Grant).where(Grant.state.in_(OPEN_GRANTS))).all()
    behind = _releases_of(work, releases, grants)
    homes = _cases_of(work, cases, behind)
    of_case = case_facts(session, list(homes.values()))
    of_release = release_facts(session, behind, of_case)
    facts: Mapping[str, Facts] = {
        **{f"case:{key}": found for key, found in of_case.items()},
        **{f"release:{key}": found for key, found in of_release.items()},
        **{f"grant:{key}": found for key, found in grant_facts(session, grants, of_release).items()},
    }
    clocked = [f"case:{case.id}" for case in cases] + [f"release:{release.name}" for release in releases]
    clocks, known = turns(session, clocked, work.now), _unchanged(work, cases, releases)
    things: Sequence[Thing] = (*cases, *releases, *grants)
    for thing in things:
        name = object_name(thing)
        case = homes[facts[name].case.id]
        yield Pending(
            name,
            facts[name],
            clocks.get(name, Turn()),
            case.number,
            case.title,
            case.study_id,
            case.site_id,
            case.organisation_id,
            thing.state,
            None if isinstance(thing, Grant) else thing.assignee,
            thing.changed_at,
            isinstance(thing, Release) and bool(thing.summary.get("warnings")),
            name in known,
        )


def _releases_of(work: Work, releases: Sequence[Release], grants: Sequence[Grant]) -> list[Release]:
    """The releases themselves, and those behind the grants."""
    missing = sorted({grant.release_name for grant in grants} - {release.name for release in releases})
    if not missing:
        return list(releases)
    return [*releases, *work.session.scalars(select(Release).where(Release.name.in_(missing)))]


def _cases_of(work: Work, cases: Sequence[Case], releases: Sequence[Release]) -> Mapping[str, Case]:
    known = {case.id: case for case in cases}
    missing = sorted({release.case_id for release in releases} - known.keys())
    if missing:
        known.update({case.id: case for case in work.session.scalars(select(Case).where(Case.id.in_(missing)))})
    return known


def _unchanged(work: Work, cases: Sequence[Case], releases: Sequence[Release]) -> set[str]:
    """Name the objects on whose present content somebody voted in an earlier round."""
    contents = {f"case:{case.id}": case.digest for case in cases}
    contents.update({f"release:{release.name}": release.manifest_digest for release in releases})
    query = select(Vote.object, Vote.bound).where(Vote.object.in_(sorted(contents)), Vote.voided_at.is_not(None))
    return {
        name
        for name, bound in work.session.execute(query)
        if contents[name] == (bound.get("manifest_digest") or bound.get("digest"))
    }
