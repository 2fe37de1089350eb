"""A hospital of made-up people, written as a small CDM and opened like any other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import duckdb

from cdm.schema import Table, tables
from cdm.source import Source
from cdm.sources.duckdb_file import open_duckdb
from cohorts.expectations.concepts import Vocabulary
from cohorts.expectations.rows import VERSION, Row, event_tables

_ABOUT_PEOPLE = ("person", "observation_period", "provider", "care_site")
_EVER = {"valid_start_date": date(1970, 1, 1), "valid_end_date": date(2099, 12, 31)}
_TYPES = {"integer": "BIGINT", "number": "DOUBLE", "date": "DATE", "datetime": "TIMESTAMP", "text": "VARCHAR"}


def opened(folder: Path, rows: Mapping[str, list[Row]], vocabulary: Vocabulary) -> Source:
    """The CDM of these rows and concepts, written into `folder` (one DuckDB file) and opened."""
    file = folder / "people.duckdb"
    named = dict.fromkeys((*_ABOUT_PEOPLE, *event_tables()))
    content: dict[str, Iterable[Row]] = {name: rows.get(name, []) for name in named} | _vocabulary(vocabulary)
    content["cdm_source"] = [{"cdm_source_name": "made-up people", "cdm_version": VERSION}]
    with duckdb.connect(str(file)) as con:
        con.execute("CREATE SCHEMA cdm")
        for name, given in content.items():
            _write(con, tables(VERSION)[name], list(given))
    return open_duckdb(f"duckdb://{file}?schema=cdm", file, "cdm")


def _write(con: duckdb.DuckDBPyConnection, known: Table, rows: list[Row]) -> None:
    columns = ", ".join(f"{c.name} {_TYPES[c.family]}" for c in known.columns)
    con.execute(f"CREATE TABLE cdm.{known.name} ({columns})")
    if rows:
        places = ", ".join("?" for _ in known.columns)
        values = [[row.get(c.name) for c in known.columns] for row in rows]
        con.executemany(f"INSERT INTO cdm.{known.name} VALUES ({places})", values)


def _vocabulary(given: Vocabulary) -> dict[str, Iterable[Row]]:
    concept: list[Row] = [
        {
            "concept_id": number, "concept_name": name, "domain_id": "Metadata", "vocabulary_id": "None",
            "concept_class_id": "Undefined", "standard_concept": "S", "concept_code": str(number),
            "invalid_reason": "D" if number in given.invalid else None, **_EVER,
        }
        for number, name in sorted(given.names.items())
    ]  # fmt: skip
    ancestor: list[Row] = [
        {
            "ancestor_concept_id": above, "descendant_concept_id": below,
            "min_levels_of_separation": int(above != below), "max_levels_of_separation": int(above != below),
        }
        for above, below in sorted(given.ancestors)
    ]  # fmt: skip
    relationship: list[Row] = [
        {"concept_id_1": source, "concept_id_2": standard, "relationship_id": "Maps to", **_EVER}
        for source, standard in sorted(given.maps)
    ]
    return {"concept": concept, "concept_ancestor": ancestor, "concept_relationship": relationship}
