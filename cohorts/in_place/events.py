"""The events of one stream as a query: rows of a table that keep the filters, or eras made of other streams' events.

Every stream gives the same columns (EVENT). `counted` is the value that an occurrence count is distinct by; sort_date is
the event's own start where a user-defined period is shown instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cdm.source import Kind
from cohorts.criteria.declare import Domain
from cohorts.criteria.domains import DOMAINS
from cohorts.in_place.conditions import ALIASES, Dates, Phrases, conditions, further_rows, member, operand
from cohorts.in_place.intervals import joined
from cohorts.in_place.trees import (
    Query,
    Select,
    Tree,
    add_days,
    all_of,
    also,
    ascending,
    cast,
    column,
    columns,
    compare,
    day,
    derived,
    first_filled,
    first_place,
    found_in,
    looked_at,
    names_of,
    nothing,
    row_number,
    select,
    table,
)
from cohorts.plan.filters import Operand, Value
from cohorts.plan.nodes import Adjust, Eras, Keep, Plan, Scan

_EVENT: Mapping[str, Kind] = {
    "person_id": "long", "event_id": "long", "start_date": "date", "end_date": "date", "sort_date": "date",
    "visit_id": "long",
}  # fmt: skip
NAMES = (*_EVENT, "counted")
# Columns whose values may have a fraction; every other value that can be counted is a whole number.
_FRACTIONS = frozenset({"quantity", "range_high", "range_low", "value_as_number", "dose_value"})


def layout(plan: Plan, number: int) -> Mapping[str, Kind]:
    """The columns of a stream's events."""
    return {**_EVENT, "counted": _counted_kind(plan, number)}


def _counted_kind(plan: Plan, number: int) -> Kind:
    stream = plan.streams[number]
    if isinstance(stream, Keep):
        return _counted_kind(plan, stream.stream)
    given = stream.counted
    return "number" if given is not None and not isinstance(given, Value) and given.name in _FRACTIONS else "long"


def default_end(domain: Domain, alias: str) -> Tree:
    """The end of an event, where its columns may be empty: circe-be's rules."""
    start = column(f"{alias}.{domain.start}")
    ends = [column(f"{alias}.{name}") for name in domain.end]
    if domain.supply:
        ends.append(add_days(start, column(f"{alias}.{domain.supply}")))
    if domain.next_day:
        ends.append(add_days(start, 1))
    return first_filled(*ends)


def scanned(given: Scan, kind: Kind, phrases: Phrases, who: str | None) -> Select:
    """The events of a scan; kind: that of `counted`; who: a table of the people to whom it is limited."""
    domain = DOMAINS[given.kind]
    return _shown(given, _rows(domain, given, who), kind, phrases)


def _rows(domain: Domain, given: Scan, who: str | None) -> Select:
    """The rows that the concept sets choose, with an end; further columns are added when it is known which."""
    where = []
    if given.concept_set is not None:
        where.append(found_in(column(f"t.{domain.concept}"), member(given.concept_set)))
    if given.source_set is not None and domain.source:
        where.append(found_in(column(f"t.{domain.source[1]}"), member(given.source_set)))
    if who:
        people = select({"person_id": column("w.person_id")}, table(who, "w"))
        where.append(found_in(column("t.person_id"), people))
    found = {
        "person_id": column("t.person_id"),
        "event_id": column(f"t.{domain.event_id}"),
        "start_date": column(f"t.{domain.start}"),
        "end_date": default_end(domain, "t"),
        "visit_id": column("t.visit_occurrence_id") if domain.visit else nothing("long"),
    }
    return select(found, table(f"cdm_{domain.table}", "t"), where=where)


def _shown(given: Scan, rows: Select, kind: Kind, phrases: Phrases) -> Select:
    """First, then adjustment, then filters, then the dates that are shown."""
    shown = given.shown
    dates = Dates(
        shown_start=day(shown.start) if shown and shown.start else column("c.start_date"),
        shown_end=day(shown.end) if shown and shown.end else column("c.end_date"),
    )
    where = conditions(given.filters, dates, phrases)
    joins = further_rows(given.filters)
    counted = _counted(given.counted, dates, kind)
    further = sorted(looked_at([*where, *joins, counted], ALIASES["event"]) - set(names_of(rows)))
    source: Query = also(rows, further, "t")
    names = [*names_of(rows), *further]
    if given.first:
        source = first_place(
            source, names, ["person_id"], [ascending(column("start_date")), ascending(column("event_id"))]
        )
    if given.adjust:
        source = _moved(source, names, given.adjust)
        where.append(_ends_after_start())
    return select(
        {
            "person_id": column("c.person_id"), "event_id": column("c.event_id"), "start_date": dates.shown_start,
            "end_date": dates.shown_end, "sort_date": column("c.start_date"), "visit_id": column("c.visit_id"),
            "counted": counted,
        },
        derived(source, "c"), joins=joins, where=where,
    )  # fmt: skip


def _counted(given: Operand | None, dates: Dates, kind: Kind) -> Tree:
    return nothing(kind) if given is None else cast(operand(given, dates), kind)


def _moved(query: Query, names: Iterable[str], adjust: Adjust) -> Select:
    moved = columns("a", names)
    moved["start_date"] = add_days(column(f"a.{adjust.start_from}_date"), adjust.start_days)
    moved["end_date"] = add_days(column(f"a.{adjust.end_from}_date"), adjust.end_days)
    return select(moved, derived(query, "a"))


def _ends_after_start() -> Tree:
    return compare(column("c.end_date"), ">=", column("c.start_date"))


def eras(given: Eras, parts: Sequence[Query], phrases: Phrases) -> Select:
    """Eras of the events of several streams; an era's id is its rank among all of them."""
    rows = [select(columns("q", ["person_id", "start_date", "end_date"]), derived(part, "q")) for part in parts]
    names = ["person_id", "event_id", "start_date", "end_date"]
    order = [ascending(column(name)) for name in ("person_id", "start_date", "end_date")]
    numbered = {**columns("j", ["person_id", "start_date", "end_date"]), "event_id": row_number([], order)}
    source: Query = select(numbered, derived(joined(all_of(rows), 0), "j"))
    where = conditions(given.filters, Dates(), phrases)
    if given.first:
        by_dates = [ascending(column("start_date")), ascending(column("end_date"))]
        source = first_place(source, names, ["person_id"], by_dates)
    if given.adjust:
        source = _moved(source, names, given.adjust)
        where.append(_ends_after_start())
    return select(
        {
            **columns("c", names), "sort_date": column("c.start_date"), "visit_id": nothing("long"),
            "counted": _counted(given.counted, Dates(), "long"),
        },
        derived(source, "c"), joins=further_rows(given.filters), where=where,
    )  # fmt: skip
