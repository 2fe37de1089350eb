"""What is different between two versions of a release: exact counts, which stay inside until disclosure control passed them.

Counts are split by who a person is to the two versions (came, left, stayed) and by a label of the caller's, such as a cause.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cdm import arrays, schema
from cdm.engine import Limits, connect
from cdm.errors import BadInput
from cdm.source import CdmVersion
from extract.compare_codes import CodeChange, codes
from extract.compare_missing import Missing, missing
from extract.compare_rows import PERSON, TableChange, table
from extract.delta import read
from extract.sql import quote, without_values
from extract.tables import COHORT

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class People:
    """before, after: people by role. came, left: subject_id, ascending, of who is in one version alone, by role."""

    before: Mapping[str, int]
    after: Mapping[str, int]
    came: Mapping[str, Ints]
    left: Mapping[str, Ints]


class Kinds(Protocol):
    """Labels by kind of row. rows: most. codes: differ in concept ids alone. person: of the table person.

    restated: differ alone in columns that de-identification treats in another way than before.
    """

    @property
    def rows(self) -> str: ...
    @property
    def codes(self) -> str: ...
    @property
    def person(self) -> str: ...
    @property
    def restated(self) -> str: ...


@dataclass(frozen=True)
class Labels:
    """Under which label rows count.

    people: (subject_id, label) of everybody who came or left. rest, touched: of those who stayed with the same place in the cohort
    (role, index date) and with another.
    """

    people: pa.Table
    rest: Kinds
    touched: Kinds


@dataclass(frozen=True)
class Difference:
    """tables: of both versions. codes: those whose people or values moved. missing: table -> columns empty more or less often."""

    people: People
    tables: Mapping[str, TableChange]
    tables_added: tuple[str, ...]
    tables_removed: tuple[str, ...]
    codes: tuple[CodeChange, ...]
    missing: Mapping[str, tuple[Missing, ...]]


def compare(
    before: Path,
    after: Path,
    version: CdmVersion,
    label: Callable[[People], Labels],
    limits: Limits | None = None,
) -> Difference:
    """Compare two folders of one grant's releases (its pseudonyms are the same in both), laid out whole or as base and delta.

    label: given who came and left, says under which label rows count. Raises BadInput where a folder has no cohort.
    """
    old, new = _tables(before), _tables(after)
    for folder, found in ((before, old), (after, new)):
        if COHORT not in found:
            raise BadInput(f"{folder}: has no tables/cohort.parquet; name the folder of a release")
    with connect(limits) as con, without_values("comparing the versions"):
        for side, folder, names in (("old", before, old), ("new", after, new)):
            for name in sorted(names):
                con.execute(f"CREATE TEMP VIEW {quote(f'{side} {name}')} AS {read(folder, name)}")
            _find_people(con, side, names, version)
        people = People(_roles(con, "old"), _roles(con, "new"), _alone(con, "new", "old"), _alone(con, "old", "new"))
        labels = label(people)
        _group(con, labels)
        tables, changed, empty, restated = {}, [], {}, _restated(before, after)
        for name in sorted((old & new) - {COHORT}):
            tables[name] = table(con, name, version, restated.get(name, ()))
            empty[name] = missing(con, name)
            changed += codes(con, name, version)
        return Difference(people, tables, tuple(sorted(new - old)), tuple(sorted(old - new)), tuple(changed), empty)


def _tables(folder: Path) -> set[str]:
    return {path.stem for part in ("tables", "base") for path in (folder / part).glob("*.parquet")}


def _restated(before: Path, after: Path) -> dict[str, set[str]]:
    """Table -> columns that the two data dictionaries say another thing was done to; nothing where one has no dictionary."""
    old, new = (_treated(folder / "docs" / "data_dictionary.csv") for folder in (before, after))
    found: dict[str, set[str]] = {}
    for (name, column), treated in new.items():
        if old.get((name, column), treated) != treated:
            found.setdefault(name, set()).add(column)
    return found


def _treated(dictionary: Path) -> dict[tuple[str, str], tuple[str, str]]:
    if not dictionary.is_file():
        return {}
    with dictionary.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    return {(line["table"], line["column"]): (line["action"], line["reason"]) for line in lines}


def _find_people(con: duckdb.DuckDBPyConnection, side: str, names: set[str], version: CdmVersion) -> None:
    """Give rows that are somebody's through another table (note_nlp through note) their person."""
    known = schema.tables(version)
    for name in sorted(names & known.keys()):
        column, parent = known[name].person_through or ("", "")
        if parent not in names:
            continue
        mine, theirs = (con.sql(f"SELECT * FROM {quote(f'{side} {one}')} LIMIT 0").columns for one in (name, parent))
        key = known[parent].primary_key[0]
        if column in mine and PERSON not in mine and {key, PERSON} <= set(theirs):
            rows, owner = quote(f"{side} {name}"), quote(f"{side} {parent}")
            con.execute(f"ALTER VIEW {rows} RENAME TO {quote(f'{side} {name} alone')}")
            con.execute(
                f"CREATE TEMP VIEW {rows} AS SELECT t.*, p.{PERSON} FROM {quote(f'{side} {name} alone')} AS t "
                f"LEFT JOIN (SELECT {quote(key)} AS k, any_value({PERSON}) AS {PERSON} FROM {owner} GROUP BY k) AS p "
                f"ON t.{quote(column)} = p.k"
            )


