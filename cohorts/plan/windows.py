"""The windows of a correlated criterion as bounds on an event's start and end date.

circe-be: a missing UseEventEnd means the event's start in StartWindow but its end in EndWindow; a missing UseIndexEnd
means the index event's start in both. An unbounded side reaches to the observation period (to anywhere with
IgnoreObservationPeriod), and without IgnoreObservationPeriod the event's start lies in the index event's period.
"""

from __future__ import annotations

from dataclasses import replace

from cohorts.expression.groups import CorrelatedCriteria, Endpoint
from cohorts.expression.groups import Window as Given
from cohorts.plan.nodes import Side, Window

OPEN = Window(Side(), Side(), Side(), Side())


def window_of(given: CorrelatedCriteria) -> Window:
    """Both windows of a criterion, and its observation period, as one."""
    observed = not given.ignore_observation_period
    window = OPEN
    if observed:
        window = replace(OPEN, start_from=Side(period_start=True), start_to=Side(period_end=True))
    window = _narrow(window, given.start_window, bool(given.start_window.use_event_end), observed)
    if given.end_window is not None:
        by_end = given.end_window.use_event_end is None or given.end_window.use_event_end
        window = _narrow(window, given.end_window, by_end, observed)
    return window


def _narrow(window: Window, given: Given, by_event_end: bool, observed: bool) -> Window:
    at_end = bool(given.use_index_end)
    if by_event_end:
        return replace(
            window,
            end_from=_later(window.end_from, given.start, at_end, observed),
            end_to=_earlier(window.end_to, given.end, at_end, observed),
        )
    return replace(
        window,
        start_from=_later(window.start_from, given.start, at_end, observed),
        start_to=_earlier(window.start_to, given.end, at_end, observed),
    )


def _later(side: Side, given: Endpoint, at_end: bool, observed: bool) -> Side:
    if given.days is None:
        return _period(side, given, observed)
    days = given.coeff * given.days
    if at_end:
        return replace(side, from_end=days if side.from_end is None else max(days, side.from_end))
    return replace(side, from_start=days if side.from_start is None else max(days, side.from_start))


def _earlier(side: Side, given: Endpoint, at_end: bool, observed: bool) -> Side:
    if given.days is None:
        return _period(side, given, observed)
    days = given.coeff * given.days
    if at_end:
        return replace(side, from_end=days if side.from_end is None else min(days, side.from_end))
    return replace(side, from_start=days if side.from_start is None else min(days, side.from_start))


def _period(side: Side, given: Endpoint, observed: bool) -> Side:
    if not observed:
        return side
    return replace(side, period_start=True) if given.coeff == -1 else replace(side, period_end=True)
