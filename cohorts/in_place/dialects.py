"""How each engine writes a tree.

One plain writer writes what all engines spell alike; what differs stands here, engine by engine. sqlglot's own dialects are
not used: they rewrite trees. A tree may hold only the pieces listed here, each of them tried on every engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.generator import Generator

from cdm.source import Engine, Kind
from cohorts.in_place.trees.pieces import AddDays, As, DaysBetween, Earliest, Latest, Matches, Tree, YearOf

PIECES: frozenset[type[exp.Expr]] = frozenset(
    {
        exp.Add, exp.Alias, exp.And, exp.Case, exp.Coalesce, exp.Column, exp.Count, exp.Distinct, exp.Div, exp.EQ, exp.Exists,
        exp.From, exp.GT, exp.GTE, exp.Group, exp.Identifier, exp.If, exp.In, exp.Is, exp.Join, exp.LT, exp.LTE, exp.Literal,
        exp.Max, exp.Min, exp.Mul, exp.NEQ, exp.Neg, exp.Not, exp.Null, exp.Nullif, exp.Or, exp.Order, exp.Ordered, exp.Paren,
        exp.RowNumber, exp.Select, exp.Star, exp.Sub, exp.Subquery, exp.Sum, exp.Table, exp.TableAlias, exp.Union, exp.Where,
        exp.Window, exp.WindowSpec,
        AddDays, As, DaysBetween, Earliest, Latest, Matches, YearOf,
    }
)  # fmt: skip
Write = Callable[[Generator, Any], str]

TYPES: Mapping[Engine, Mapping[Kind, str]] = {
    "duckdb": {"long": "BIGINT", "int": "INTEGER", "number": "DOUBLE", "date": "DATE", "text": "VARCHAR"},
    "postgresql": {"long": "BIGINT", "int": "INTEGER", "number": "DOUBLE PRECISION", "date": "DATE", "text": "TEXT"},
    "spark": {"long": "BIGINT", "int": "INT", "number": "DOUBLE", "date": "DATE", "text": "STRING"},
}


def _ordered(write: Generator, given: exp.Ordered) -> str:
    """Always with NULLS LAST: the engines differ in what they do without a word."""
    return f"{write.sql(given, 'this')} {'DESC' if given.args['desc'] else 'ASC'} NULLS LAST"


def _between(left: str, operator: str, right: str, tail: str = "") -> Write:
    return lambda write, given: f"({write.sql(given, left)} {operator} {write.sql(given, right)}{tail})"


def _function(name: str, *arguments: str) -> Write:
    return lambda write, given: f"{name}({', '.join(write.sql(given, argument) for argument in arguments)})"


def _listed(name: str) -> Write:
    return lambda write, given: f"{name}({write.expressions(given, flat=True)})"


def _as(engine: Engine) -> Write:
    return lambda write, given: f"CAST({write.sql(given, 'this')} AS {TYPES[engine][given.args['kind']]})"


# Doubles on both sides, so that no engine divides whole numbers.
_ALIKE: Mapping[type[exp.Expr], Write] = {
    exp.Ordered: _ordered,
    exp.Div: lambda write, given: f"{write.sql(given, 'this')} / {write.sql(given, 'expression')}",
    Earliest: _listed("LEAST"),  # without the NULLs, in all three
    Latest: _listed("GREATEST"),
}
# DATE + INTEGER is a DATE, and DATE - DATE a whole number, in DuckDB and PostgreSQL, but not in Spark.
_DIFFERENT: Mapping[Engine, Mapping[type[exp.Expr], Write]] = {
    "duckdb": {
        AddDays: _between("this", "+", "days"),
        DaysBetween: _between("until", "-", "this"),
        YearOf: _function("year", "this"),
        Matches: _between("this", "LIKE", "pattern"),
    },
    "postgresql": {
        AddDays: _between("this", "+", "days"),
        DaysBetween: _between("until", "-", "this"),
        YearOf: lambda write, given: f"CAST(EXTRACT(YEAR FROM {write.sql(given, 'this')}) AS INTEGER)",
        Matches: _between("this", "LIKE", "pattern", " ESCAPE ''"),
    },
    "spark": {
        AddDays: _function("date_add", "this", "days"),
        DaysBetween: _function("datediff", "until", "this"),
        YearOf: _function("year", "this"),
        Matches: _between("this", "LIKE", "pattern"),
    },
}


Transforms = dict[type[exp.Expr], Callable[..., str]]


def _transforms(engine: Engine) -> Transforms:
    return {**Generator.TRANSFORMS, **_ALIKE, **_DIFFERENT[engine], As: _as(engine)}


class _Duckdb(Generator):
    TRANSFORMS: ClassVar[Transforms] = _transforms("duckdb")


class _Postgres(Generator):
    TRANSFORMS: ClassVar[Transforms] = _transforms("postgresql")


class _Spark(Generator):
    TRANSFORMS: ClassVar[Transforms] = _transforms("spark")


_WRITERS: Mapping[Engine, type[Generator]] = {"duckdb": _Duckdb, "postgresql": _Postgres, "spark": _Spark}


def text(tree: Tree, engine: Engine) -> str:
    """The tree as this engine's SQL."""
    if strangers := {type(node).__name__ for node in tree.walk() if type(node) not in PIECES}:
        raise TypeError(f"no spelling is known for {', '.join(sorted(strangers))}")
    return _WRITERS[engine](comments=False).generate(tree, copy=False)


def pattern(given: str, engine: Engine) -> str:
    """A LIKE pattern in which only % and _ have a meaning, for `trees.Matches`.

    Spark takes a backslash for an escape and has no word against it, so each is escaped by another.
    """
    return given.replace("\\", "\\\\") if engine == "spark" else given
