"""Definitions run on a CDM outside of any study: what `naru cohort run` and `run-all` do."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cdm
from cdm.engine import connect
from cohorts import engine, pins
from cohorts.attrition import Attrition
from cohorts.expression import Expression
from cohorts.in_place import run as elsewhere
from cohorts.lint import Finding, lint
from cohorts.why import Why, why
from flows import progress
from flows.definitions import by_file, found_in, id_of, read, with_codes
from flows.faults import guarded
from flows.files import appearing, checked_output
from flows.home import Home


@dataclass(frozen=True)
class Result:
    """What was written: file, definitions, cohort entries, people, and people and entries after each rule.

    codes: the files of source codes that the definitions were run with.
    """

    out: str
    definitions: int
    entries: int
    people: int
    attrition: Mapping[str, dict[str, Any]]
    codes: tuple[str, ...]


def run_one(
    home: Home, definition: Path, url: str, out: Path, attrition: Path | None, *, in_place: bool = False
) -> Result:
    """Run one definition and write its entries; the id is the file's number, else 1. Raises BadInput.

    in_place: have the database compute by itself (attrition then tells no sex and age).
    """
    name = id_of(definition)
    for path, suffix in ((out, ".parquet"), (attrition, ".json")):
        if path is not None:
            checked_output(path, suffix)
    result = _run(home, {name: definition}, url, out, demographics=attrition is not None, in_place=in_place)
    if attrition is not None:
        with appearing(attrition) as fresh:
            fresh.write_text(json.dumps(result.attrition[name], ensure_ascii=False, indent=1), encoding="utf-8")
    return result


def run_folder(home: Home, folder: Path, url: str, out: Path, *, in_place: bool = False) -> Result:
    """Run every definition of a folder in one pass; ids as in `flows.definitions`. Raises BadInput naming the wrong file."""
    checked_output(out, ".parquet")
    return _run(home, found_in(folder), url, out, in_place=in_place)


def lint_one(home: Home, definition: Path, url: str) -> tuple[Finding, ...]:
    """What is doubtful about a definition at one hospital, its pins (where it has some) included. Raises BadInput."""
    expression, beside = read(definition), pins.beside(definition)
    pinned = pins.read(beside) if os.path.lexists(beside) else None
    edited = pinned is not None and pinned.definition.sha256 != pins.sha256_of(definition)
    with cdm.open_source(url, home.data) as source:
        return guarded("check", definition, lambda: lint(source, expression, pins=pinned, edited=edited))


def why_one(home: Home, definition: Path, url: str, person_id: int) -> Why:
    """Which rule let a person in or kept them out. For inside the hospital. Raises BadInput."""
    expression = read(definition)
    with cdm.open_source(url, home.data) as source, by_file({"cohort": definition}):
        return guarded("why", definition, lambda: why(source, expression, person_id))


def _run(
    home: Home, files: Mapping[str, Path], url: str, out: Path, *, demographics: bool = False, in_place: bool = False
) -> Result:
    definitions = dict(_read(files))
    with by_file(files):
        engine.need(definitions)  # what no CDM can answer is told before a database is asked
    with cdm.open_source(url, home.data) as source, appearing(out) as fresh, by_file(files):

        def work() -> dict[str, Attrition]:
            if in_place:
                return elsewhere.generate(source, definitions, fresh, progress=_tell)
            return engine.generate(
                source, definitions, fresh, progress=_tell, kept=home.concept_sets, demographics=demographics
            )

        told = guarded("cohort", out, work)
        entries, people = _counts(fresh)
    progress.tell("cohorts", "done", f"{entries:,} entries of {people:,} people")
    attrition = {name: steps.to_json() for name, steps in told.items()}
    return Result(str(out), len(definitions), entries, people, attrition, with_codes(files.values()))


def _read(files: Mapping[str, Path]) -> Iterator[tuple[str, Expression]]:
    for number, (name, file) in enumerate(files.items()):
        progress.tell("definitions", "begun", f"{number + 1:,} of {len(files):,}", number / len(files))
        yield name, read(file)
    progress.tell("definitions", "done", f"{len(files):,}")


def _tell(what: str, fraction: float) -> None:
    progress.tell("cohorts", "begun", what, fraction)


def _counts(path: Path) -> tuple[int, int]:
    with connect() as con:
        query = "SELECT count(*), count(DISTINCT subject_id) FROM read_parquet($path)"
        found = con.execute(query, {"path": str(path)}).fetchone()
    assert found is not None
    return int(found[0]), int(found[1])
