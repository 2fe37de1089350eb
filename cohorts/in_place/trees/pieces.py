"""Pieces of our own, for what engines spell differently: they say what is meant, `dialects` says how each writes it."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlglot import exp

Tree = exp.Expr


class AddDays(exp.Expression):
    """The date `days` after a date; days is a whole number, written or computed."""

    arg_types: ClassVar[dict[str, Any]] = {"this": True, "days": True}


class DaysBetween(exp.Expression):
    """Days from a date until another, as a whole number."""

    arg_types: ClassVar[dict[str, Any]] = {"this": True, "until": True}


class YearOf(exp.Expression):
    """The calendar year of a date, as a whole number."""

    arg_types: ClassVar[dict[str, Any]] = {"this": True}


class As(exp.Expression):
    """A value as another kind (`cdm.source.Kind`)."""

    arg_types: ClassVar[dict[str, Any]] = {"this": True, "kind": True}


class Earliest(exp.Expression):
    """The least of several values, those that are NULL left out."""

    arg_types: ClassVar[dict[str, Any]] = {"expressions": True}


class Latest(exp.Expression):
    """The greatest of several values, those that are NULL left out."""

    arg_types: ClassVar[dict[str, Any]] = {"expressions": True}


class Matches(exp.Expression):
    """Whether a text matches a LIKE pattern in which only % and _ have a meaning. See `dialects.pattern`."""

    arg_types: ClassVar[dict[str, Any]] = {"this": True, "pattern": True}
