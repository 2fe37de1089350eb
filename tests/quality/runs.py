"""A small clean run of twelve people, six cases and six controls, and a way to put exactly one fault into it.

Person 12 and her case, person 6, were suppressed: everything about them has to be absent from the release.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from cdm.schema import tables
from quality.inputs import GateInputs
from quality.spec import GateSpec
from tests.tables import engine, write_parquet

SETTLED = {
    "raw.person": """
        SELECT p AS person_id, CASE WHEN p % 2 = 0 THEN 8507 ELSE 8532 END AS gender_concept_id,
        1940 + p AS year_of_birth, 0 AS race_concept_id, 0 AS ethnicity_concept_id,
        'MRN-' || p AS person_source_value FROM people""",
    "raw.observation_period": """
        SELECT 500 + p AS observation_period_id, p AS person_id, DATE '2009-01-01' AS observation_period_start_date,
        DATE '2021-12-31' AS observation_period_end_date, 32817 AS period_type_concept_id FROM people""",
    "raw.visit_occurrence": """
        SELECT 1000 + 2 * p + n AS visit_occurrence_id, p AS person_id, 9202 AS visit_concept_id,
        DATE '2018-03-01' + p * 40 + n * 10 AS visit_start_date,
        (DATE '2018-03-01' + p * 40 + n * 10)::TIMESTAMP + to_minutes(30 + p) AS visit_start_datetime,
        DATE '2018-03-02' + p * 40 + n * 10 AS visit_end_date, 32817 AS visit_type_concept_id,
        77 AS provider_id, 'Ward 홍길동' AS visit_source_value FROM people, (SELECT unnest(range(2))::INTEGER AS n)""",
    "raw.measurement": """
        SELECT 7000 + 20 * p + n AS measurement_id, p AS person_id, 3000 + n % 2 AS measurement_concept_id,
        DATE '2018-03-01' + p * 40 + n AS measurement_date,
        (DATE '2018-03-01' + p * 40 + n)::TIMESTAMP + to_seconds(3600 * n + p) AS measurement_datetime,
        32817 AS measurement_type_concept_id, CASE WHEN n = 5 THEN NULL ELSE 100.0 + (p * 20 + n) / 7 END::DOUBLE AS value_as_number,
        8713 AS unit_concept_id, 1000 + 2 * p AS visit_occurrence_id, 'raw ' || p AS measurement_source_value
        FROM people, (SELECT unnest(range(20))::INTEGER AS n)""",
    "raw.death": """
        SELECT p AS person_id, DATE '2020-06-01' AS death_date, 32817 AS death_type_concept_id FROM people WHERE p = 3""",
    "draw": """
        SELECT p AS person_id, CASE WHEN p <= 6 THEN 'case' ELSE 'control' END AS role, DATE '2018-06-01' + p * 40 AS index_date,
        (p - 1) % 6 AS set_id, CASE WHEN p <= 6 THEN 1.0 ELSE 2.5 END::DOUBLE AS weight FROM people""",
}
# Everybody has a birth year of their own here, so nobody is asked to be one of more than one.
RISK: dict[str, Any] = {
    "k": 1,
    "quasi_identifiers": [{"name": "sex"}, {"name": "birth_year"}, {"name": "region"}],
    "linkage": {"limit": 0.9, "curve": [{"knowledge": "shifted", "known": 3, "people": 10, "share": 0.9}]},
    "attacks": {"limit": 0.9, "made": [{"attack": "linkability", "risk": 0.1}, {"attack": "inference", "risk": 0.9}]},
}
SUBJECT = "(p::BIGINT * 7919 * 1000003) % 2147483647"
OFFSET = "((p * 37) % 11 - 5) * 20 + 7"
KEYS = ("person_id", "observation_period_id", "visit_occurrence_id", "measurement_id")
DROPPED = ("person_source_value", "visit_source_value", "measurement_source_value", "provider_id")


@dataclass
class Run:
    """The files of a run as Arrow tables, named 'raw.person', 'deid.person', 'draw', 'crosswalk', 'deid.cohort'."""

    content: dict[str, pa.Table]
    actions: list[dict[str, str]]
    risk: dict[str, Any] = field(default_factory=lambda: dict(RISK))
    stray: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, sql: str) -> Run:
        """Replace a table by a query over the tables of this run (`it` is the table itself)."""
        with engine().cursor() as con:
            con.register("it", self.content[name])
            for other, found in self.content.items():
                con.register(other.replace(".", "_"), found)
            return replace(self, content={**self.content, name: wide(con.sql(sql).to_arrow_table())})

    def without(self, name: str) -> Run:
        return replace(self, content={other: found for other, found in self.content.items() if other != name})

    def record(self, table: str, column: str, action: str) -> Run:
        """Let the policy's record say that something else was done to a column."""
        kept = [entry for entry in self.actions if (entry["table"], entry["column"]) != (table, column)]
        return replace(self, actions=[*kept, {"table": table, "column": column, "action": action, "reason": ""}])

    def write(self, folder: Path, expectations: GateSpec | None = None) -> GateInputs:
        """Write the files and give the gate's inputs."""
        for side in ("raw", "deid"):
            names = {
                name.removeprefix(f"{side}."): t for name, t in self.content.items() if name.startswith(f"{side}.")
            }
            write_parquet(folder / side, names)
        write_parquet(folder, {name: self.content[name] for name in ("draw", "crosswalk")})
        (folder / "deid" / "columns.json").write_text(json.dumps(self.actions))
        (folder / "deid" / "risk.json").write_text(json.dumps(self.risk))
        for name, text in self.stray.items():
            (folder / "deid" / name).write_text(text)
        return GateInputs(
            raw=folder / "raw",
            deid=folder / "deid",
            draw=folder / "draw.parquet",
            crosswalk=folder / "crosswalk.parquet",
            cdm_version="5.4",
            expectations=expectations or GateSpec(),
        )


