"""What was planted in the synthetic hospital stands in no byte that leaves it, nor in a log, artifact, or database of others.

Compressed Parquet is read, not only searched: every text of every column and the file's own metadata.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from cdm.synthetic import planted
from tests.flows.hospital import home_with_case
from tests.flows.story import World

pytestmark = [pytest.mark.xdist_group("flows_world"), pytest.mark.timeout(600)]  # the first of them builds the world

CANARY = re.compile(rb"ZQX[A-Z2-7]{6}")
# A planted string is found by its first eight bytes, then compared whole. Shorter ones occur by themselves.
HEAD = 8


def texts_of(path: Path) -> bytes:
    """Every text and binary value of a Parquet file, distinct, and its metadata."""
    table = pq.read_table(path)
    found = [str(table.schema.metadata or {}), str(pq.read_metadata(path).metadata or {}), *table.column_names]
    for column in table.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type) or pa.types.is_binary(column.type):
            found += [str(value) for value in pc.unique(column).to_pylist() if value is not None]
        elif pa.types.is_nested(column.type) or pa.types.is_dictionary(column.type):
            found += [str(value) for value in column.to_pylist()]
    return "\n".join(found).encode()


def contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file's bytes; a Parquet file's texts besides."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        yield path, path.read_bytes() + (texts_of(path) if path.suffix == ".parquet" else b"")


class Identifiers:
    """The planted strings, to be searched for all at once."""

    def __init__(self, found: pa.Table) -> None:
        values = [value.encode() for value in found["value"].to_pylist()]
        self.named = {v: name for v, *name in zip(values, *found.drop(["value"]), strict=True) if len(v) >= HEAD}
        self.heads = np.unique(np.frombuffer(b"".join(v[:HEAD] for v in self.named), "<u8"))
        self.begins = np.zeros(1 << 24, bool)  # which three bytes a head begins with: leaves few words to look up
        self.begins[self.heads & 0xFFFFFF] = True
        self.lengths = sorted({len(v) for v in self.named})

    def within(self, content: bytes) -> set[str]:
        """The kinds and forms of what stands in these bytes."""
        found = set()
        for shift in range(HEAD):
            count = max(0, (len(content) - shift) // HEAD)
            words = np.frombuffer(content, "<u8", count, shift) if count else self.heads[:0]
            likely = np.flatnonzero(self.begins[words & 0xFFFFFF])
            # The heads are sorted; np.isin would sort them again for every file.
            nearest = self.heads[np.searchsorted(self.heads[:-1], words[likely])]
            for place in likely[nearest == words[likely]].tolist():
                begin = place * HEAD + shift
                whole = [content[begin : begin + length] for length in self.lengths]
                found |= {str(self.named[value]) for value in whole if value in self.named}
        return found


@pytest.fixture(scope="module")
def identifiers(world: World) -> Identifiers:
    found = planted(world.hospital)
    assert set(found["kind"].to_pylist()) >= {
        "canary",
        "name",
        "resident_number",
        "mobile",
        "hospital_number",
        "address",
    }
    return Identifiers(found)


def leaks(identifiers: Identifiers, named: Iterable[tuple[Path, bytes]]) -> dict[str, set[str]]:
    """File -> what of all that was planted stands in it."""
    found = {str(path): identifiers.within(content) for path, content in named}
    assert found  # something was searched
    return {path: kinds for path, kinds in found.items() if kinds}


def test_the_hospital_holds_what_was_planted(world: World, identifiers: Identifiers) -> None:
    """The search finds what it searches: in the source tables, and in the rows before de-identification."""
    assert CANARY.search(texts_of(world.hospital / "condition_occurrence.parquet"))
    found = identifiers.within(texts_of(world.hospital / "note.parquet"))
    assert {kind.split("'")[1] for kind in found} >= {"canary", "name", "resident_number", "mobile", "mail", "address"}


@pytest.mark.parametrize("place", ["store", "startup", "board", "built", "trust", "sites"])
def test_nothing_planted_stands_where_others_look(world: World, identifiers: Identifiers, place: str) -> None:
    folder = world.home.root / place
    assert leaks(identifiers, contents(folder)) == {}


def test_nothing_planted_stands_in_the_stages_that_are_kept(world: World, identifiers: Identifiers) -> None:
    """Those of the other home are the same bytes, but for Great Expectations' pages."""
    assert leaks(identifiers, contents(world.home.root / "runs")) == {}


