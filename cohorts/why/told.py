"""What is told of a person: every entry event, where it was let in or kept out and why, and when entries end and why.

The answer holds dates of one person's records. It is for the hospital's own staff, and never part of a report.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cohorts.why.steps import ENTRY_EVENT, Step


@dataclass(frozen=True)
class Reason:
    """One sentence in both languages, and its figures.

    found, asked: how many records there are, and were asked for ('at least 2'); more: found is a lower bound. days: the
    first and last day on which a record's start counted (its end: ends), None where there is no bound.
    """

    en: str
    ko: str
    found: int | None = None
    more: bool = False
    asked: str | None = None
    days: tuple[date | None, date | None] | None = None
    ends: tuple[date | None, date | None] | None = None

    def to_json(self) -> dict[str, object]:
        """Plain JSON; what does not apply is left out."""
        figures: dict[str, object] = {"found": self.found, "asked": self.asked}
        if self.more:
            figures["or_more"] = True
        for name, span in (("start", self.days), ("end", self.ends)):
            if span is not None:
                figures[name] = [None if day is None else str(day) for day in span]
        return {"en": self.en, "ko": self.ko, **{key: value for key, value in figures.items() if value is not None}}


@dataclass(frozen=True)
class Outcome:
    """One step, and whether the event passed it. Rules after the deciding step are told, too, limits are not.

    because: of a step that was not passed, what was found against what was asked.
    """

    step: Step
    passed: bool
    because: tuple[Reason, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Plain JSON."""
        told: dict[str, object] = {"step": self.step.to_json(), "passed": self.passed}
        return {**told, "because": [one.to_json() for one in self.because]} if self.because else told


@dataclass(frozen=True)
class Entry:
    """One event that the primary criteria find. observation: the period that holds it; None: no period does."""

    start_date: date
    end_date: date | None
    observation: tuple[date, date] | None
    outcomes: tuple[Outcome, ...]

    @property
    def kept_out_by(self) -> Step | None:
        """The first step that it did not pass; None: it entered."""
        return next(iter(self.broken), None)

    @property
    def broken(self) -> tuple[Step, ...]:
        """Every step that it did not pass."""
        return tuple(one.step for one in self.outcomes if not one.passed)

    def to_json(self) -> dict[str, object]:
        """Plain JSON; dates as YYYY-MM-DD."""
        return {
            "start": str(self.start_date),
            "end": None if self.end_date is None else str(self.end_date),
            "observation": None if self.observation is None else [str(day) for day in self.observation],
            "kept_out_by": None if self.kept_out_by is None else self.kept_out_by.to_json(),
            "outcomes": [one.to_json() for one in self.outcomes],
        }


@dataclass(frozen=True)
class Row:
    """A row of the cohort, and why it ends on its last day (every reason that gives this day)."""

    start: date
    end: date
    ends_by: tuple[Reason, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Plain JSON."""
        return {"start": str(self.start), "end": str(self.end), "ends_by": [one.to_json() for one in self.ends_by]}


@dataclass(frozen=True)
class Why:
    """A person's entry events in order of date, and the cohort rows that became of them.

    records: how many records there are from which entry events are chosen (of the right concepts, whatever else is asked).
    """

    person_id: int
    entries: tuple[Entry, ...]
    rows: tuple[Row, ...]
    records: int

    @property
    def nearest(self) -> Entry | None:
        """The event nearest to entering: that which breaks the fewest steps, the latest of equals."""
        return min(reversed(self.entries), key=lambda entry: len(entry.broken), default=None)

    @property
    def kept_out_by(self) -> tuple[Step, ...]:
        """Why the person is not in the cohort: what the nearest event breaks. Nothing for who is in the cohort."""
        if self.rows:
            return ()
        return self.nearest.broken if self.nearest else (ENTRY_EVENT,)

    def to_json(self) -> dict[str, object]:
        """Plain JSON; dates as YYYY-MM-DD."""
        return {
            "person_id": self.person_id,
            "in_cohort": bool(self.rows),
            "rows": [row.to_json() for row in self.rows],
            "kept_out_by": [step.to_json() for step in self.kept_out_by],
            "records": self.records,
            "entries": [entry.to_json() for entry in self.entries],
        }
