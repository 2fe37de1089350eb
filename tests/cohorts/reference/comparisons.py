"""When a value fits. An unknown value (NULL) fits nothing: neither "less than 5" nor "not less than 5"."""

from __future__ import annotations

import operator
import re
from collections.abc import Collection
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.cohorts.reference.setting import Json


class Absent:
    """A value looked for in a row that is not there, such as the age of somebody missing from PERSON: fits nothing."""


_OPERATORS = {
    "lt": operator.lt,
    "lte": operator.le,
    "eq": operator.eq,
    "!eq": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
}


def in_range(value: Any, op: str, first: Any, last: Any) -> bool:
    """ "Between" holds at both ends, too."""
    if value is None or isinstance(value, Absent):
        return False
    if op.endswith("bt"):
        return (first <= value <= last) != op.startswith("!")
    return bool(_OPERATORS[op](value, first))


def in_date_range(value: Any, given: Json) -> bool:
    return in_range(value, given["Op"], day(given["Value"]), day(given.get("Extent")))


def in_whole_range(value: Any, given: Json) -> bool:
    """circe-be cuts what is behind the decimal point: "more than 2.7" asks for more than 2."""
    return in_range(value, given["Op"], _whole(given["Value"]), _whole(given.get("Extent")))


def in_decimal_range(value: Any, given: Json) -> bool:
    """circe-be writes such numbers with four digits, halves rounded up."""
    return in_range(value, given["Op"], _four_digits(given["Value"]), _four_digits(given.get("Extent")))


def day(text: str | None) -> date | None:
    """`2010-1-5` as well as `2010-01-05`; an empty text is no date."""
    return date(*(int(part) for part in text.split("-"))) if text else None


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _four_digits(number: float | None) -> float | None:
    if number is None:
        return None
    return float(Decimal(repr(float(number))).quantize(Decimal("0.0001"), ROUND_HALF_UP))


def fits_text(value: Any, given: Json) -> bool:
    """SQL's LIKE: capital letters count; `%` and `_` in the text are wildcards, as in circe-be."""
    if value is None or isinstance(value, Absent):
        return False
    op = given["Op"].removeprefix("!")
    before = "%" if op in {"contains", "endsWith"} else ""
    after = "%" if op in {"contains", "startsWith"} else ""
    text = re.sub(r"\\*'", "'", given["Text"])  # circe-be drops backslashes before an apostrophe
    wild = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in before + text + after)
    return bool(re.fullmatch(wild, value, re.DOTALL)) != given["Op"].startswith("!")


def is_listed(value: Any, listed: Collection[Json], *, exclude: bool) -> bool:
    """Whether the value is (not) one of these concepts; an empty list asks for nothing."""
    if not listed:
        return True
    if value is None or isinstance(value, Absent):
        return False
    return (value in {one["CONCEPT_ID"] for one in listed}) != exclude


def is_selected(value: Any, given: Json, concept_sets: Any) -> bool:
    """A concept-set selection. Without a set: whether there is a value. Outside an empty set is everything, NULL too."""
    exclude = bool(given.get("IsExclusion"))
    if isinstance(value, Absent):
        return False
    if given.get("CodesetId") is None:
        return (value is None) == exclude
    members = concept_sets[given["CodesetId"]]
    if not members:
        return exclude
    return value is not None and (value in members) != exclude
