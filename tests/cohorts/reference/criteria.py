"""The events of one criterion.

In this order: the concept sets; First; DateAdjustment; the other attributes; a user-defined period; nested criteria.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from tests.cohorts.reference import eras, groups
from tests.cohorts.reference.comparisons import (
    Absent,
    day,
    fits_text,
    in_date_range,
    in_decimal_range,
    in_whole_range,
    is_listed,
    is_selected,
)
from tests.cohorts.reference.eras import days, in_order
from tests.cohorts.reference.kinds import KINDS, Kind
from tests.cohorts.reference.setting import Event, Json, Row, Setting

ABNORMALLY_HIGH, ABNORMALLY_LOW = 4155142, 4155143


def events_of(criterion: Json, setting: Setting) -> Mapping[int, Sequence[Event]]:
    """The events of a criterion, by person."""
    if id(criterion) not in setting.found:
        by_person: dict[int, list[Event]] = {}
        for event in _events(criterion, setting):
            by_person.setdefault(event.person, []).append(event)
        setting.found[id(criterion)] = by_person
    return setting.found[id(criterion)]


def _events(criterion: Json, setting: Setting) -> list[Event]:
    ((name, given),) = criterion.items()
    kind = KINDS[name]
    if name == "CustomEra":
        candidates = _eras(given, setting)
        first = _first_of_each_person(candidates, lambda event: (event.start, in_order(event.end)))
    else:
        candidates = [
            _event(row, kind) for row in setting.hospital.rows(kind.table) if _of_set(row, kind, given, setting)
        ]
        first = _first_of_each_person(candidates, lambda event: (event.start, event.id))
    found = first if given.get("First") else candidates
    found = [moved for event in found if (moved := _adjusted(event, name, given)) is not None]
    found = [event for event in found if keeps(event, given, kind, setting)]
    found = [_shown(event, given) for event in found]
    nested = given.get("CorrelatedCriteria")
    if nested is None or groups.is_empty(nested) or name == "CustomEra":  # circe-be does not apply it to a CustomEra
        return found
    return groups.kept(found, nested, setting)


def _of_set(row: Row, kind: Kind, given: Json, setting: Setting) -> bool:
    """Without a set every concept counts; with one for the source concept, both have to fit."""
    for attribute, column in (("CodesetId", kind.concept), kind.source or (None, None)):
        number = given.get(attribute) if attribute else None
        if column and number is not None and row[column] not in setting.concept_sets[number]:
            return False
    return True


def _event(row: Row, kind: Kind) -> Event:
    start = row[kind.start]
    visit = row.get("visit_occurrence_id") if kind.visit else None
    return Event(row["person_id"], row[kind.id], start, default_end(row, start, kind), visit, start, row)


def default_end(row: Row, start: date, kind: Kind) -> date | None:
    """The first end that is known."""
    for candidate in kind.ends:
        if candidate.startswith("+ "):
            supply = 1 if candidate == "+ 1" else row.get(candidate.removeprefix("+ "))
            end = None if supply is None else start + days(supply)
        else:
            end = row.get(candidate)
        if end is not None:
            return end
    return None


def _first_of_each_person(events: Iterable[Event], order: Any) -> list[Event]:
    """First comes before every other filter, and looks at dates before they are adjusted, in observation or not."""
    first: dict[int, Event] = {}
    for event in sorted(events, key=order):
        first.setdefault(event.person, event)
    return list(first.values())


def _adjusted(event: Event, name: str, given: Json) -> Event | None:
    """New dates, each counted from the event's start or end; what then ends before it starts is no event."""
    rule = given.get("DateAdjustment")
    if rule is None or name == "Specimen":  # circe-be does not apply it to a specimen
        return event
    from_start, from_end = rule.get("StartWith") or "START_DATE", rule.get("EndWith") or "END_DATE"
    if name == "Death":  # circe-be does not look at StartWith and EndWith here
        from_start, from_end = "START_DATE", "END_DATE"
    start = event.start if from_start == "START_DATE" else event.end
    end = event.start if from_end == "START_DATE" else event.end
    if start is None or end is None:
        return None
    start, end = start + days(rule.get("StartOffset", 0)), end + days(rule.get("EndOffset", 0))
    return replace(event, start=start, end=end, sort_date=start) if end >= start else None