def test_nothing_planted_stands_in_prefects_database_results_and_logs(world: World, identifiers: Identifiers) -> None:
    assert (world.server.home / "prefect.db").stat().st_size > 100_000
    assert leaks(identifiers, contents(world.server.home)) == {}
    assert leaks(identifiers, contents(world.run.prefect)) == {}  # persisted results


def test_nothing_planted_was_said(world: World, identifiers: Identifiers) -> None:
    said = "\n".join(ended.out + ended.err for ended in world.run.said).encode()
    assert leaks(identifiers, [(Path("what the commands said"), said)]) == {}


@pytest.mark.parametrize("study", ["gi_bleed", "deterioration"])
def test_no_key_of_the_hospital_is_an_id_in_a_package(world: World, study: str) -> None:
    """person_id, and every other key of the source, is replaced: no value of an id column of the package is one of them."""
    source = Path(world.sources["gibleed" if study == "gi_bleed" else "hanbit"].removeprefix("parquet://"))
    people = pc.unique(pq.read_table(source / "person.parquet", columns=["person_id"])["person_id"].combine_chunks())
    looked = 0
    for path in sorted(world.pulled(study).rglob("*.parquet")):
        table = pq.read_table(path)
        for name in table.column_names:
            if name.endswith("_id") and not name.endswith("concept_id") and pa.types.is_integer(table[name].type):
                shared = pc.sum(
                    pc.is_in(pc.drop_null(pc.cast(table[name], pa.int64())), value_set=pc.cast(people, pa.int64()))
                )
                if name in ("person_id", "subject_id"):
                    assert (shared.as_py() or 0) == 0, (path, name)
                    looked += len(table)
    assert looked > 100


# --- values that stop an engine, whose own error would quote them

SPOILED = {
    "a text among the dates": (
        "observation", "observation_date", "'ZQXSECRET'", "ZQXSECRET", r"at least \d+ values that are not a date"
    ),
    "a date at the end of time": (  # to which no day can be added, as the definition asks of visits
        "visit_occurrence", "visit_start_date", "DATE '5881580-07-10'", "5881580-07-10",
        r"\(OutOfRangeException\); check the types",
    ),
}  # fmt: skip


def spoil(hospital: Path, target: Path, table: str, column: str, value: str) -> None:
    """The hospital with a value that no engine can work with among the dates of a table that the study reads."""
    target.mkdir()
    for path in hospital.iterdir():
        (target / path.name).symlink_to(path)
    victim = target / f"{table}.parquet"
    victim.unlink()
    kind = "VARCHAR" if value.startswith("'") else "DATE"
    with duckdb.connect() as con:
        con.execute(
            f"""COPY (SELECT * REPLACE (CASE WHEN {table}_id % 5 = 0 THEN {value}
                                        ELSE {column}::{kind} END AS {column})
                      FROM read_parquet('{hospital / victim.name}')) TO '{victim}' (FORMAT parquet)"""
        )


@pytest.mark.parametrize("how", SPOILED)
def test_a_value_that_an_engine_quotes_in_its_error_is_not_repeated_anywhere(
    world: World, how: str, tmp_path: Path
) -> None:
    table, column, value, secret, sentence = SPOILED[how]
    spoil(world.hospital, tmp_path / "hospital", table, column, value)
    study = world.studies["deterioration"]
    home = home_with_case(tmp_path / "home", study, "hanbit", f"parquet://{tmp_path / 'hospital'}")
    failed = world.run(home.root, "extract", study, "--site", "hanbit", "--as", "hanbit_data")
    assert (failed.code, failed.out) == (2, "")
    assert re.fullmatch(rf"naru: [^\n]*{sentence}[^\n]*\n", failed.err)
    assert [path.name for path in (home.root / "runs").rglob("*") if path.name.startswith((".partial", "cohort"))] == []
    for folder in (home.root, world.server.home, world.run.prefect):
        for path, content in contents(folder):
            assert secret.encode() not in content, path
    assert secret not in failed.err


def test_prefects_database_was_really_searched(world: World) -> None:
    """What a flow is told stands in it as plain text, so a search of its bytes would find more than that."""
    con = sqlite3.connect(f"file:{world.server.home / 'prefect.db'}?mode=ro", uri=True)
    (runs,) = con.execute("SELECT count(*) FROM flow_run WHERE name LIKE 'extract deterioration%'").fetchone()
    con.close()
    assert runs >= 2
    assert any(b"deterioration" in content for _, content in contents(world.server.home))
