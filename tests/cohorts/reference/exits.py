"""When an entry ends: the earliest candidate on or after its start; without one, the entry is dropped.

no strategy     the end of the observation period
DateOffset      a number of days after the event's start or end, at the latest the end of the observation period;
                this takes the place of the period's end
CustomEra       the end of the drug era that holds the start, or the end of the observation period
censoring       the first such event from the entry's start (that day, too) to the end of the observation period
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from tests.cohorts.reference.criteria import default_end, events_of
from tests.cohorts.reference.eras import Interval, days, joined
from tests.cohorts.reference.kinds import KINDS
from tests.cohorts.reference.setting import Json, Setting
from tests.cohorts.reference.windows import Index


def exit_date(entry: Index, definition: Json, setting: Setting) -> date | None:
    """The last day of an entry; None if there is none."""
    candidates = [
        *_strategy(entry, definition.get("EndStrategy") or {}, setting),
        *_censoring(entry, definition, setting),
    ]
    return min((one for one in candidates if one is not None and one >= entry.start), default=None)


def _strategy(entry: Index, strategy: Json, setting: Setting) -> Iterator[date | None]:
    if "DateOffset" in strategy:
        offset = strategy["DateOffset"]
        since = entry.end if offset.get("DateField") == "EndDate" else entry.start
        yield None if since is None else min(since + days(offset.get("Offset", 0)), entry.period_end)
        return
    yield entry.period_end
    if "CustomEra" in strategy:
        for start, end in drug_eras(entry.person, strategy["CustomEra"], setting):
            if end is not None and start <= entry.start <= end:
                yield end


def drug_eras(person: int, given: Json, setting: Setting) -> list[Interval]:
    """Eras of exposure to a drug, by its concept or its source concept.

    Ends are moved by the gap and the offset before the intervals are joined; the gap is taken off again, the offset stays.
    """
    kind, members = KINDS["DrugExposure"], setting.concept_sets[given["DrugCodesetId"]]
    gap, offset, supply = given.get("GapDays", 0), given.get("Offset", 0), given.get("DaysSupplyOverride")
    intervals: list[Interval] = []
    for row in setting.hospital.rows(kind.table):
        if row["person_id"] != person or not {row["drug_concept_id"], row["drug_source_concept_id"]} & members:
            continue
        start = row[kind.start]
        end = default_end(row, start, kind) if supply is None else start + days(supply)
        assert end is not None  # an exposure without an end gets one
        intervals.append((start, end + days(gap + offset)))
    return [(start, None if end is None else end - days(gap)) for start, end in joined(intervals)]


def _censoring(entry: Index, definition: Json, setting: Setting) -> Iterator[date]:
    for criterion in definition.get("CensoringCriteria") or ():
        for event in events_of(criterion, setting).get(entry.person, ()):
            if entry.start <= event.start <= entry.period_end:
                yield event.start