def wide(found: pa.Table) -> pa.Table:
    """Whole numbers in the CDM's 64 bits, as extraction writes them; SQL literals are narrower."""
    kinds = [pa.int64() if pa.types.is_integer(f.type) else f.type for f in found.schema]
    return found.cast(pa.schema(list(zip(found.column_names, kinds, strict=True))))


@cache
def clean(subject: str = SUBJECT, offset: str = OFFSET) -> Run:
    """The run without a fault, de-identified by plain SQL; `subject` and `offset` are SQL of the person number `p`."""
    crosswalk = (
        f"SELECT p AS person_id, {subject} AS subject_id, {offset} AS offset_days, p NOT IN (6, 12) AS kept FROM people"
    )
    with duckdb.connect() as con:
        con.execute("CREATE TABLE people AS SELECT unnest(range(1, 13))::INTEGER AS p")
        content = {name: wide(con.sql(sql).to_arrow_table()) for name, sql in SETTLED.items()}
        content["crosswalk"] = con.sql(crosswalk).to_arrow_table()
        for name, found in content.items():
            con.register(name.replace(".", "_"), found)
        for name in [name for name in content if name.startswith("raw.")]:
            table = name.removeprefix("raw.")
            content[f"deid.{table}"] = wide(con.sql(deidentified(table, content[name].column_names)).to_arrow_table())
        content["deid.cohort"] = con.sql(
            "SELECT subject_id, 'site-a' AS site_id, (set_id::BIGINT * 48271 + 11) % 2147483647 AS set_id, role, "
            "index_date + offset_days::INTEGER AS index_date, weight FROM draw JOIN crosswalk USING (person_id) "
            "WHERE kept ORDER BY subject_id"
        ).to_arrow_table()
    return Run(content, [_entry(table, column) for table in tables("5.4") for column in tables("5.4")[table].names])


def deidentified(table: str, columns: list[str]) -> str:
    """SQL that de-identifies one of the tables above."""
    listed = []
    for name in columns:
        match _action(name):
            case "pseudonymise" if name == "person_id":
                listed.append("subject_id AS person_id")
            case "pseudonymise":
                listed.append(f"((t.{name}::HUGEINT * 16807 * 48271) % 2147483647)::BIGINT AS {name}")
            case "shift" if name.endswith("_date"):
                listed.append(f"t.{name} + offset_days::INTEGER AS {name}")
            case "shift":
                listed.append(f"t.{name} + to_days(offset_days::INTEGER) AS {name}")
            case "keep":
                listed.append(f"t.{name}")
    key = f", {table}_id" if f"{table}_id" in columns and table != "person" else ""
    return (
        f"SELECT {', '.join(listed)} FROM raw_{table} t JOIN crosswalk c ON c.person_id = t.person_id "
        f"WHERE kept ORDER BY subject_id{key}"
    )


def _entry(table: str, column: str) -> dict[str, str]:
    known = table in {name.removeprefix("raw.") for name in SETTLED}
    return {
        "table": table,
        "column": column,
        "action": _action(column) if known else "drop_table",
        "reason": "",
    }


def _action(column: str) -> str:
    if column in KEYS:
        return "pseudonymise"
    if column.endswith(("_date", "_datetime")) and column != "birth_datetime":
        return "shift"
    if column.endswith("_source_value") or column in DROPPED:
        return "drop"
    return "keep"