def _roles(con: duckdb.DuckDBPyConnection, side: str) -> dict[str, int]:
    query = f"SELECT role, count(DISTINCT subject_id) FROM {quote(f'{side} cohort')} GROUP BY role ORDER BY role"
    return {str(role): int(count) for role, count in con.execute(query).fetchall()}


def _alone(con: duckdb.DuckDBPyConnection, side: str, other: str) -> dict[str, Ints]:
    """Give the people of one side who are not on the other in any role, by role."""
    gone = f"subject_id NOT IN (SELECT subject_id FROM {quote(f'{other} cohort')})"
    query = f"SELECT DISTINCT CAST(subject_id AS BIGINT) AS s FROM {quote(f'{side} cohort')} WHERE role = ? AND {gone} ORDER BY s"
    found = {role: _numbers(con, query, role) for role in _roles(con, side)}
    return {role: people for role, people in found.items() if len(people)}


def _numbers(con: duckdb.DuckDBPyConnection, query: str, role: str) -> Ints:
    found = con.sql(query, params=[role]).to_arrow_table()
    return arrays.values(found.column(0)).astype(np.int64)


def _group(con: duckdb.DuckDBPyConnection, labels: Labels) -> None:
    """Make `groups` (subject_id, who, of_rows, of_codes, of_person, of_restated): everybody once, a label for each kind of row."""
    con.register("labelled", labels.people)
    places = "list((role, index_date) ORDER BY role, index_date) AS places"
    kinds = ("rows", "codes", "person", "restated")
    label = (
        f"CASE WHEN who <> 'stayed' THEN m.label WHEN touched THEN $touched_{kind} ELSE $rest_{kind} END AS of_{kind}"
        for kind in kinds
    )
    con.execute(
        f"""CREATE TEMP TABLE groups AS
        WITH old_ AS (SELECT CAST(subject_id AS BIGINT) AS subject_id, {places} FROM "old cohort" GROUP BY ALL),
             new_ AS (SELECT CAST(subject_id AS BIGINT) AS subject_id, {places} FROM "new cohort" GROUP BY ALL),
             everybody AS (
                SELECT subject_id, o.places IS DISTINCT FROM n.places AS touched,
                       CASE WHEN o.places IS NULL THEN 'came' WHEN n.places IS NULL THEN 'left' ELSE 'stayed' END AS who
                FROM old_ AS o FULL JOIN new_ AS n USING (subject_id)),
             moved AS (SELECT subject_id, min(label) AS label FROM labelled GROUP BY subject_id)
        SELECT subject_id, who, {", ".join(label)} FROM everybody LEFT JOIN moved AS m USING (subject_id)""",
        {
            f"{name}_{kind}": getattr(side, kind)
            for name, side in (("rest", labels.rest), ("touched", labels.touched))
            for kind in kinds
        },
    )
    con.unregister("labelled")
