"""From what the engine found to the steps of each event."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from cohorts.expression import Expression
from cohorts.plan.nodes import Definition
from cohorts.why import exits, reasons, steps
from cohorts.why.facts import Event, Facts
from cohorts.why.reasons import Speakers
from cohorts.why.steps import Step
from cohorts.why.told import Entry, Outcome, Reason, Row, Why

Because = Callable[[Event, int], tuple[Reason, ...]]  # of an event, and a bit of its mask that is not set


def told(
    given: Definition, expression: Expression, facts: Facts, speakers: Speakers, because: Because
) -> tuple[Why, ...]:
    """What is told of each person, in order of person_id."""
    return tuple(_person(given, expression, facts, person, speakers, because) for person in facts.people)


def _person(
    given: Definition, expression: Expression, facts: Facts, person: int, speakers: Speakers, because: Because
) -> Why:
    events = [event for event in facts.events if event.person_id == person]
    rows = exits.rows(given, expression, facts, person, speakers)
    entries = [
        Entry(e.start, e.end, (e.op_start, e.op_end), _outcomes(given, facts, e, events, rows, because)) for e in events
    ]
    unseen = Outcome(steps.IN_OBSERVATION, passed=False, because=reasons.outside(facts.periods.get(person, ())))
    entries += [Entry(start, end, None, (unseen,)) for one, start, end in facts.outside if one == person]
    entries.sort(key=lambda entry: entry.start_date)
    return Why(person, tuple(entries), rows, facts.records.get(person, 0))


def broken_bits(given: Definition, facts: Facts) -> set[int]:
    """The bits of `variants.bits` that some event lacks."""
    size = len(given.rules) + (given.additional is not None)
    return {bit for event in facts.events for bit in range(size) if not _keeps(event, bit)}


def _outcomes(
    given: Definition, facts: Facts, event: Event, events: Sequence[Event], rows: Sequence[Row], because: Because
) -> tuple[Outcome, ...]:
    """A limit is told of events that come to it; a step that asks for something, of all."""
    out = [Outcome(steps.IN_OBSERVATION, passed=True)]

    def judge(step: Step, passed: bool, why: Callable[[], tuple[Reason, ...]]) -> None:
        out.append(Outcome(step, passed, () if passed else why()))

    judge(steps.OBSERVED_LONG_ENOUGH, _observed(given, event), lambda: reasons.of_observation(given, event))
    if given.primary_limit != "all" and _all(out):
        taken = next((one.start for one in events if one.observed), None)
        judge(steps.PRIMARY_LIMIT, event.observed, lambda: reasons.of_limit(taken))
    shift = int(given.additional is not None)
    if shift:
        judge(steps.ADDITIONAL, _keeps(event, 0), lambda: because(event, 0))
    if given.qualified_limit != "all" and _all(out):
        taken_next = next((one.start for one in events if one.asked), None)
        judge(steps.QUALIFIED_LIMIT, event.asked, lambda: reasons.of_limit(taken_next))
    comes_to_limit = _all(out)
    for number, rule in enumerate(given.rules):
        bit = number + shift
        judge(Step("rule", (number + 1, rule.name)), _keeps(event, bit), lambda bit=bit: because(event, bit))  # type: ignore[misc]
    if given.limit != "all" and comes_to_limit and _all(out):
        left = [one.start for one in events if (one.person_id, one.start) in facts.ends.drug]
        judge(steps.EXPRESSION_LIMIT, event.start in left, lambda: reasons.of_limit(next(iter(left), None)))
    if _all(out):
        day = max(event.start, given.from_date or event.start)
        judge(steps.EXIT, any(row.start <= day <= row.end for row in rows), lambda: _no_exit(given, facts, event))
    return tuple(out)


def _no_exit(given: Definition, facts: Facts, event: Event) -> tuple[Reason, ...]:
    """Why nothing is left of an event that met everything."""
    end = facts.ends.all.get((event.person_id, event.start))
    if end is None:
        return (Reason("it would end before it starts", "시작하기 전에 끝나게 됨"),)
    return (
        Reason(
            f"it lasts from {event.start} to {end}, outside of the time that counts",
            f"{event.start}~{end}로, 인정하는 기간을 벗어남",
        ),
    )


def _all(outcomes: Sequence[Outcome]) -> bool:
    return all(one.passed for one in outcomes)


def _keeps(event: Event, bit: int) -> bool:
    return bool(event.mask >> bit & 1)


def _observed(given: Definition, event: Event) -> bool:
    """Whether the observation period reaches as far around the event as the definition asks."""
    before = event.op_start + timedelta(days=given.prior_days) <= event.start
    return before and event.start + timedelta(days=given.post_days) <= event.op_end
