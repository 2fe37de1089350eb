"""When entries end: the earliest candidate on or after the start; then collapsed into eras and cut to the window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cdm.source import Kind
from cohorts.criteria.domains import DRUG_EXPOSURE
from cohorts.in_place.conditions import member
from cohorts.in_place.events import default_end
from cohorts.in_place.intervals import joined
from cohorts.in_place.trees import (
    Join,
    Query,
    Select,
    Tree,
    add_days,
    all_of,
    case,
    column,
    columns,
    compare,
    day,
    derived,
    earliest,
    found_in,
    inner,
    is_null,
    latest,
    left,
    negated,
    select,
    smallest,
    table,
)
from cohorts.plan.nodes import Definition, DrugExit, OffsetExit

ROW: Mapping[str, Kind] = {"person_id": "long", "start_date": "date", "end_date": "date"}
_KEY = ("person_id", "ordinal")


def drug_eras(given: DrugExit, who: str) -> Select:
    """Eras of exposure (ROW) of the people of `who`; the gap is taken off their ends again, the offset stays.

    An exposure counts once for its concept and once for its source concept.
    """
    domain = DRUG_EXPOSURE
    end = default_end(domain, "t")
    if given.days_supply is not None:
        end = add_days(column(f"t.{domain.start}"), given.days_supply)
    assert domain.source is not None
    parts = []
    for concept in (domain.concept, domain.source[1]):
        people = select({"person_id": column("w.person_id")}, table(who, "w"))
        exposures = {
            "person_id": column("t.person_id"),
            "start_date": column(f"t.{domain.start}"),
            "end_date": add_days(end, given.offset),
        }
        where = [found_in(column(f"t.{concept}"), member(given.concept_set)), found_in(column("t.person_id"), people)]
        parts.append(select(exposures, table(f"cdm_{domain.table}", "t"), where=where))
    return joined(all_of(parts), given.gap)


def rows(definition: Definition, included: str, drugs: Query | None, censoring: Sequence[Query]) -> Query:
    """The cohort's rows (ROW)."""
    found = _entries(definition, included, drugs, censoring)
    if {definition.primary_limit, definition.qualified_limit, definition.limit} == {"all"}:
        found = joined(found, definition.era_pad)
    return _cut(definition, found)


def _entries(definition: Definition, included: str, drugs: Query | None, censoring: Sequence[Query]) -> Select:
    """An entry for every included event that ends at all."""
    candidates, joins = [_own_end(definition)], []
    if drugs is not None:
        candidates.append(column("x.end_date"))
        joins.append(_beside(_drug_end(included, drugs), "x"))
    if censoring:
        candidates.append(column("z.end_date"))
        joins.append(_beside(_censor_end(included, censoring), "z"))
    ends = {**columns("i", ["person_id", "start_date"]), "end_date": earliest(*candidates)}
    ending = select(ends, table(included, "i"), joins=joins)
    there = negated(is_null(column("y.end_date")))
    return select(columns("y", ROW), derived(ending, "y"), where=[there])


def _beside(ends: Query, alias: str) -> Join:
    return left(derived(ends, alias), *(compare(column(f"{alias}.{name}"), "=", column(f"i.{name}")) for name in _KEY))


def _own_end(definition: Definition) -> Tree:
    """The offset's date, at the latest the observation period's end, if it is not before the start."""
    period_end = column("i.op_end")
    given = definition.exit
    if not isinstance(given, OffsetExit):
        return period_end
    offset = add_days(column(f"i.{given.field}_date"), given.days)
    capped = case([(compare(offset, ">", period_end), period_end)], offset)
    return case([(compare(capped, ">=", column("i.start_date")), capped)])


def _drug_end(included: str, drugs: Query) -> Select:
    within = [
        compare(column("d.person_id"), "=", column("i.person_id")),
        compare(column("d.start_date"), "<=", column("i.start_date")),
        compare(column("d.end_date"), ">=", column("i.start_date")),
    ]
    return _earliest_end(included, derived(drugs, "d"), within, "d.end_date")


def _censor_end(included: str, censoring: Sequence[Query]) -> Select:
    events = all_of([select(columns("q", ["person_id", "start_date"]), derived(part, "q")) for part in censoring])
    within = [
        compare(column("c.person_id"), "=", column("i.person_id")),
        compare(column("c.start_date"), ">=", column("i.start_date")),
        compare(column("c.start_date"), "<=", column("i.op_end")),
    ]
    return _earliest_end(included, derived(events, "c"), within, "c.start_date")


def _earliest_end(included: str, source: Tree, within: Sequence[Tree], date: str) -> Select:
    ends = {**columns("i", _KEY), "end_date": smallest(column(date))}
    keys = [f"i.{name}" for name in _KEY]
    return select(ends, table(included, "i"), joins=[inner(source, *within)], group_by=keys)


def _cut(definition: Definition, found: Query) -> Query:
    """Rows cut to the censor window; what does not reach into it goes."""
    first, last = definition.from_date, definition.to_date
    if first is None and last is None:
        return found
    start, end = column("r.start_date"), column("r.end_date")
    cut = {
        "person_id": column("r.person_id"),
        "start_date": start if first is None else latest(start, day(first)),
        "end_date": end if last is None else earliest(end, day(last)),
    }
    inside = compare(column("u.start_date"), "<=", column("u.end_date"))
    return select(columns("u", ROW), derived(select(cut, derived(found, "r")), "u"), where=[inside])
