"""Files of made-up people beside cohort definitions: read, run, and told with file and line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from cdm.errors import BadInput
from cohorts.expectations import Case, Misfits, Outcome, People, check
from cohorts.expression import Expression, read
from flows import yaml_file
from flows.yaml_file import Document

SUFFIX = ".people.yaml"
_WHAT = "file of made-up people"


@dataclass(frozen=True)
class Shown:
    """What came of one made-up person. sentence: what is amiss, with file and line; None: all is as expected."""

    file: Path
    line: int
    outcome: Outcome

    @property
    def sentence(self) -> str | None:
        """What is not as expected."""
        one = self.outcome
        if one.holds:
            return None
        place = f"{self.file}:{self.line}: '{one.person}'"
        if one.expected != one.found:
            return f"{place}: expected {_entries(one, one.expected)}, found {_entries(one, one.found)}{_reasons(one)}"
        asked = " and ".join(step.said() for step in one.asked or ())
        return f"{place}: expected to be kept out by {asked} alone{_reasons(one)}"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        one = self.outcome
        return {
            "person": one.person,
            "file": str(self.file),
            "line": self.line,
            "holds": one.holds,
            "expected": [[str(first), str(last)] for first, last in one.expected],
            "found": [[str(first), str(last)] for first, last in one.found],
            "kept_out_by": [step.to_json() for step in one.why.kept_out_by] if one.why else None,
            "amiss": self.sentence,
        }


def beside(definition: Path) -> Path:
    """Where the people of a definition stand: `case.people.yaml` beside `case.json`."""
    return definition.with_name(definition.stem + SUFFIX)


def run(files: Mapping[Path, tuple[Path, Expression]]) -> Iterator[Shown]:
    """Run the people of several files (people file -> definition file, definition) in one pass. Raises BadInput."""
    documents = {str(file): yaml_file.read(file, _WHAT) for file in files}
    cases = {
        str(file): Case(definition, yaml_file.validate(documents[str(file)], People, _WHAT))
        for file, (_, definition) in files.items()
    }
    try:
        told = check(cases)
    except Misfits as wrong:
        raise BadInput(_sentences(documents[wrong.case], wrong)) from None
    for name, outcomes in told.items():
        document = documents[name]
        for one in outcomes:
            yield Shown(document.path, document.line(("people", one.position)), one)


def run_one(definition: Path, people: Path | None) -> list[Shown]:
    """Run the people of one definition; None: those beside it. Raises BadInput."""
    file = people or beside(definition)
    return list(run({file: (definition, read(definition))}))


def _sentences(document: Document, wrong: Misfits) -> str:
    told = sorted({(document.line(one.where), ".".join(map(str, one.where)), one.text) for one in wrong.found})
    return "\n".join(f"{document.path}:{line}: {key}: {text}" for line, key, text in told)


def _entries(one: Outcome, entries: tuple[tuple[date, date], ...]) -> str:
    if not entries:
        return "no entry"
    return " and ".join(
        f"{first} to {last} (days {(first - one.day_0).days} to {(last - one.day_0).days})" for first, last in entries
    )


def _reasons(one: Outcome) -> str:
    if one.why is None or one.found:
        return ""
    nearest = one.why.nearest
    if nearest is None:
        return "; there is no entry event"
    broken = [outcome for outcome in nearest.outcomes if not outcome.passed]
    return "; kept out by " + " and by ".join(
        outcome.step.said() + "".join(f", {reason.en}" for reason in outcome.because) for outcome in broken
    )
