"""The one table of what is looked for in a note, in the order in which it counts."""

from __future__ import annotations

from deid.text import contacts, identifiers, places, times
from deid.text.model import Rule
from deid.text.pieces import LEFT, RIGHT, either
from deid.text.settings import KINDS, TextSettings

# Where two begin at the same character, the one that stands first in KINDS is taken.
TABLE: tuple[Rule, ...] = tuple(
    sorted(
        (*contacts.RULES, *identifiers.RULES, *places.RULES, *times.RULES),
        key=lambda rule: KINDS.index(rule.kind),
    )
)
NAME = Rule("name", "", "이름", "NAME", "병원의 환자·직원 명단 (deid/text/names.py)", ())


def chosen(settings: TextSettings) -> tuple[tuple[Rule, str], ...]:
    """List the rules that are switched on, each with its pattern, the hospital's own numbers among them."""
    own = tuple(rf"{LEFT}(?:{pattern}){RIGHT}" for pattern in settings.patient_number_patterns)
    return tuple(
        (rule, either(rule.pattern, *own) if rule.kind == "patient_number" else rule.pattern)
        for rule in TABLE
        if rule.kind in settings.kinds
    )
