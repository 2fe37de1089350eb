"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import rfc8785
from sqlalchemy import Dialect, Enum, Text
from sqlalchemy.types import TypeDecorator

# Larger whole numbers are not exact in JSON (RFC 8785, 3.2.2.3).
_EXACT = 2**53


def instant(at: datetime) -> str:
    """Write an instant as UTC text of fixed width, so that text order is time order."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def canonical(content: Any) -> str:
    """Write plain JSON in canonical form (RFC 8785).

    For what nearly all of ours is (ASCII keys, no fractions) Python's own writer gives these very bytes, ten times sooner.
    """
    if _plain(content):
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return rfc8785.dumps(content).decode()


def _plain(content: Any) -> bool:
    """Say whether sorting by character and writing whole numbers as they are is what the RFC asks for."""
    kind = type(content)
    if kind is str:
        return content.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in content)
    if kind is dict:
        return all(type(key) is str and key.isascii() for key in content) and all(map(_plain, content.values()))
    if kind in {list, tuple}:
        return all(map(_plain, content))
    return content is None or kind is bool or (kind is int and -_EXACT < content < _EXACT)


class Instant(TypeDecorator[datetime]):
    """An instant with its zone, kept as UTC text: SQLite has no type for it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Write as text."""
        return None if value is None else instant(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """Read from text."""
        return None if value is None else datetime.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """Plain JSON as canonical text: the same bytes on every database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Write canonically."""
        return None if value is None else canonical(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Read back."""
        return None if value is None else json.loads(value)


def name_of(states: type[StrEnum]) -> Enum:
    """Type a column that holds one of these names as text."""
    return Enum(states, native_enum=False, create_constraint=False, length=40)
