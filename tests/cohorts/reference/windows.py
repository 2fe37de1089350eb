"""Which events lie in the window around an index event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tests.cohorts.reference.eras import days
from tests.cohorts.reference.setting import Event, Json


@dataclass(frozen=True)
class Index:
    """An index event, in one observation period that holds its start. `id` tells the events of a person apart."""

    person: int
    id: int
    start: date
    end: date | None
    visit: int | None
    period_start: date
    period_end: date


def in_windows(event: Event, index: Index, asked: Json) -> bool:
    """Whether the event counts for this index event.

    Unless observation is to be ignored, the event has to start in the index event's period; where it ends is all one.
    """
    observed = not asked.get("IgnoreObservationPeriod")
    if observed and not index.period_start <= event.start <= index.period_end:
        return False
    start_window, end_window = asked["StartWindow"], asked.get("EndWindow")
    if not _in_window(event, index, start_window, observed, by_end=bool(start_window.get("UseEventEnd"))):
        return False
    if end_window is not None:
        unsaid = (
            end_window.get("UseEventEnd") is None
        )  # in EndWindow this means the event's end, in StartWindow its start
        if not _in_window(event, index, end_window, observed, by_end=unsaid or bool(end_window["UseEventEnd"])):
            return False
    return not asked.get("RestrictVisit") or (event.visit is not None and event.visit == index.visit)


def _in_window(event: Event, index: Index, window: Json, observed: bool, *, by_end: bool) -> bool:
    day = event.end if by_end else event.start
    anchor = index.end if window.get("UseIndexEnd") else index.start
    earliest, first = _bound(window["Start"], anchor, index, observed)
    latest, last = _bound(window["End"], anchor, index, observed)
    if earliest and (day is None or first is None or day < first):
        return False
    return not latest or (day is not None and last is not None and day <= last)


def _bound(side: Json, anchor: date | None, index: Index, observed: bool) -> tuple[bool, date | None]:
    """Whether this side bounds anything, and where. Without days it is where observation begins or ends."""
    sign, number = side.get("Coeff", 0), side.get("Days")
    if number is not None:
        return True, None if anchor is None else anchor + days(sign * number)
    if observed:
        return True, index.period_start if sign == -1 else index.period_end
    return False, None
