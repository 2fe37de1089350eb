"""Columns, literals, and what is computed of one row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from sqlglot import exp

from cdm.source import Kind
from cohorts.in_place.trees.pieces import AddDays, As, DaysBetween, Earliest, Latest, Tree, YearOf


def named(name: str) -> exp.Identifier:
    """A name of ours: lower case, no word of SQL's own."""
    return exp.Identifier(this=name, quoted=False)


def column(name: str) -> Tree:
    """A column by its name, `e.person_id` or `person_id`."""
    table, _, own = name.rpartition(".")
    return exp.Column(this=named(own), table=named(table) if table else None)


def whole(number: int) -> Tree:
    """A whole number."""
    literal = exp.Literal.number(str(abs(number)))
    return exp.Paren(this=exp.Neg(this=literal)) if number < 0 else literal


def decimal(number: Decimal) -> Tree:
    """A number with digits after the point, as the nearest double."""
    literal: Tree = exp.Literal.number(f"{abs(number):f}")
    return cast(exp.Neg(this=literal) if number < 0 else literal, "number")


def day(given: date) -> Tree:
    """A date."""
    return cast(exp.Literal.string(given.isoformat()), "date")


def word(given: str) -> Tree:
    """A text that the program itself writes; a user's is a row of `phrase`."""
    return exp.Literal.string(given)


def nothing(kind: Kind) -> Tree:
    """A NULL of this kind."""
    return cast(exp.Null(), kind)


def cast(tree: Tree, kind: Kind) -> Tree:
    """A value as another kind. Only between kinds where no value can fail."""
    return As(this=tree, kind=kind)


def add_days(given: Tree, days: int | Tree) -> Tree:
    """A date some days later."""
    if days == 0:
        return given
    return AddDays(this=given, days=whole(days) if isinstance(days, int) else cast(days, "int"))


def days_between(start: Tree, end: Tree) -> Tree:
    """Days from start to end."""
    return DaysBetween(this=start, until=end)


def year(given: Tree) -> Tree:
    """The year of a date."""
    return YearOf(this=given)


def earliest(*given: Tree) -> Tree:
    """The least value that is not NULL."""
    return given[0] if len(given) == 1 else Earliest(expressions=list(given))


def latest(*given: Tree) -> Tree:
    """The greatest value that is not NULL."""
    return given[0] if len(given) == 1 else Latest(expressions=list(given))


def first_filled(*given: Tree) -> Tree:
    """The first value that is not NULL."""
    return given[0] if len(given) == 1 else exp.Coalesce(this=given[0], expressions=list(given[1:]))


def minus(left: Tree, right: Tree) -> Tree:
    """A difference of whole numbers."""
    return exp.Paren(this=exp.Sub(this=left, expression=right))


def times(left: Tree, right: Tree) -> Tree:
    """A product of whole numbers."""
    return exp.Paren(this=exp.Mul(this=left, expression=right))


def plus(given: Sequence[Tree]) -> Tree:
    """A sum of whole numbers; of none, 0."""
    if not given:
        return whole(0)
    total = given[0]
    for one in given[1:]:
        total = exp.Add(this=total, expression=one)
    return exp.Paren(this=total)


def ratio(left: Tree, right: Tree) -> Tree:
    """A quotient as a double; NULL where the divisor is 0."""
    divisor = exp.Nullif(this=cast(right, "number"), expression=cast(whole(0), "number"))
    return exp.Paren(this=exp.Div(this=cast(left, "number"), expression=divisor))


def case(branches: Iterable[tuple[Tree, Tree]], otherwise: Tree | None = None) -> Tree:
    """The value of the first condition that holds; else `otherwise`, or NULL."""
    ifs = [exp.If(this=condition, true=value) for condition, value in branches]
    return exp.Case(ifs=ifs, default=otherwise)


def flag(condition: Tree) -> Tree:
    """1 where a condition holds, else 0."""
    return case([(condition, whole(1))], whole(0))
