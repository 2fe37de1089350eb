"""SELECT, its sources, and UNION ALL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlglot import exp

from cohorts.in_place.trees.comparisons import compare, every
from cohorts.in_place.trees.groups import row_number
from cohorts.in_place.trees.pieces import Tree
from cohorts.in_place.trees.values import column, named, whole

Select = exp.Select
Join = exp.Join
Query = exp.Select | exp.Union


def table(name: str, alias: str) -> Tree:
    """A table in FROM."""
    return exp.Table(this=named(name), alias=exp.TableAlias(this=named(alias)))


def derived(query: Query, alias: str) -> Tree:
    """A query in FROM."""
    return exp.Subquery(this=query, alias=exp.TableAlias(this=named(alias)))


def single(query: Select) -> Tree:
    """The one value that a query finds."""
    return exp.Subquery(this=query)


def inner(source: Tree, *on: Tree) -> Join:
    """JOIN."""
    return exp.Join(this=source, on=every(on))


def left(source: Tree, *on: Tree) -> Join:
    """LEFT JOIN."""
    return exp.Join(this=source, on=every(on), side="LEFT")


def select(
    columns: Mapping[str, Tree],
    source: Tree,
    *,
    joins: Iterable[Join] = (),
    where: Sequence[Tree] = (),
    group_by: Sequence[str] = (),
    distinct: bool = False,
) -> Select:
    """SELECT value AS name, ... FROM source ..."""
    return exp.Select(
        expressions=[_under(name, tree) for name, tree in columns.items()],
        from_=exp.From(this=source),
        joins=list(joins),
        where=exp.Where(this=every(where)) if where else None,
        group=exp.Group(expressions=[column(name) for name in group_by]) if group_by else None,
        distinct=exp.Distinct() if distinct else None,
    )


def _under(name: str, tree: Tree) -> Tree:
    same = isinstance(tree, exp.Column) and tree.name == name
    return tree if same else exp.Alias(this=tree, alias=named(name))


def columns(alias: str, names: Iterable[str]) -> dict[str, Tree]:
    """These columns of one table, under their own names."""
    return {name: column(f"{alias}.{name}") for name in names}


def all_of(queries: Sequence[Query]) -> Query:
    """UNION ALL; the queries have the same columns in the same order."""
    found = queries[0]
    for one in queries[1:]:
        found = exp.Union(this=found, expression=one, distinct=False)
    return found


def first_place(query: Query, names: Iterable[str], of: Sequence[str], order: Sequence[Tree]) -> Select:
    """The first row among those with equal `of`; order and `of` name columns of `query`."""
    names = list(names)
    ranked = select({**columns("r", names), "place": row_number(of, order)}, derived(query, "r"))
    return select(columns("f", names), derived(ranked, "f"), where=[compare(column("f.place"), "=", whole(1))])


def looked_at(trees: Iterable[Tree], alias: str) -> set[str]:
    """The names of the columns of one table that these trees look at."""
    found = [one for tree in trees for one in tree.find_all(exp.Column)]
    return {one.name for one in found if one.table == alias}


def names_of(query: Select) -> list[str]:
    """The names of a query's columns."""
    return [one.alias_or_name for one in query.expressions]


def also(query: Select, names: Iterable[str], alias: str) -> Select:
    """The query with further columns of one of its tables."""
    more = [column(f"{alias}.{name}") for name in names]
    return exp.Select(**{**query.args, "expressions": [*query.expressions, *more]})


def tables_read(tree: Tree, known: Mapping[str, str] | None = None) -> dict[str, set[str]]:
    """Table -> columns that a query looks at; a name means the nearest source of that alias, as in SQL."""
    known = known or {}
    if isinstance(tree, exp.Select):
        sources = [tree.args["from_"].this, *(join.this for join in tree.args.get("joins") or ())]
        known = {**known, **{one.alias: one.name if isinstance(one, exp.Table) else "" for one in sources}}
    found: dict[str, set[str]] = {}
    if isinstance(tree, exp.Column) and known.get(tree.table):
        found[known[tree.table]] = {tree.name}
    for child in tree.iter_expressions():
        for name, columns_ in tables_read(child, known).items():
            found.setdefault(name, set()).update(columns_)
    return found


def widest(query: Query) -> int:
    """The most columns of any query in this one."""
    return max(len(one.expressions) for one in query.find_all(exp.Select))
