"""A made-up hospital whose every value can be told again, and an attacker who looks at a release with the hospital's rows."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cdm.schema import Column, Table, tables
from deid.policy import Policy, Rule, StudyPolicy, compose
from deid.report import column_record, write_json
from quality.gate import judge_release
from quality.inputs import GateInputs
from tests.deid.extracts import loose_programme, run
from tests.tables import write_parquet

PEOPLE = 24
ROWS = 96
K = 3
COMMON, RARE, SENSITIVE = 11, 99, 77
OLDEST = range(1, 7)  # three born about 1903, three about 1915: above the top age, in different bands
END = dt.date(2017, 12, 31)  # of the hospital's database, and so of nearly everybody's observation period
FIRST = dt.date(2014, 3, 1)
# Person 1's note; a name and numbers that stand nowhere else.
NAME, NUMBER = "홍길동", "010-8765-4321"
DRAW = pa.table(
    {
        "person_id": range(1, PEOPLE + 1),
        "role": ["case", "control"] * (PEOPLE // 2),
        "index_date": [FIRST + dt.timedelta(days=700 + i // 2) for i in range(PEOPLE)],
        "set_id": [i // 2 + 1 for i in range(PEOPLE)],
        "weight": [1.0] * PEOPLE,
    }
)


@cache
def policy() -> Policy:
    """The programme's policy with notes, for as few people as there are here."""
    return compose(loose_programme(k=K, suppression_limit=0.3), None, StudyPolicy(text_asked=("note",)))


@cache
def hospital() -> dict[str, pa.Table]:
    """Every table that may leave, every column filled."""
    given = policy()
    return {name: _table(tables("5.4")[name]) for name in given.columns if name in tables("5.4")}


def _table(table: Table) -> pa.Table:
    rows = PEOPLE if table.name in ("person", "death", "location") else 1 if table.name == "cdm_source" else ROWS
    return pa.table({column.name: _values(table, column, rows) for column in table.columns})


def _values(table: Table, column: Column, rows: int) -> pa.Array:
    match column.family:
        case "text":
            return pa.array([_text(table, column, row) for row in range(rows)])
        case "date":
            late = 3 if column.name.endswith("_end_date") else 0
            if column.name == "observation_period_end_date":
                return pa.array([END if row % PEOPLE < 20 else END - dt.timedelta(days=row) for row in range(rows)])
            return pa.array([FIRST + dt.timedelta(days=7 * row + late) for row in range(rows)])
        case "datetime":
            start = dt.datetime.combine(FIRST, dt.time(9, 41, 17))
            return pa.array([start + dt.timedelta(days=7 * row) for row in range(rows)])
        case "number":
            return pa.array([float(row) for row in range(rows)])
        case _:
            return pa.array([_integer(table, column, row) for row in range(rows)], pa.int64())


def _text(table: Table, column: Column, row: int) -> str:
    if column.name == "note_text":
        return f"{NAME}님 연락처 {NUMBER}, 특이 소견 없음 {row}"
    if column.name == "state":
        return "서울" if row // 6 % 2 else "CANARY of a place that is in no list"
    return f"CANARY {table.name} {column.name} {row}"


