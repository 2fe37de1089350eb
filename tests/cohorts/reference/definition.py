"""The whole of it: from a definition and a hospital to the cohort's rows, and the attrition that ATLAS shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tests.cohorts.reference import groups
from tests.cohorts.reference.concept_sets import concept_sets
from tests.cohorts.reference.entries import censor_window, included_events, primary_events, qualified_events
from tests.cohorts.reference.eras import joined_over_gaps
from tests.cohorts.reference.exits import exit_date
from tests.cohorts.reference.setting import Hospital, Json, Setting
from tests.cohorts.reference.windows import Index

Rows = list[tuple[int, date, date]]
Judged = tuple[Index, frozenset[int]]


@dataclass(frozen=True)
class Count:
    """People, and events of theirs."""

    people: int
    entries: int


@dataclass(frozen=True)
class Cohort:
    """rows: (person, start, end), sorted.

    Attrition: primary events; qualified ones; those that keep rule 1, rules 1 and 2, ...; and, by the set of rules kept
    (numbered from 1), all events and everybody's best event.
    """

    rows: Rows
    primary: Count
    qualified: Count
    in_turn: tuple[Count, ...]
    all_events: dict[frozenset[int], int]
    best_events: dict[frozenset[int], int]


def cohort(definition: Json, hospital: Hospital) -> Cohort:
    """Whom the definition finds, from when to when."""
    setting = Setting(hospital, concept_sets(definition, hospital))
    primary = primary_events(definition, setting)
    qualified = qualified_events(definition, primary, setting)
    judged = [(index, _rules_kept(index, definition, setting)) for index in qualified]
    entries = included_events(definition, judged)
    spans = [(entry, exit_date(entry, definition, setting)) for entry in entries]
    rules = len(definition.get("InclusionRules") or ())
    return Cohort(
        rows=_cut(
            _collapsed([(entry.person, entry.start, end) for entry, end in spans if end], definition), definition
        ),
        primary=_count(primary),
        qualified=_count(qualified),
        in_turn=tuple(
            _count([index for index, held in judged if held >= set(range(1, n + 1))]) for n in range(1, rules + 1)
        ),
        all_events=dict(Counter(held for _, held in judged)),
        best_events=dict(Counter(_best_events(judged))),
    )


def _rules_kept(index: Index, definition: Json, setting: Setting) -> frozenset[int]:
    rules = definition.get("InclusionRules") or ()
    return frozenset(n for n, rule in enumerate(rules, 1) if groups.holds([index], rule["expression"], setting))


def _collapsed(spans: Rows, definition: Json) -> Rows:
    """A person's entries that touch, or lie at most EraPad days apart, become one."""
    pad = (definition.get("CollapseSettings") or {}).get("EraPad", 0)
    people: dict[int, list[tuple[date, date]]] = {}
    for person, start, end in spans:
        people.setdefault(person, []).append((start, end))
    return [
        (person, start, end)
        for person, theirs in people.items()
        for start, end in joined_over_gaps(theirs, pad)
        if end is not None
    ]


def _cut(spans: Rows, definition: Json) -> Rows:
    """After collapsing, the censor window cuts what reaches out of it; what does not reach into it goes."""
    first, last = censor_window(definition)
    cut = [(person, max(start, first or start), min(end, last or end)) for person, start, end in spans]
    no_window = first is None and last is None
    return sorted(span for span in cut if no_window or span[1] <= span[2])


def _best_events(judged: Sequence[Judged]) -> list[frozenset[int]]:
    """Of each person's events the one that keeps the most rules; then the lowest first rule; then the earliest."""
    best: dict[int, frozenset[int]] = {}
    for index, held in sorted(judged, key=lambda one: (-len(one[1]), min(one[1], default=0), one[0].start, one[0].id)):
        best.setdefault(index.person, held)
    return list(best.values())


def _count(events: Sequence[Index]) -> Count:
    return Count(len({index.person for index in events}), len(events))
