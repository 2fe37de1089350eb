"""The one table of what is looked for in a note, in the order in which it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deid.text import contacts, identifiers, places, times
from deid.text.model import TELLING, Rule
from deid.text.pieces import LEFT, RIGHT, cued, either
from deid.text.settings import KINDS, TextSettings

# Where two begin at the same character, the one that stands first in KINDS is taken.
TABLE: tuple[Rule, ...] = tuple(
    sorted(
        (*contacts.RULES, *identifiers.RULES, *places.RULES, *times.RULES),
        key=lambda rule: KINDS.index(rule.kind),
    )
)
NAME = Rule("name", "", "이름", "NAME", "병원의 환자·직원 명단 (deid/text/names.py)", ())
_WHOLE = either(*(rule.pattern for rule in TABLE if rule.kind in TELLING))


def chosen(settings: TextSettings) -> tuple[Rule, ...]:
    """List the rules that are switched on, the hospital's own numbers among the patient numbers."""
    own = tuple(rf"{LEFT}(?:{pattern}){RIGHT}" for pattern in settings.patient_number_patterns)
    return tuple(
        replace(rule, pattern=either(rule.pattern, *own)) if rule.kind == "patient_number" else rule
        for rule in TABLE
        if rule.kind in settings.kinds
    )


def whole(rule: Rule) -> str:
    """Give the pattern of all that a rule takes: after its own words also any number that tells itself."""
    return either(cued(rule.cue, _WHOLE), rule.pattern) if rule.cue else rule.pattern


def searched(rules: Sequence[Rule]) -> str:
    """Give one pattern that finds what any of the rules takes, the first of them first.

    The numbers that tell themselves stand in it once after all the words that may lead them, not once for every rule:
    an expression of half the length, which keeps the search inside the automaton's cache.
    """
    cues = [rule.cue for rule in rules if rule.cue]
    first = next((place for place, rule in enumerate(rules) if rule.cue), 0)
    patterns = [rule.pattern for rule in rules]
    led = [cued("|".join(cues), _WHOLE)] if cues else []
    return either(*patterns[:first], *led, *patterns[first:])
