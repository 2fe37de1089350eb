"""Conditions on a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlglot import exp

from cohorts.in_place.trees.pieces import Matches, Tree
from cohorts.in_place.trees.values import whole

_COMPARISONS: Mapping[str, type[exp.Expression]] = {
    "<": exp.LT, "<=": exp.LTE, "=": exp.EQ, "<>": exp.NEQ, ">": exp.GT, ">=": exp.GTE,
}  # fmt: skip


def compare(left: Tree, operator: str, right: Tree) -> Tree:
    """A comparison of two values."""
    return _COMPARISONS[operator](this=left, expression=right)


def is_null(tree: Tree) -> Tree:
    """Whether a value is NULL."""
    return exp.Is(this=tree, expression=exp.Null())


def negated(condition: Tree) -> Tree:
    """The opposite of a condition."""
    return exp.Not(this=exp.Paren(this=condition))


def every(conditions: Sequence[Tree]) -> Tree:
    """Whether all of these conditions hold; of none, always."""
    if not conditions:
        return compare(whole(1), "=", whole(1))
    found: Tree = exp.Paren(this=conditions[0])
    for one in conditions[1:]:
        found = exp.And(this=found, expression=exp.Paren(this=one))
    return found


def some(conditions: Sequence[Tree]) -> Tree:
    """Whether one of these conditions holds."""
    found = conditions[0]
    for one in conditions[1:]:
        found = exp.Or(this=found, expression=one)
    return exp.Paren(this=found)


def one_of(tree: Tree, numbers: Iterable[int]) -> Tree:
    """Whether a value is one of these."""
    return exp.In(this=tree, expressions=[whole(number) for number in numbers])


def found_in(tree: Tree, rows: exp.Select) -> Tree:
    """Whether a value is among the rows of one column."""
    return exp.In(this=tree, query=exp.Subquery(this=rows))


def exists(rows: exp.Select) -> Tree:
    """Whether there is such a row."""
    return exp.Exists(this=rows)


def matches(tree: Tree, pattern: Tree) -> Tree:
    """Whether a text matches a LIKE pattern."""
    return Matches(this=tree, pattern=pattern)
