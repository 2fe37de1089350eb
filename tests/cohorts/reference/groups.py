"""How many events have to lie in a window, and how many of such demands have to hold.

An index event is known by its person and its id. A primary event stands in one observation period. An event with nested
criteria is looked at once for each observation period that holds its start, so that overlapping periods give it several
index rows (a death, whose id is its person's, has one for each record), and every match counts once per row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.cohorts.reference import criteria
from tests.cohorts.reference.kinds import DEMOGRAPHIC, KINDS
from tests.cohorts.reference.setting import Event, Json, Setting
from tests.cohorts.reference.windows import Index, in_windows

EXACTLY, AT_MOST, AT_LEAST = 0, 1, 2


def kept(events: Iterable[Event], group: Json, setting: Setting) -> list[Event]:
    """The events for which the group holds. One outside observation has no index row, and is lost."""
    index: dict[tuple[int, int], list[Index]] = {}
    events = list(events)
    for event in events:
        for period in setting.hospital.periods_with(event.person, event.start):
            row = Index(event.person, event.id, event.start, event.end, event.visit, *period)
            index.setdefault((event.person, event.id), []).append(row)
    holding = {key for key, rows in index.items() if holds(rows, group, setting)}
    return [event for event in events if (event.person, event.id) in holding]


def is_empty(group: Json) -> bool:
    return not any(group.get(part) for part in ("CriteriaList", "DemographicCriteriaList", "Groups"))


def holds(rows: Sequence[Index], group: Json, setting: Setting) -> bool:
    """Whether the group holds for one index event (given by its rows). An empty group holds always."""
    if is_empty(group):
        return True
    demands = group.get("CriteriaList") or ()
    demographics = group.get("DemographicCriteriaList") or ()
    inner = group.get("Groups") or ()
    holding = sum(occurs(rows, one, setting) for one in demands)
    holding += sum(any(is_such_a_person(row, one, setting) for row in rows) for one in demographics)
    holding += sum(holds(rows, one, setting) for one in inner if not is_empty(one))
    holding += sum(len(rows) for one in inner if is_empty(one))
    holding *= len(rows)  # with several rows, "all of one" is two of one, and fails
    return _enough(holding, len(demands) + len(demographics) + len(inner), group)


def _enough(holding: int, children: int, group: Json) -> bool:
    """A group of which nothing holds fails, unless it says "at most", or "at least 0"."""
    kind, count = group["Type"].upper(), group.get("Count")
    if kind == "AT_MOST":
        return holding <= count
    if kind == "AT_LEAST":
        return holding >= count and (holding > 0 or count == 0)
    return holding == children if kind == "ALL" else holding > 0


def occurs(rows: Sequence[Index], asked: Json, setting: Setting) -> bool:
    """Whether as many events as asked lie in the window of the index event.

    "At most", and a count of 0, hold without any match; everything else needs one, even "at least -1".
    """
    kind, count = asked["Occurrence"]["Type"], asked["Occurrence"]["Count"]
    theirs = criteria.events_of(asked["Criteria"], setting).get(rows[0].person, ())
    matches = [event for row in rows for event in theirs if in_windows(event, row, asked)]
    zero_will_do = kind == AT_MOST or count == 0
    if not matches and not zero_will_do:
        return False
    found = _number(matches, asked, setting)
    if zero_will_do and not asked["Occurrence"].get("IsDistinct"):
        found *= len(rows)  # circe-be joins the matches back to the index rows here, and counts them over
    return {EXACTLY: found == count, AT_MOST: found <= count, AT_LEAST: found >= count}[kind]


def _number(matches: Sequence[Event], asked: Json, setting: Setting) -> int:
    """How many matches, or how many different values of a column; NULL is no value."""
    if not asked["Occurrence"].get("IsDistinct"):
        return len(matches)
    column = asked["Occurrence"].get("CountColumn") or "DOMAIN_CONCEPT"
    (kind,) = asked["Criteria"]
    values = {_value(event, column, kind, setting) for event in matches}
    return len(values - {None})


def _value(event: Event, column: str, kind: str, setting: Setting) -> object:
    if column in {"START_DATE", "END_DATE", "VISIT_ID"}:
        return {"START_DATE": event.start, "END_DATE": event.end, "VISIT_ID": event.visit}[column]
    return criteria.look(event, KINDS[kind].counts[column], setting)


def is_such_a_person(row: Index, asked: Json, setting: Setting) -> bool:
    """A demographic criterion: who the person is on the index date. Somebody missing from PERSON is nobody."""
    event = Event(row.person, row.id, row.start, row.end, row.visit, row.start)
    return row.person in setting.hospital.person and criteria.keeps(event, asked, DEMOGRAPHIC, setting)
