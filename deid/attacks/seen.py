"""What an attacker sees of people: one row each, out of the hospital's tables and out of the released ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from deid.events import main_concept
from deid.inputs import RawTable
from deid.permutation import Int64

Floats = NDArray[np.float64]
PUBLIC = {"sex": "gender_concept_id", "birth_year": "year_of_birth", "race": "race_concept_id"}
"""What others may know of a person without having seen a record."""
CODES = 6
"""So many of the commonest codes are looked at one by one."""


@dataclass(frozen=True)
class Seen:
    """People as an attacker describes them.

    names: of the columns; values: float64 (people, columns), NaN for what is not told; ordered: which columns are
    numbers with distances (the others are categories); public: which of them others may know.
    """

    names: tuple[str, ...]
    values: Floats
    ordered: NDArray[np.bool_]
    public: NDArray[np.bool_]

    def of(self, rows: NDArray[np.bool_]) -> Seen:
        """Some of the people."""
        return Seen(self.names, self.values[rows], self.ordered, self.public)


@dataclass(frozen=True)
class Source:
    """One table of one side: FROM clause, column of the person, column of the code."""

    name: str
    rows: str
    person: str
    concept: str


def see(con: duckdb.DuckDBPyConnection, raw: Mapping[str, RawTable], out: Path) -> tuple[Int64, Seen, Seen]:
    """Describe everybody who was released, before and after: person_id (ascending), the hospital's view, the release's.

    Both have the same columns, those that the release tells: of `PUBLIC`, the number of rows in each table of events, and
    whether one of the commonest codes of the hospital's rows stands among them. Table `people` stands already.
    """
    tables = [part for part in raw.values() if main_concept(part.table) and (out / f"{part.name}.parquet").is_file()]
    pairs = [pair for part in tables for pair in _both(con, part, out)]
    known = set(raw["person"].types) & _columns(con, out / "person.parquet") if "person" in raw else set()
    public = [name for name, column in PUBLIC.items() if column in known]
    codes = _commonest(con, [before for before, _ in pairs])
    released = f"read_parquet({_text(out / 'person.parquet')})"
    before = _query(public, [before for before, _ in pairs], codes, "raw_person", "person_id")
    after = _query(public, [after for _, after in pairs], codes, released, "subject_id")
    names = (*public, *(f"n_{one.name}" for one, _ in pairs), *(f"has_{code}" for code in codes))
    ordered = np.array([name == "birth_year" or name.startswith("n_") for name in names], np.bool_)
    others = np.array([name in PUBLIC for name in names], np.bool_)
    ids = con.execute("SELECT person_id FROM people WHERE kept ORDER BY person_id").fetchnumpy()["person_id"]
    views = [Seen(names, _matrix(con, query, len(names)), ordered, others) for query in (before, after)]
    return np.asarray(ids, np.int64), views[0], views[1]


def _both(con: duckdb.DuckDBPyConnection, part: RawTable, out: Path) -> Iterator[tuple[Source, Source]]:
    """A table of events on both sides, where the release tells the code."""
    concept, person, path = str(main_concept(part.table)), str(part.table.person_key), out / f"{part.name}.parquet"
    if {concept, person} <= _columns(con, path) and concept in part.types:
        yield (
            Source(part.name, part.view, person, concept),
            Source(part.name, f"read_parquet({_text(path)})", person, concept),
        )


def _columns(con: duckdb.DuckDBPyConnection, path: Path) -> set[str]:
    return set(con.read_parquet(str(path)).columns)


def _commonest(con: duckdb.DuckDBPyConnection, sources: Sequence[Source]) -> list[int]:
    """The codes that most of the hospital's drawn people carry; of equally common ones the lower id."""
    if not sources:
        return []
    rows = " UNION ".join(f"SELECT {s.person} AS person_id, {s.concept}::BIGINT AS code FROM {s.rows}" for s in sources)
    found = con.execute(
        f"SELECT code FROM ({rows}) SEMI JOIN people USING (person_id) WHERE code <> 0 GROUP BY code "
        f"ORDER BY count(*) DESC, code LIMIT {CODES}"
    ).fetchall()
    return sorted(int(code) for (code,) in found)


def _query(public: Sequence[str], sources: Sequence[Source], codes: Sequence[int], person: str, key: str) -> str:
    """One row for each released person in the order of person_id; key: the column of `people` that this side's rows carry."""
    columns = [f"p.{name}::DOUBLE" for name in public]
    columns += [f"coalesce(e{n}.rows, 0)::DOUBLE" for n in range(len(sources))]
    carried = [[f"coalesce(e{n}.has_{code}, 0)" for n in range(len(sources))] for code in codes]
    columns += [f"greatest({', '.join(parts)})::DOUBLE" for parts in carried if parts]
    has = "".join(f", max(({{concept}} = {code})::INTEGER) AS has_{code}" for code in codes)
    joins = [
        f"LEFT JOIN (SELECT {s.person} AS person_id, count(*) AS rows{has.format(concept=s.concept)} FROM {s.rows} GROUP BY 1) "
        f"AS e{n} ON e{n}.person_id = k.{key}"
        for n, s in enumerate(sources)
    ]
    if public:
        told = ", ".join(f"max({PUBLIC[name]}) AS {name}" for name in public)
        joins.insert(0, f"LEFT JOIN (SELECT person_id, {told} FROM {person} GROUP BY 1) AS p ON p.person_id = k.{key}")
    asked = ", ".join(columns) or "NULL::DOUBLE"
    return f"SELECT {asked} FROM people AS k {' '.join(joins)} WHERE k.kept ORDER BY k.person_id"


def _matrix(con: duckdb.DuckDBPyConnection, query: str, columns: int) -> Floats:
    found = con.sql(query).to_arrow_table()
    if not columns:
        return np.empty((found.num_rows, 0))
    parts = [found.column(n).fill_null(float("nan")).combine_chunks() for n in range(columns)]
    return np.stack([np.frombuffer(part.buffers()[1], np.float64, len(part)) for part in parts], axis=1)


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
