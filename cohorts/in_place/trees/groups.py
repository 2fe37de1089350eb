"""What is computed of several rows: aggregates and windows. Every order is whole: it names each key and where NULLs stand."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from cohorts.in_place.trees.pieces import Tree
from cohorts.in_place.trees.values import column


def count_rows() -> Tree:
    """How many rows."""
    return exp.Count(this=exp.Star())


def count_distinct(tree: Tree) -> Tree:
    """How many distinct values that are not NULL."""
    return exp.Count(this=exp.Distinct(expressions=[tree]))


def smallest(tree: Tree) -> Tree:
    """The least value of a group."""
    return exp.Min(this=tree)


def largest(tree: Tree) -> Tree:
    """The greatest value of a group."""
    return exp.Max(this=tree)


def ascending(tree: Tree) -> Tree:
    """A sort key from low to high, NULL last."""
    return exp.Ordered(this=tree, desc=False)


def descending(tree: Tree) -> Tree:
    """A sort key from high to low, NULL last."""
    return exp.Ordered(this=tree, desc=True)


def row_number(of: Sequence[str], order: Sequence[Tree]) -> Tree:
    """The place of a row among those with equal `of`, in this order."""
    return _over(exp.RowNumber(), of, order)


def largest_before(tree: Tree, of: Sequence[str], order: Sequence[Tree]) -> Tree:
    """The greatest value of the rows before this one."""
    return _over(largest(tree), of, order, {"end": "1", "end_side": "PRECEDING"})


def running_total(tree: Tree, of: Sequence[str], order: Sequence[Tree]) -> Tree:
    """The sum of the values of the rows up to this one."""
    return _over(exp.Sum(this=tree), of, order, {"end": "CURRENT ROW"})


def count_among(of: Sequence[str]) -> Tree:
    """How many rows have equal `of`."""
    return _over(count_rows(), of, ())


def _over(function: Tree, of: Sequence[str], order: Sequence[Tree], until: dict[str, str] | None = None) -> Tree:
    spec = None
    if until:
        spec = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", **until)
    ordered = exp.Order(expressions=list(order)) if order else None
    return exp.Window(this=function, partition_by=[column(name) for name in of], order=ordered, spec=spec, over="OVER")
