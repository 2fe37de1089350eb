"""docs/reference/people-file.md: made-up people beside a cohort definition."""

from __future__ import annotations

from cohorts.criteria.declare import Domain
from cohorts.expectations.model import MadeUpConcept, MadeUpPerson, People, Traits
from cohorts.expectations.rows import MAIN_CONCEPT, VERSION, event_tables
from docs.from_code.markdown import page, table
from docs.from_code.models import section
from flows.study import shipped

_SHOWN = 24  # lines of the example


def people_file() -> str:
    """The page of the file of made-up people."""
    file = shipped("gi_bleed").with_name("case.people.yaml")
    example = "\n".join(file.read_text(encoding="utf-8").splitlines()[:_SHOWN])
    rows = [
        (f"`{name}`", domain.concept or MAIN_CONCEPT[name], *_dates(domain))
        for name, domain in sorted(event_tables().items())
    ]
    return page(
        "# The file of made-up people",
        "`case.people.yaml` beside `case.json` holds made-up people and the entries that the definition gives them. `naru study "
        "check` runs the people of a study's definitions, `naru cohort test` those of one, through the very engine that runs "
        "on a hospital. Days are whole numbers counted from `day_0` (0, 30, -365), or dates. A concept is a number, a name "
        "declared under `concepts`, the name of a concept set of the definition (its first concept is taken), or the name of a "
        "concept in one. The vocabulary holds the concepts that definition and file name, and no other: a descendant is one "
        "that the file declares.",
        section(People),
        section(Traits),
        section(MadeUpPerson),
        section(MadeUpConcept),
        f"## Tables of events\n\nAn event names one of these tables of CDM {VERSION}.",
        table(("table", "concept", "`day`", "`until`"), rows),
        f"## An example: the beginning of studies/gi_bleed/case.people.yaml\n\n```yaml\n{example}\n```",
    )


def _dates(domain: Domain) -> tuple[str, str]:
    if not domain.end:
        return domain.start, ""
    supplied = "the start plus `days_supply`, or else " if domain.supply else ""
    otherwise = f"{supplied}the next day" if domain.next_day else "the same day"
    return domain.start, f"{domain.end[0]}; otherwise {otherwise}"
