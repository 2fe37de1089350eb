"""Why a row of the cohort ends on its last day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from cohorts.expression import Expression
from cohorts.plan.nodes import Definition, OffsetExit
from cohorts.why.facts import Event, Facts
from cohorts.why.reasons import Speakers
from cohorts.why.told import Reason, Row

_OBSERVATION = Reason("the observation period ends", "관찰 기간이 끝남")
_DRUG = Reason("continuous use of the drug ends", "약물의 연속 사용이 끝남")


def rows(given: Definition, expression: Expression, facts: Facts, person: int, speakers: Speakers) -> tuple[Row, ...]:
    """The person's rows with the reasons for their ends."""
    events = [event for event in facts.events if event.person_id == person]
    return tuple(
        Row(start, end, tuple(_reasons(given, expression, facts, events, start, end, speakers)))
        for one, start, end in facts.rows
        if one == person
    )


def _reasons(
    given: Definition,
    expression: Expression,
    facts: Facts,
    events: Sequence[Event],
    start: date,
    end: date,
    speakers: Speakers,
) -> Iterator[Reason]:
    """Every reason that gives this last day; of the entries that became one row, that which ends last decides."""
    inside = [
        e for e in events if (e.person_id, e.start) in facts.ends.all and e.start <= end and _end(facts, e) >= start
    ]
    if given.to_date == end and any(_end(facts, event) > end for event in inside):
        yield Reason(f"only time up to {end} counts", f"{end}까지의 기간만 인정함")
        return
    found: dict[Reason, None] = {}
    for event in (event for event in inside if _end(facts, event) == end):
        key = (event.person_id, event.start)
        if facts.ends.own.get(key) == end:
            found[_own(given, event, end)] = None
        if facts.ends.drug.get(key) == end != event.op_end:
            found[_DRUG] = None
        for number, ends in enumerate(facts.ends.censoring):
            if ends.get(key) == end != event.op_end:
                found[_censored(expression, number, speakers)] = None
    yield from found


def _end(facts: Facts, event: Event) -> date:
    return facts.ends.all[event.person_id, event.start]


def _own(given: Definition, event: Event, end: date) -> Reason:
    if not isinstance(given.exit, OffsetExit) or (end == event.op_end and _offset_end(given.exit, event) != end):
        return _OBSERVATION
    days, field = given.exit.days, given.exit.field
    en = {"start": "the entry event's first day", "end": "the entry event's last day"}[field]
    ko = {"start": "진입 사건 시작일", "end": "진입 사건 종료일"}[field]
    return Reason(
        f"{abs(days)} days {'after' if days >= 0 else 'before'} {en}" if days else f"on {en}",
        f"{ko}로부터 {abs(days)}일 {'뒤' if days >= 0 else '전'}임" if days else f"{ko}임",
    )


def _offset_end(given: OffsetExit, event: Event) -> date | None:
    base = event.start if given.field == "start" else event.end
    return None if base is None else date.fromordinal(min(base.toordinal() + given.days, date.max.toordinal()))


def _censored(expression: Expression, number: int, speakers: Speakers) -> Reason:
    criterion = (expression.censoring_criteria or ())[number]
    en, ko = (one.event(criterion).text.rstrip(".:") for one in (speakers.en, speakers.ko))
    return Reason(f"censoring event: {en[0].lower()}{en[1:]}", f"중도 종료 사건: {ko}")
