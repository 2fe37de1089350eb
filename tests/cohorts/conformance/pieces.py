"""Every piece of which SQL is made, with the value that it has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from cdm.source import Kind
from cohorts.in_place.trees import (
    Query,
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
    count_distinct,
    count_rows,
    day,
    days_between,
    decimal,
    derived,
    descending,
    earliest,
    every,
    exists,
    first_filled,
    first_place,
    flag,
    found_in,
    inner,
    is_null,
    largest,
    largest_before,
    latest,
    left,
    minus,
    negated,
    nothing,
    one_of,
    plus,
    ratio,
    row_number,
    running_total,
    select,
    single,
    smallest,
    some,
    table,
    times,
    whole,
    word,
    year,
)


def numbers(alias: str = "n") -> Tree:
    return table("numbers", alias)


LEAP, NEW_YEAR, OLD = date(2012, 2, 28), date(2011, 12, 31), date(1899, 12, 31)
ALWAYS, NEVER = compare(whole(1), "=", whole(1)), compare(whole(1), "=", whole(2))
UNKNOWN = compare(nothing("int"), "=", whole(1))

VALUES: Mapping[str, tuple[Tree, object]] = {
    "a leap day is passed": (add_days(day(LEAP), 2), date(2012, 3, 1)),
    "days are taken off": (add_days(day(date(2012, 1, 1)), -1), NEW_YEAR),
    "no days change nothing": (add_days(day(LEAP), 0), LEAP),
    "computed days are added": (add_days(day(LEAP), cast(whole(2), "long")), date(2012, 3, 1)),
    "unknown days make an unknown date": (add_days(day(LEAP), nothing("long")), None),
    "many days go far": (add_days(day(date(2010, 1, 1)), 1_000_000), date(4747, 11, 29)),
    "days between": (days_between(day(LEAP), day(date(2012, 3, 1))), 2),
    "days between, backwards": (days_between(day(date(2012, 3, 1)), day(LEAP)), -2),
    "days from another century": (days_between(day(OLD), day(date(1900, 1, 1))), 1),
    "the year": (year(day(NEW_YEAR)), 2011),
    "the year of an unknown date": (year(nothing("date")), None),
    "the earliest": (earliest(day(LEAP), nothing("date"), day(NEW_YEAR)), NEW_YEAR),
    "the latest": (latest(nothing("date"), day(LEAP), day(NEW_YEAR)), LEAP),
    "the earliest of unknown ones": (earliest(nothing("date"), nothing("date")), None),
    "the first that is filled": (first_filled(nothing("date"), day(LEAP)), LEAP),
    "a sum": (plus([whole(3), whole(-4), whole(2)]), 1),
    "a sum of nothing": (plus([]), 0),
    "a difference": (minus(whole(-2), whole(-5)), 3),
    "a product": (times(whole(-2), plus([whole(1), whole(2)])), -6),
    "a bit far up": (plus([cast(whole(1 << 61), "long"), cast(whole(1), "long")]), (1 << 61) + 1),
    "a ratio of whole numbers": (ratio(whole(3), whole(2)), 1.5),
    "a ratio to nothing": (ratio(whole(3), whole(0)), None),
    "a number with digits": (decimal(Decimal("-4.9999")), -4.9999),
    "a case": (case([(NEVER, whole(1)), (UNKNOWN, whole(2))], whole(3)), 3),
    "a case without an answer": (case([(NEVER, whole(1))]), None),
    "a word": (word("Maps to"), "Maps to"),
    "the value of a query": (single(select({"a": whole(7)}, numbers("x"), where=[compare(column("x.number"), "=", whole(1))])), 7),
}  # fmt: skip
CONDITIONS: Mapping[str, tuple[Tree, bool]] = {
    "all of none": (every([]), True),
    "all": (every([ALWAYS, NEVER]), False),
    "or inside and": (every([some([NEVER, ALWAYS]), ALWAYS]), True),
    "and inside or": (some([every([NEVER, ALWAYS]), ALWAYS]), True),
    "not": (negated(some([NEVER, NEVER])), True),
    "not of the unknown is unknown": (negated(UNKNOWN), False),
    "unknown": (is_null(nothing("date")), True),
    "not unknown": (negated(is_null(day(LEAP))), True),
    "dates are compared": (compare(day(LEAP), ">", day(NEW_YEAR)), True),
    "unequal": (compare(whole(1), "<>", whole(2)), True),
    "at most": (compare(decimal(Decimal("0.1")), "<=", decimal(Decimal("0.1000"))), True),
    "at least": (compare(whole(-1), ">=", whole(0)), False),
    "one of": (one_of(whole(-3), [1, -3]), True),
    "none of, if unknown": (negated(one_of(nothing("long"), [1])), False),
    "less": (compare(whole(-2), "<", whole(-1)), True),
}
LIKE: Mapping[tuple[str, str], bool] = {
    ("alphabet", "al%"): True, ("alphabet", "AL%"): False, ("a%b", "a%b"): True, ("beta", "_eta"): True, ("eta", "_eta"): False,
    ("a\\b", "a\\b"): True, ("a\\b", "a\\%"): True, ("ab", "a\\b"): False, ("a%", "a\\%"): False, ("it's", "it's"): True,
    ("두\n줄", "두_줄"): True, ("두\n줄", "%줄"): True, ("", "%"): True, ("", "_"): False, ("a.c", "a.c"): True, ("abc", "a.c"): False,
    ("😀", "_"): True, ('say "x"', '%"x"'): True, ("a\\", "a\\"): True, ("\\", "_"): True,
}  # fmt: skip

# number, group, start: rows with ties and NULLs
ROWS = [(1, 1, 5), (2, 1, 3), (3, 1, None), (4, 1, 3), (5, 2, None)]
NUMBERS: Mapping[str, Kind] = {"number": "int", "of": "int", "start": "int"}


def _by(tree: Tree) -> Query:
    return select({"number": column("n.number"), "found": tree}, numbers())


START, NUMBER = column("start"), column("number")
QUERIES: Mapping[str, tuple[Query, list[tuple[object, ...]]]] = {
    "places, the unknown last": (_by(row_number(["of"], [ascending(START), ascending(NUMBER)])), [(1, 3), (2, 1), (3, 4), (4, 2), (5, 1)]),
    "places from high to low, the unknown last": (
        _by(row_number(["of"], [descending(START), descending(NUMBER)])), [(1, 1), (2, 3), (3, 4), (4, 2), (5, 1)]),
    "places among all": (_by(row_number([], [descending(NUMBER)])), [(1, 5), (2, 4), (3, 3), (4, 2), (5, 1)]),
    "the greatest before": (_by(largest_before(START, ["of"], [ascending(NUMBER)])), [(1, None), (2, 5), (3, 5), (4, 5), (5, None)]),
    "a running total": (_by(running_total(START, ["of"], [ascending(NUMBER)])), [(1, 5), (2, 8), (3, 8), (4, 11), (5, None)]),
    "how many alike": (_by(count_among(["of"])), [(1, 4), (2, 4), (3, 4), (4, 4), (5, 1)]),
    "aggregates": (
        select(
            {"of": column("n.of"), "rows": count_rows(), "values": count_distinct(column("n.start")),
             "least": smallest(column("n.start")), "most": largest(column("n.start"))}, numbers(), group_by=["n.of"]),
        [(1, 4, 2, 3, 5), (2, 1, 0, None, None)]),
    "the first of each": (first_place(select(columns("n", NUMBERS), numbers()), NUMBERS, ["of"], [ascending(START), descending(NUMBER)]),
        [(4, 1, 3), (5, 2, None)]),
    "a union keeps what is twice": (
        all_of([select({"found": whole(n)}, numbers(), where=[compare(column("n.number"), "=", whole(1))]) for n in (7, 7, 8)]),
        [(7,), (7,), (8,)]),
    "distinct": (select({"of": column("n.of")}, numbers(), distinct=True), [(1,), (2,)]),
    "joined": (
        select({"number": column("n.number"), "other": column("m.number")}, numbers(),
               joins=[inner(numbers("m"), compare(column("m.number"), "=", column("n.of")), compare(column("n.number"), ">", whole(3)))]),
        [(4, 1), (5, 2)]),
    "joined from the left": (
        select({"number": column("n.number"), "other": column("m.of")}, numbers(),
               joins=[left(numbers("m"), compare(column("m.number"), "=", column("n.start")))]),
        [(1, 2), (2, 1), (3, None), (4, 1), (5, None)]),
    "found in": (
        select({"number": column("n.number")}, numbers(), where=[
            found_in(column("n.start"), select({"of": column("m.number")}, numbers("m")))]),
        [(1,), (2,), (4,)]),
    "not found in nothing, the unknown too": (
        select({"number": column("n.number")}, numbers(), where=[negated(found_in(
            column("n.start"), select({"of": column("m.of")}, numbers("m"), where=[compare(column("m.of"), "=", whole(9))])))]),
        [(1,), (2,), (3,), (4,), (5,)]),
    "not found in something, the unknown neither": (
        select({"number": column("n.number")}, numbers(), where=[negated(found_in(
            column("n.start"), select({"of": column("m.number")}, numbers("m"), where=[compare(column("m.number"), "=", whole(5))])))]),
        [(2,), (4,)]),
    "there is one": (
        select({"number": column("n.number")}, numbers(), where=[exists(
            select({"of": column("m.of")}, numbers("m"), where=[compare(column("m.number"), "=", column("n.start"))]))]),
        [(1,), (2,), (4,)]),
    "flags": (
        select({"number": column("d.number"), "early": flag(compare(column("d.start"), "<", whole(4)))},
               derived(select(columns("n", NUMBERS), numbers()), "d")),
        [(1, 0), (2, 1), (3, 0), (4, 1), (5, 0)]),
}  # fmt: skip