def _shown(event: Event, given: Json) -> Event:
    """A user-defined period replaces the dates after everything was compared with the real ones."""
    period = given.get("UserDefinedPeriod") or {}
    start, end = day(period.get("StartDate")), day(period.get("EndDate"))
    return replace(event, start=start or event.start, end=end or event.end)


def _eras(given: Json, setting: Setting) -> list[Event]:
    """Eras made of other criteria's events; an era's id is its place among everybody's.

    GapDays does nothing: circe-be adds it to the ends after it has looked which events touch, and takes it off again.
    """
    intervals: dict[int, list[eras.Interval]] = {}
    for criterion in given["CriteriaList"]:
        for person, events in events_of(criterion, setting).items():
            intervals.setdefault(person, []).extend((event.start, event.end) for event in events)
    made = [(person, *era) for person, theirs in intervals.items() for era in eras.joined(theirs)]
    made.sort(key=lambda era: (era[0], era[1], in_order(era[2])))
    return [Event(person, number, start, end, None, start) for number, (person, start, end) in enumerate(made, 1)]


def keeps(event: Event, given: Json, kind: Kind, setting: Setting) -> bool:
    """Whether the event fits every attribute. One that is null asks for nothing."""
    asked = {name: value for name, value in given.items() if value is not None}
    ranges = ((kind.dates, in_date_range), (kind.whole, in_whole_range), (kind.decimal, in_decimal_range))
    for attributes, fits in (*ranges, (kind.texts, fits_text)):
        for name in attributes.keys() & asked.keys():
            if not fits(look(event, attributes[name], setting), asked[name]):
                return False
    for name in kind.sets.keys() & asked.keys():
        if event.row[kind.sets[name]] not in setting.concept_sets[asked[name]]:
            return False
    for name, column in kind.concepts.items():
        listed, selection = asked.get(name), asked.get(f"{name}CS")
        exclude = bool(asked.get(f"{name}Exclude"))
        if listed and not is_listed(look(event, column, setting), listed, exclude=exclude):
            return False
        if selection is not None and not is_selected(look(event, column, setting), selection, setting.concept_sets):
            return False
    return _in_period(event, asked) and (not asked.get("Abnormal") or _abnormal(event.row))


def _in_period(event: Event, asked: Json) -> bool:
    """Each date of a user-defined period has to lie in the event."""
    period = asked.get("UserDefinedPeriod") or {}
    given = [day(period.get(name)) for name in ("StartDate", "EndDate")]
    return all(one is None or (event.end is not None and event.start <= one <= event.end) for one in given)


def _abnormal(row: Row) -> bool:
    value, low, high = row["value_as_number"], row["range_low"], row["range_high"]
    too_low = value is not None and low is not None and value < low
    too_high = value is not None and high is not None and value > high
    return too_low or too_high or row["value_as_concept_id"] in {ABNORMALLY_HIGH, ABNORMALLY_LOW}


def look(event: Event, what: str, setting: Setting) -> Any:
    """What an attribute looks at (see kinds.py)."""
    if what in {"start", "end"}:
        return event.start if what == "start" else event.end
    if what == "length":
        return None if event.end is None else (event.end - event.start).days
    if what == "one":
        return 1
    if what == "cause or 0":
        return event.row["cause_concept_id"] or 0
    if what.startswith("age at "):
        return _age(event, event.start if what == "age at start" else event.end, setting)
    if what.startswith("value / "):
        value, bound = event.row["value_as_number"], event.row[what.removeprefix("value / ")]
        return None if value is None or not bound else value / bound
    if "." in what:
        return _elsewhere(event, *what.split("."), setting)
    return event.row.get(what)


def _age(event: Event, on: date | None, setting: Setting) -> Any:
    person = setting.hospital.person.get(event.person)
    if person is None:
        return Absent()
    born = person.get("year_of_birth")
    return None if on is None or born is None else on.year - born


def _elsewhere(event: Event, place: str, column: str, setting: Setting) -> Any:
    hospital = setting.hospital
    if place == "provider":
        return hospital.provider.get(event.row["provider_id"], {}).get(column)
    row = {
        "person": lambda: hospital.person.get(event.person),
        "visit": lambda: hospital.visit.get((event.row["visit_occurrence_id"], event.person)),
        "care_site": lambda: hospital.care_site.get(event.row["care_site_id"]),
    }[place]()
    return Absent() if row is None else row.get(column)
