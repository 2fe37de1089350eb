"""From what the engine found to the steps of each event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from cohorts.plan.nodes import Definition
from cohorts.why import steps
from cohorts.why.facts import Event, Facts
from cohorts.why.steps import Step
from cohorts.why.told import Entry, Outcome, Why


def told(given: Definition, facts: Facts) -> tuple[Why, ...]:
    """What is told of each person, in order of person_id."""
    return tuple(_person(given, facts, person) for person in facts.people)


def _person(given: Definition, facts: Facts, person: int) -> Why:
    events = [event for event in facts.events if event.person_id == person]
    rows = tuple((start, end) for one, start, end in facts.rows if one == person)
    entries = [Entry(e.start, e.end, (e.op_start, e.op_end), _outcomes(given, facts, e, rows)) for e in events]
    for one, start, end in facts.outside:
        if one == person:
            entries.append(Entry(start, end, None, (Outcome(steps.IN_OBSERVATION, passed=False),)))
    return Why(person, tuple(sorted(entries, key=lambda entry: entry.start_date)), rows)


def _outcomes(
    given: Definition, facts: Facts, event: Event, rows: Sequence[tuple[object, object]]
) -> tuple[Outcome, ...]:
    """A limit is told of events that come to it; a step that asks for something, of all."""
    out = [Outcome(steps.IN_OBSERVATION, passed=True), Outcome(steps.OBSERVED_LONG_ENOUGH, observed(given, event))]
    shift = 0
    if given.primary_limit != "all" and out[-1].passed:
        out.append(Outcome(steps.PRIMARY_LIMIT, event.observed))
    if given.additional is not None:
        shift = 1
        out.append(Outcome(steps.ADDITIONAL, _keeps(event, 0)))
    if given.qualified_limit != "all" and _all(out):
        out.append(Outcome(steps.QUALIFIED_LIMIT, event.asked))
    comes_to_limit = _all(out)
    for number, rule in enumerate(given.rules):
        out.append(Outcome(Step("rule", (number + 1, rule.name)), _keeps(event, number + shift)))
    if given.limit != "all" and comes_to_limit and _all(out):
        out.append(Outcome(steps.EXPRESSION_LIMIT, (event.person_id, event.start) in facts.left))
    if _all(out):
        day = max(event.start, given.from_date or event.start)
        out.append(Outcome(steps.EXIT, any(start <= day <= end for start, end in rows)))  # type: ignore[operator]
    return tuple(out)


def _all(outcomes: Sequence[Outcome]) -> bool:
    return all(one.passed for one in outcomes)


def _keeps(event: Event, bit: int) -> bool:
    return bool(event.mask >> bit & 1)


def observed(given: Definition, event: Event) -> bool:
    """Whether the observation period reaches as far around the event as the definition asks."""
    before = event.op_start + timedelta(days=given.prior_days) <= event.start
    return before and event.start + timedelta(days=given.post_days) <= event.op_end
