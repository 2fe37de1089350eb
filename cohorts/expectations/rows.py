"""The rows of a made-up person in the tables of the CDM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from cdm.schema import Column, Table, tables
from cohorts.criteria.declare import Domain
from cohorts.criteria.domains import DOMAINS
from cohorts.expectations.concepts import Names
from cohorts.expectations.model import Cell, MadeUpPerson
from cohorts.expectations.wrong import Misfit, Where

VERSION = "5.4"
# The concept that an event's first key names, where the kind of event is not chosen by one.
MAIN_CONCEPT = {"observation_period": "period_type_concept_id", "payer_plan_period": "payer_concept_id"}
_SHORT = ("day", "until", "source", "name", "visit", "specialty", "place_of_service")
_DAY = "write a whole number of days counted from day_0, or a date as YYYY-MM-DD"
Row = dict[str, object]


def event_tables() -> dict[str, Domain]:
    """Table -> the kind of event that it holds."""
    return {domain.table: domain for domain in DOMAINS.values() if domain.table}


@dataclass
class Tables:
    """The rows made so far, by table; every key of a table is the number of its row."""

    rows: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, table: str, row: Row) -> int:
        """Add a row under the next number; give the number."""
        rows = self.rows.setdefault(table, [])
        known = tables(VERSION)[table]
        blank: Row = {c.name: 0 for c in known.columns if c.required and c.family == "integer"}
        own = {known.primary_key[0]: len(rows) + 1} if known.primary_key else {}
        rows.append({**blank, **own, **row})
        return len(rows)

    def lookup(self, table: str, column: str, concept: int) -> int:
        """The row of a table (provider, care_site) that has this concept."""
        for number, row in enumerate(self.rows.get(table, ()), 1):
            if row[column] == concept:
                return number
        return self.add(table, {column: concept})


@dataclass
class Maker:
    """Adds the people of one file."""

    made: Tables
    names: Names

    def person(self, given: MadeUpPerson, position: int) -> int:
        """Add a person; give its person_id. Mistakes are noted in `names`."""
        here: Where = ("people", position)
        people = self.names.people
        born = given.born
        if born is None and given.age is not None:
            born = people.day_0.year - given.age
        if born is None:
            age = people.unless_said.age
            born = people.unless_said.born or people.day_0.year - (50 if age is None else age)
        row: Row = {"year_of_birth": born}
        for trait, column in (("sex", "gender"), ("race", "race"), ("ethnicity", "ethnicity")):
            said = people.trait(given, trait) or ("female" if trait == "sex" else 0)
            resolve = self.names.sex if trait == "sex" else self.names.concept
            row[f"{column}_concept_id"] = resolve(said, (*here, trait))
        number = self.made.add("person", row)
        self._observed(number, given, here)
        if given.died is not None:
            self.made.add("death", {"person_id": number, "death_date": self.day(given.died)})
        visits: dict[str, int] = {}
        for nth, event in enumerate(given.events):
            self._event(number, event, (*here, "events", nth), visits)
        return number

    def day(self, given: int | date) -> date:
        """A day of the file as a date."""
        return self.names.people.day_0 + timedelta(days=given) if isinstance(given, int) else given

    def wrong(self, where: Where, text: str) -> None:
        """Note a mistake."""
        self.names.wrong.append(Misfit(where, text))

    def _observed(self, number: int, given: MadeUpPerson, here: Where) -> None:
        spans = self.names.people.trait(given, "observed")
        if spans is None:
            self.wrong(here, "observed is missing; say it here or in unless_said, as [first day, last day]")
        for first, last in spans or ():
            if self.day(first) > self.day(last):
                self.wrong((*here, "observed"), "an observation period ends before it starts")
            self.made.add(
                "observation_period",
                {
                    "person_id": number,
                    "observation_period_start_date": self.day(first),
                    "observation_period_end_date": self.day(last),
                },
            )

    def _event(self, number: int, event: Mapping[str, Cell], here: Where, visits: dict[str, int]) -> None:
        domains = event_tables()
        named = [key for key in event if key in domains]
        if len(named) != 1:
            what = "names no table" if not named else f"names {len(named)} tables"
            self.wrong(here, f"an event {what}; write one of {', '.join(sorted(domains))}, and its concept")
            return
        domain, known = domains[named[0]], tables(VERSION)[named[0]]
        main = domain.concept or MAIN_CONCEPT[domain.table]
        row: Row = {"person_id": number, main: self._concept(event[domain.table], (*here, domain.table))}
        row |= self._dates(event, domain, here)
        for key in event:
            if key not in {domain.table, "day", "until", "name"}:
                row |= self._cell(event, key, known, domain, (*here, key), visits)
        made = self.made.add(domain.table, row)
        if "name" in event:
            if domain.table != "visit_occurrence" or str(event["name"]) in visits:
                self.wrong((*here, "name"), "only visits have a name, and each a name of its own")
            visits[str(event["name"])] = made

    def _dates(self, event: Mapping[str, Cell], domain: Domain, here: Where) -> Row:
        start = self._date(event.get("day"), (*here, "day"))
        row: Row = {domain.start: start}
        if "until" in event and not domain.end:
            self.wrong((*here, "until"), f"a row of {domain.table} has no end; take it away")
        elif "until" in event:
            row[domain.end[0]] = self._date(event["until"], (*here, "until"))
        elif domain.end and not domain.next_day:
            row[domain.end[0]] = start  # no rule of the language gives it an end
        return row

    def _cell(
        self, event: Mapping[str, Cell], key: str, known: Table, domain: Domain, where: Where, visits: Mapping[str, int]
    ) -> Row:
        """The column that a key of an event fills."""
        value = event[key]
        if key == "source" and domain.source:
            return {domain.source[1]: self._concept(value, where)}
        if key == "visit" and domain.visit:
            if str(value) not in visits:
                self.wrong(where, f"no visit of this person above has the name '{value}'; give it `name: {value}`")
            return {"visit_occurrence_id": visits.get(str(value))}
        if key == "specialty" and "provider_id" in known.names:
            concept = self._concept(value, where)
            return {"provider_id": self.made.lookup("provider", "specialty_concept_id", concept)}
        if key == "place_of_service" and "care_site_id" in known.names:
            concept = self._concept(value, where)
            return {"care_site_id": self.made.lookup("care_site", "place_of_service_concept_id", concept)}
        for column in known.columns:
            if column.name == key and key not in (*known.primary_key, "person_id"):
                return {key: self._value(value, column, where)}
        short = [one for one in _SHORT if one in ("day", "name") or one in _shorts(known, domain)]
        self.wrong(
            where, f"{domain.table} has no column '{key}'; accepted are {', '.join(short)} and its columns in the CDM"
        )
        return {}

    def _value(self, value: Cell, column: Column, where: Where) -> object:
        if value is None:
            return None
        if column.is_concept:
            return self._concept(value, where)
        if column.family == "date":
            return self._date(value, where)
        accepted = {"integer": int, "number": (int, float), "text": str}.get(column.family)
        if accepted is None or not isinstance(value, accepted):  # type: ignore[arg-type]
            self.wrong(where, f"{column.name} is of the kind '{column.family}', which '{value}' is not")
            return None
        if isinstance(value, int) and abs(value) >= 2**63:
            self.wrong(
                where, f"{column.name} is beyond what a database holds in a number (64 bits); write a smaller one"
            )
            return None
        return value

    def _concept(self, value: Any, where: Where) -> int:
        if value is None or isinstance(value, float | date):
            self.wrong(where, "name a concept: its number, a name, or 0 where it does not matter")
            return 0
        return self.names.concept(value, where)

    def _date(self, value: Cell, where: Where) -> date | None:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | date)
            or (isinstance(value, int) and abs(value) > 100_000)
        ):
            self.wrong(where, _DAY)
            return None
        return self.day(value)


def _shorts(known: Table, domain: Domain) -> set[str]:
    found = {"until"} if domain.end else set()
    found |= {"source"} if domain.source else set()
    found |= {"visit"} if domain.visit else set()
    found |= {"specialty"} if "provider_id" in known.names else set()
    return found | ({"place_of_service"} if "care_site_id" in known.names else set())
