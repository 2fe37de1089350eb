"""The file of made-up people: what may stand in it.

Days are whole numbers counted from `day_0` (0, 30, -365), or dates. A concept is a number, a name declared under
`concepts`, the name of a concept set of the definition (its first concept is taken), or of a concept in one.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

Words = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Cell = int | float | date | str | None


def _day(value: object) -> object:
    if isinstance(value, bool) or (not isinstance(value, int | date) and value is not None):
        raise ValueError("write a whole number of days counted from day_0, or a date as YYYY-MM-DD")
    if isinstance(value, int) and abs(value) > 100_000:
        raise ValueError("a day lies at most 100000 days from day_0")
    return value


def _spans(value: object) -> object:
    """One pair or a list of pairs; 'none' is an empty list."""
    if value == "none":
        return ()
    if isinstance(value, list) and value and not any(isinstance(one, list) for one in value):
        return (value,)
    if not isinstance(value, list):
        raise ValueError("write none, or a list of [first day, last day]")
    return value


def _names(value: object) -> object:
    return value if isinstance(value, list) else [value]


Day = Annotated[int | date, BeforeValidator(_day)]
Span = tuple[Day, Day]
Spans = Annotated[tuple[Span, ...], BeforeValidator(_spans)]
ConceptName = Annotated[int | Words, Field(union_mode="left_to_right")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MadeUpConcept(_Part):
    """A concept that the definition does not name.

    id: its number. under: concepts (or concept sets) whose descendant it is. maps_to: the standard concept of a source
    code. invalid: whether the vocabulary calls it so.
    """

    id: Annotated[int, Field(ge=0, lt=2**62)]
    under: Annotated[tuple[ConceptName, ...], BeforeValidator(_names)] = ()
    maps_to: Annotated[tuple[ConceptName, ...], BeforeValidator(_names)] = ()
    invalid: bool = False


class Traits(_Part):
    """What is the same for everybody who does not say otherwise.

    sex: female, male, or a concept; female unless said. age: in years on day_0 (the year of day_0 less the year of birth);
    50 unless said. born: the year of birth, in place of age. race, ethnicity: a concept. observed: one observation period
    [first day, last day], or a list of them, or none; to be said here or by every person.
    """

    sex: ConceptName | None = None
    age: Annotated[int, Field(ge=0, le=130)] | None = None
    born: Annotated[int, Field(ge=1800, le=2200)] | None = None
    race: ConceptName | None = None
    ethnicity: ConceptName | None = None
    observed: Spans | None = None


class MadeUpPerson(Traits):
    """One person and what is expected.

    person: what the person shows, in a few words; it names the person in every message. died: the day of death.
    events: rows of the record, each with its table and concept (`drug_exposure: celecoxib`), `day`, and where they matter
    `until`, `source`, `name` (of a visit), `visit` (the name of one), `specialty`, `place_of_service`, or any column of
    the table by its CDM name. expect: the entries [first day, last day] that the cohort has, or none. kept_out_by: with
    none, all that the event nearest to entering breaks: names or numbers of inclusion rules, or no_entry_event,
    not_observed, observed_too_short, additional_criteria, primary_limit, qualified_limit, expression_limit, exit.
    """

    person: Words
    died: Day | None = None
    events: tuple[dict[str, Cell], ...] = ()
    expect: Spans
    kept_out_by: Annotated[tuple[ConceptName, ...], BeforeValidator(_names)] | None = None


class People(_Part):
    """The whole file.

    day_0: the date from which days are counted. unless_said: what holds for everybody who does not say otherwise.
    concepts: names for concepts that the definition does not name, such as descendants. people: the people.
    """

    day_0: date = date(2020, 1, 1)
    unless_said: Traits = Traits()
    concepts: dict[Words, MadeUpConcept] = {}
    people: Annotated[tuple[MadeUpPerson, ...], Field(min_length=1, max_length=2000)]

    def trait(self, person: MadeUpPerson, name: str) -> Any:
        """What a person is, or else everybody."""
        own = getattr(person, name)
        return getattr(self.unless_said, name) if own is None else own
