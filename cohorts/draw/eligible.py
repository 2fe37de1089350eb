"""Who is eligible, and when: entries of a cohort, seen against observation periods and cases' events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cohorts.draw.candidates import Bools, Ints, Small
from cohorts.draw.periods import Periods
from cohorts.draw.spec import DrawSpec


@dataclass(frozen=True)
class IndexRows:
    """n rows of eligible people. day: index date; since: observed from; lo, hi: days on which somebody may serve (since 1970)."""

    person: Ints
    day: Small
    since: Small
    lo: Small
    hi: Small

    def rows(self, some: npt.NDArray[np.bool_] | Ints) -> IndexRows:
        """Give some of the rows: by their places, or by flags."""
        return IndexRows(self.person[some], self.day[some], self.since[some], self.lo[some], self.hi[some])


def index_rows(spec: DrawSpec, of_cases: bool, entries: Periods, observed: Periods, events: Periods) -> IndexRows:
    """Find the index rows of one side's entries.

    events: one period for each person of the case cohort, which starts on the day of the first entry.
    """
    if of_cases or not spec.index_from_case:
        return _own_index(entries if of_cases else _never_a_case(entries, events), observed, spec)
    return _at_risk(entries if spec.until_own_event else _never_a_case(entries, events), observed, events, spec)


def _never_a_case(entries: Periods, events: Periods) -> Periods:
    free = np.ones(len(entries), bool)
    free[events.of(entries.person)[0]] = False
    return Periods(entries.person[free], entries.first[free], entries.last[free])


def _own_index(entries: Periods, observed: Periods, spec: DrawSpec) -> IndexRows:
    """Find the first entry of each person that is observed long enough, and since when."""
    entry, period = observed.of(entries.person)
    day, since = entries.first[entry], observed.first[period]
    good = (since + np.int32(spec.prior_observation_days) <= day) & (day <= observed.last[period])
    day = day[good]
    return _first(IndexRows(entries.person[entry][good], day, since[good], day, day))


def _first(rows: IndexRows) -> IndexRows:
    """Keep the first of each person's rows, that of the earliest period where several hold the day."""
    if not (rows.person[1:] == rows.person[:-1]).any():
        return rows
    by = np.lexsort((rows.since, rows.day, rows.person))
    person = rows.person[by]
    return rows.rows(by[np.append(True, person[1:] != person[:-1])])


def _at_risk(entries: Periods, observed: Periods, events: Periods, spec: DrawSpec) -> IndexRows:
    """Find when a member of the pool may serve: entered, observed long enough, not yet a case."""
    entry, period = observed.of(entries.person)
    person, since = entries.person[entry], observed.first[period]
    start = np.maximum(entries.first[entry], since + np.int32(spec.prior_observation_days))
    until = observed.last[period]
    if spec.design == "risk_set":
        until = np.minimum(until, entries.last[entry])
    if spec.until_own_event:
        row, event = events.of(person)
        until[row] = np.minimum(until[row], events.first[event] - 1)
    good: Bools = start <= until
    return IndexRows(person[good], start[good], since[good], start[good], until[good])
