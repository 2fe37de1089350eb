"""The made-up people of any number of definitions run through the engine in one pass, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from cdm.engine import Limits, connect
from cdm.source import Source
from cohorts.engine import generate
from cohorts.expectations import hospital
from cohorts.expectations.concepts import Names, Vocabulary
from cohorts.expectations.model import MadeUpPerson, People
from cohorts.expectations.rows import Maker, Tables
from cohorts.expectations.wrong import Misfit, Misfits
from cohorts.expression import Expression
from cohorts.why import Step, Why, why_all

Dates = tuple[tuple[date, date], ...]
_STEPS = {
    "no_entry_event": "entry_event",
    "not_observed": "in_observation",
    "observed_too_short": "observed_long_enough",
    **{name: name for name in ("additional_criteria", "primary_limit", "qualified_limit", "expression_limit", "exit")},
}


@dataclass(frozen=True)
class Case:
    """A definition and the people who show what it means."""

    definition: Expression
    people: People


@dataclass(frozen=True)
class Outcome:
    """One person: where in the file, the entries expected and found, why the person stayed out (if so).

    asked: the reasons that the file gives; None where it gives none. why: what the engine says, where it was asked.
    """

    position: int
    person: str
    expected: Dates
    found: Dates
    asked: tuple[Step, ...] | None
    why: Why | None
    day_0: date

    @property
    def holds(self) -> bool:
        """Whether everything is as expected."""
        return self.expected == self.found and self.reasons_hold

    @property
    def reasons_hold(self) -> bool:
        """Whether an event nearest to entering stays out for the reasons given, and for no other."""
        if self.asked is None or self.why is None or self.found:
            return self.asked is None
        nearest = [set(entry.broken) for entry in self.why.entries] or [set(self.why.kept_out_by)]
        fewest = min(len(broken) for broken in nearest)
        return len(self.asked) == fewest and set(self.asked) in nearest


def check(cases: Mapping[str, Case], limits: Limits | None = None) -> dict[str, tuple[Outcome, ...]]:
    """What came of everybody, by definition, in the order of the files.

    All run in one pass, unless two files say different things of one concept: then in one pass for each vocabulary.
    Raises `Misfits` for a file that does not fit its definition, `BadInput` where the definition cannot be run.
    """
    told: dict[str, tuple[Outcome, ...]] = {}
    for several in _of_one_vocabulary(cases):
        with settled(several) as (source, ids), TemporaryDirectory(prefix="people-") as folder:
            definitions = {key: case.definition for key, case in several.items()}
            found = entries(source, definitions, Path(folder) / "cohort.parquet", limits)
            told |= {key: _outcomes(source, one, ids[key], found.get(key, {}), limits) for key, one in several.items()}
    return {key: told[key] for key in cases}


def _of_one_vocabulary(cases: Mapping[str, Case]) -> list[dict[str, Case]]:
    """The cases in groups whose vocabularies agree."""
    groups: list[tuple[Vocabulary, dict[str, Case]]] = []
    for key, case in cases.items():
        given, _ = _made(key, case, Tables())
        for n, (vocabulary, several) in enumerate(groups):
            if vocabulary.agrees(given):
                groups[n] = (vocabulary.joined(given), {**several, key: case})
                break
        else:
            groups.append((given, {key: case}))
    return [several for _, several in groups]


@contextmanager
def settled(cases: Mapping[str, Case]) -> Iterator[tuple[Source, dict[str, list[int]]]]:
    """A hospital in which all the people of these cases live; their person_ids by case. Raises `Misfits`."""
    made, ids, vocabulary = Tables(), dict[str, list[int]](), Vocabulary()
    for key, case in cases.items():
        given, ids[key] = _made(key, case, made)
        vocabulary = vocabulary.joined(given)
    with TemporaryDirectory(prefix="people-") as folder, hospital.opened(Path(folder), made.rows, vocabulary) as source:
        yield source, ids


def _made(key: str, case: Case, tables: Tables) -> tuple[Vocabulary, list[int]]:
    names = Names(case.definition, case.people)
    maker = Maker(tables, names)
    ids = [maker.person(person, nth) for nth, person in enumerate(case.people.people)]
    vocabulary = names.vocabulary()
    _refuse(key, [*names.wrong, *_unfit(case)])
    return vocabulary, ids


def _refuse(key: str, wrong: Sequence[Misfit]) -> None:
    if wrong:
        raise Misfits(key, wrong)


def _unfit(case: Case) -> list[Misfit]:
    """Names given twice, and reasons that the definition does not have."""
    found, seen = [], set[str]()
    for nth, person in enumerate(case.people.people):
        here = ("people", nth)
        if person.person in seen:
            found.append(
                Misfit((*here, "person"), f"two people are called '{person.person}'; give each a name of its own")
            )
        seen.add(person.person)
        if person.kept_out_by is not None and person.expect:
            found.append(Misfit((*here, "kept_out_by"), "whoever has entries is not kept out; write expect: none"))
        found += [
            Misfit((*here, "kept_out_by"), _no_reason(case.definition, reason))
            for reason in person.kept_out_by or ()
            if _step(case.definition, reason) is None
        ]
    return found


def _no_reason(definition: Expression, reason: object) -> str:
    rules = [f"'{rule.name}'" for rule in definition.inclusion_rules if rule.name]
    return f"no inclusion rule is '{reason}'; accepted are {', '.join([*rules, *_STEPS])}"


def _step(definition: Expression, reason: int | str) -> Step | None:
    """The step that a reason names."""
    for number, rule in enumerate(definition.inclusion_rules, 1):
        name = rule.name or f"rule {number}"
        if reason == number or (isinstance(reason, str) and reason.lower() == name.strip().lower()):
            return Step("rule", (number, name))
    code = _STEPS.get(str(reason))
    return None if code is None else Step(code)  # type: ignore[arg-type]


def entries(
    source: Source, definitions: Mapping[str, Expression], out: Path, limits: Limits | None = None
) -> dict[str, dict[int, list[tuple[date, date]]]]:
    """Definition -> person -> entries, of everybody in every definition, in one pass; `out` is written on the way."""
    generate(source, definitions, out, key="definition", limits=limits)
    found: dict[str, dict[int, list[tuple[date, date]]]] = {}
    with connect() as con:
        rows = con.execute("SELECT * FROM read_parquet($out) ORDER BY ALL", {"out": str(out)}).fetchall()
    for key, person, start, end in rows:
        found.setdefault(str(key), {}).setdefault(person, []).append((start, end))
    return found


def _outcomes(
    source: Source,
    case: Case,
    ids: Sequence[int],
    rows: Mapping[int, Sequence[tuple[date, date]]],
    limits: Limits | None,
) -> tuple[Outcome, ...]:
    people = case.people
    expected = [expected_of(people, person) for person in people.people]
    found = [tuple(rows.get(number, ())) for number in ids]
    both = [*zip(ids, people.people, expected, found, strict=True)]
    doubtful = [number for number, person, want, have in both if want == have and person.kept_out_by is not None]
    failed = [number for number, _, want, have in both if want != have]
    told: dict[int, Why] = {}
    for several in (doubtful, failed):
        if several:
            found_out = why_all(source, case.definition, several, fully=several is failed, limits=limits)
            told |= {one.person_id: one for one in found_out}
    return tuple(
        Outcome(nth, person.person, want, have, _asked(case.definition, person), told.get(number), people.day_0)
        for nth, (number, person, want, have) in enumerate(both)
    )


def expected_of(people: People, person: MadeUpPerson) -> Dates:
    """The entries that a person's file expects."""
    days = [tuple(_date(people, day) for day in span) for span in person.expect]
    return tuple(sorted((first, last) for first, last in days))


def _date(people: People, day: int | date) -> date:
    return date.fromordinal(people.day_0.toordinal() + day) if isinstance(day, int) else day


def _asked(definition: Expression, person: MadeUpPerson) -> tuple[Step, ...] | None:
    if person.kept_out_by is None:
        return None
    return tuple(step for reason in person.kept_out_by if (step := _step(definition, reason)))
