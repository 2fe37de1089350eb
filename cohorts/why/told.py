"""What is told of a person: every entry event, and where it was let in or kept out.

The answer holds dates of one person's records. It is for the hospital's own staff, and never part of a report.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cohorts.why.steps import ENTRY_EVENT, Step


@dataclass(frozen=True)
class Outcome:
    """One step, and whether the event passed it. Rules after the deciding step are told, too, limits are not."""

    step: Step
    passed: bool

    def to_json(self) -> dict[str, object]:
        """Plain JSON."""
        return {"step": self.step.to_json(), "passed": self.passed}


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
class Why:
    """A person's entry events in order of date, and the cohort rows (start, end) that became of them."""

    person_id: int
    entries: tuple[Entry, ...]
    rows: tuple[tuple[date, date], ...]

    @property
    def kept_out_by(self) -> tuple[Step, ...]:
        """Why the person is not in the cohort: the steps that the event nearest to entering did not pass.

        The nearest is the one that breaks the fewest steps, the latest of equals. Nothing for who is in the cohort.
        """
        if self.rows:
            return ()
        if not self.entries:
            return (ENTRY_EVENT,)
        return min(reversed(self.entries), key=lambda entry: len(entry.broken)).broken

    def to_json(self) -> dict[str, object]:
        """Plain JSON; dates as YYYY-MM-DD."""
        return {
            "person_id": self.person_id,
            "rows": [{"start": str(start), "end": str(end)} for start, end in self.rows],
            "kept_out_by": [step.to_json() for step in self.kept_out_by],
            "entries": [entry.to_json() for entry in self.entries],
        }
