"""Index events: primary events in their observation period, limits, and which rules each of them keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cdm.source import Kind
from cohorts.in_place.judging import Judged
from cohorts.in_place.trees import (
    Join,
    Query,
    Select,
    Tree,
    add_days,
    all_of,
    ascending,
    case,
    cast,
    column,
    columns,
    compare,
    count_among,
    derived,
    descending,
    exists,
    first_place,
    flag,
    inner,
    negated,
    plus,
    row_number,
    select,
    table,
    whole,
)
from cohorts.plan.nodes import Definition, Limit

INDEX: Mapping[str, Kind] = {
    "person_id": "long", "ordinal": "long", "event_id": "long", "start_date": "date", "end_date": "date",
    "sort_date": "date", "visit_id": "long", "nth": "int", "op_start": "date", "op_end": "date",
}  # fmt: skip
# kept: how many rules. turn: how many in a row from the first. lowest: the first one kept, from 1; 0 for none.
VERDICT: Mapping[str, Kind] = {"mask": "long", "kept": "int", "turn": "int", "lowest": "int"}
NESTED: Mapping[str, Kind] = {
    "person_id": "long", "ordinal": "long", "start_date": "date", "end_date": "date", "visit_id": "long",
    "op_start": "date", "op_end": "date", "copies": "long",
}  # fmt: skip
# Where circe-be leaves equal dates to the database; rows that tie on all of these are equal.
_TIES = ("sort_date", "event_id", "end_date", "op_start", "op_end", "nth", "visit_id")


def _by_date(limit: Limit, date: str) -> list[Tree]:
    """The order in which a limit looks at a person's events."""
    first = descending(column(date)) if limit == "last" else ascending(column(date))
    return [first, *(ascending(column(name)) for name in _TIES)]


def primary(definition: Definition, events: Sequence[Query]) -> Select:
    """Primary events (of one query per criterion) in their observation period, after the primary limit."""
    parts = []
    for nth, part in enumerate(events):
        found = {
            **columns("e", ["person_id", "event_id", "start_date", "end_date", "sort_date", "visit_id"]),
            "nth": whole(nth), "op_start": column(_OP_START), "op_end": column(_OP_END),
        }  # fmt: skip
        where = [
            compare(add_days(column(_OP_START), definition.prior_days), "<=", column("e.start_date")),
            compare(add_days(column("e.start_date"), definition.post_days), "<=", column(_OP_END)),
        ]
        parts.append(select(found, derived(part, "e"), joins=[_observed("e")], where=where))
    rest = [name for name in INDEX if name != "ordinal"]
    ordinal = row_number(["person_id"], _by_date(definition.primary_limit, "sort_date"))
    numbered = select(
        {"person_id": column("q.person_id"), "ordinal": ordinal, **columns("q", rest[1:])}, derived(all_of(parts), "q")
    )
    chosen = [] if definition.primary_limit == "all" else [compare(column("n.ordinal"), "=", whole(1))]
    return select(columns("n", INDEX), derived(numbered, "n"), where=chosen)


_OP_START, _OP_END = "o.observation_period_start_date", "o.observation_period_end_date"


def _observed(alias: str) -> Join:
    """The observation periods that hold an event's start."""
    return inner(table("cdm_observation_period", "o"), *_holds(alias))


def _holds(alias: str) -> list[Tree]:
    return [
        compare(column("o.person_id"), "=", column(f"{alias}.person_id")),
        compare(column(_OP_START), "<=", column(f"{alias}.start_date")),
        compare(column(_OP_END), ">=", column(f"{alias}.start_date")),
    ]


def limited(rows: Query, limit: Limit, names: Sequence[str]) -> Query:
    """Index events after a limit."""
    return rows if limit == "all" else first_place(rows, names, ["person_id"], _by_date(limit, "start_date"))


def asked(given: Judged | None, index: str, limit: Limit) -> Query:
    """Index events for which the additional criteria hold, after the qualified limit."""
    if given is None:
        return limited(select(columns("i", INDEX), table(index, "i")), limit, list(INDEX))
    return limited(given.with_matches({}, list(INDEX), [given.holds(0)]), limit, list(INDEX))


def verdicts(given: Judged, rules: int) -> Select:
    """Index events with what each of the rules says of them."""
    held = {f"rule_{n}": flag(given.holds(n)) for n in range(rules)}
    holds = [compare(column(f"v.rule_{n}"), "=", whole(1)) for n in range(rules)]
    mask = plus([case([(one, cast(whole(1 << n), "long"))], cast(whole(0), "long")) for n, one in enumerate(holds)])
    turn = case([(negated(one), whole(n)) for n, one in enumerate(holds)], whole(rules))
    lowest = case([(one, whole(n)) for n, one in enumerate(holds, 1)], whole(0))
    kept = plus([column(f"v.rule_{n}") for n in range(rules)])
    told = {**columns("v", INDEX), "mask": mask, "kept": kept, "turn": turn, "lowest": lowest}
    return select(told, derived(given.with_matches(held, list(INDEX)), "v"))


def included(judged: str, rules: int, limit: Limit) -> Query:
    """Index events that keep every rule, after the expression limit."""
    all_rules = compare(column("j.mask"), "=", whole((1 << rules) - 1))
    rows = select(columns("j", INDEX), table(judged, "j"), where=[all_rules] if rules else [])
    return limited(rows, limit, list(INDEX))


def nested_index(events: Query) -> Select:
    """The index of a criterion's own criteria: its events in each observation period, known by their event id."""
    found = {
        "person_id": column("e.person_id"), "ordinal": column("e.event_id"),
        **columns("e", ["start_date", "end_date", "visit_id"]),
        "op_start": column(_OP_START), "op_end": column(_OP_END),
    }  # fmt: skip
    rows = select(found, derived(events, "e"), joins=[_observed("e")])
    copies = {"copies": count_among(["person_id", "ordinal"])}
    return select({**columns("n", found), **copies}, derived(rows, "n"))


def kept(given: Judged, events: Query, names: Sequence[str]) -> Select:
    """The events in an observation period for which the group holds, once each."""
    inside = [given.holds(0)]
    holding = select(
        columns("k", ["person_id", "ordinal"]),
        derived(given.with_matches({}, ["person_id", "ordinal"], inside), "k"),
        distinct=True,
    )
    same = [
        compare(column("h.person_id"), "=", column("e.person_id")),
        compare(column("h.ordinal"), "=", column("e.event_id")),
    ]
    periods = select({"person_id": column("o.person_id")}, table("cdm_observation_period", "o"), where=_holds("e"))
    return select(
        columns("e", names), derived(events, "e"), joins=[inner(derived(holding, "h"), *same)], where=[exists(periods)]
    )