def _integer(table: Table, column: Column, row: int) -> int:
    if column.name == table.person_key:
        return row % PEOPLE + 1
    if column.name == "year_of_birth":
        return (1902 if row < 3 else 1915 if row < 6 else 1950 + row // 6 * 10) + row % 3
    if column.name == "gender_concept_id":
        return 8507 + 25 * (row >= 6 and row % 6 >= 3)
    if not column.is_concept:
        is_key = policy().rule(table.name, column.name).action == "pseudonymise"
        return 500_000 + row if is_key or column.references or (column.name,) == table.primary_key else row
    if policy().rule(table.name, column.name).by != "common":
        return COMMON + row % 2
    # One person of each table has a rare code, some a sensitive one.
    return {5: RARE, 7: SENSITIVE, 8: SENSITIVE, 9: SENSITIVE}.get(row, COMMON + row % 2)


def release(folder: Path, given: Policy, content: Mapping[str, pa.Table] | None = None) -> Path:
    """De-identify the hospital under a policy, and write what the programme's own policy would have recorded."""
    vocabulary = write_parquet(
        folder / "known",
        {
            "concepts": pa.table(
                {"concept_id": [SENSITIVE], "vocabulary_id": ["SNOMED"], "concept_code": ["74732009"]}
            ),
            "ancestors": pa.table(
                {name: pa.array([], pa.int64()) for name in ("ancestor_concept_id", "descendant_concept_id", "min_levels_of_separation")}
            ),
        },
    )  # fmt: skip
    run(folder, content or hospital(), DRAW, given, vocabulary=vocabulary, names=pa.table({"name": [NAME]}))
    out = folder / "out"
    write_json(column_record(policy(), "5.4"), out / "columns.json")
    recorded = json.loads((out / "risk.json").read_text())
    write_json({**recorded, "k": K}, out / "risk.json")
    return folder


def attack(folder: Path) -> list[str]:
    """What the gate and an attacker find wrong with a release, sorted."""
    gate = judge_release(
        GateInputs(
            raw=folder / "raw", deid=folder / "out", draw=folder / "draw.parquet",
            crosswalk=folder / "private" / "crosswalk.parquet", cdm_version="5.4",
        )
    )  # fmt: skip
    blocked = {finding.check for finding in gate.failures if finding.severity == "block"}
    return sorted(blocked | set(_seen(folder)))


def _seen(folder: Path) -> Iterator[str]:
    for path in sorted((folder / "out").glob("*.parquet")):
        found = pq.read_table(path)
        text = json.dumps(found.to_pylist(), default=str, ensure_ascii=False)
        if "CANARY" in text or NAME in text or NUMBER[-9:] in text:
            yield "a text of the hospital"
        source = folder / "raw" / path.name
        if source.is_file():
            raw = pq.read_table(source)
            concepts = [c.name for c in tables("5.4")[path.stem].columns if c.is_concept]
            if any(SENSITIVE in found[name].to_pylist() for name in concepts if name in found.column_names):
                yield "a sensitive code"
            yield from _same(raw, found, path.stem)
    people = pq.read_table(folder / "private" / "crosswalk.parquet").to_pylist()
    person = {row["person_id"]: row for row in pq.read_table(folder / "out" / "person.parquet").to_pylist()}
    oldest = [
        person[row["subject_id"]]["year_of_birth"]
        for row in people
        if row["person_id"] in OLDEST and row["subject_id"] in person
    ]
    if len(set(oldest)) > 1:
        yield "the age of the oldest"
    moved = {row["subject_id"]: END + dt.timedelta(days=row["offset_days"]) for row in people}
    periods = pq.read_table(folder / "out" / "observation_period.parquet").to_pylist()
    if sum(row["observation_period_end_date"] == moved.get(row["person_id"]) for row in periods) > len(periods) / 2:
        yield "a day that many share"


def _same(raw: pa.Table, found: pa.Table, name: str) -> Iterator[str]:
    """Dates, times and numbers of rows that the hospital would know again."""
    table = tables("5.4")[name]
    for column in table.columns:
        if column.name not in found.column_names:
            continue
        both = set(raw[column.name].to_pylist()) & set(found[column.name].to_pylist()) - {None}
        renumbered = policy().rule(name, column.name).action == "pseudonymise"
        if (renumbered or (column.name,) == table.primary_key) and len(both) > PEOPLE // 4:
            yield "the hospital's own keys"
        if table.person_key is None and column.family in ("date", "datetime") and both:
            yield "a date of the hospital"


def weaker(given: Policy, table: str, column: str) -> Policy:
    """The policy with one rule switched off; the two ends of a period are of one rule."""
    off = [column]
    if given.columns[table][column].by == "own-days":
        off = [name for name, rule in given.columns[table].items() if rule.by == "own-days"]
    rules = {**given.columns[table], **dict.fromkeys(off, Rule(action="keep"))}
    return dataclasses.replace(given, columns={**given.columns, table: rules})
