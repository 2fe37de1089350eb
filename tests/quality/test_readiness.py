"""Readiness: one fault in a small hospital each, and exactly its checks fail."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from cdm import open_source
from cdm.schema import tables
from cdm.source import Need
from quality.readiness import check_source
from quality.spec import GateSpec, RequiredConcepts, ValueRange
from quality.verdict import Finding, passed

FILLED = {
    "cdm_source": """SELECT 'A' AS cdm_source_name, 'A' AS cdm_source_abbreviation, 'A' AS cdm_holder,
        DATE '2021-06-30' AS source_release_date, DATE '2021-06-30' AS cdm_release_date, 'v5.4' AS cdm_version,
        756265 AS cdm_version_concept_id, 'v5.0 2024' AS vocabulary_version""",
    "person": """SELECT p AS person_id, 8507 AS gender_concept_id, 1950 + p AS year_of_birth, 0 AS race_concept_id,
        0 AS ethnicity_concept_id FROM range(1, 21) r(p)""",
    "measurement": """SELECT 10 * p + n AS measurement_id, p AS person_id, 3000 AS measurement_concept_id,
        DATE '2020-01-01' + n::INTEGER AS measurement_date, TIMESTAMP '2020-01-01 08:30:00' + to_days(n::INTEGER) AS
        measurement_datetime, 32817 AS measurement_type_concept_id, 1.5 AS value_as_number
        FROM range(1, 21) r(p), range(5) s(n)""",
    "concept": """SELECT * FROM (VALUES (3000, 'lactate'), (3001, 'sodium')) v(concept_id, concept_name)""",
}  # fmt: skip
NEED = Need({"measurement": ("measurement_id", "person_id", "measurement_datetime", "value_as_number")})


def _hospital(path: Path, faults: Mapping[str, str]) -> str:
    """A DuckDB file with whole CDM tables: a column that is not named above is NULL of its type, or 0 where required."""
    known = tables("5.4")
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE SCHEMA cdm")
        for name, sql in {**FILLED, **{n: s for n, s in faults.items() if n in FILLED}}.items():
            con.execute(f"CREATE TEMP TABLE given AS {sql}")
            given = {row[0] for row in con.execute("DESCRIBE given").fetchall()}
            columns = [
                f'"{c.name}"' if c.name in given else f'{_default(c.family, required=c.required)} AS "{c.name}"'
                for c in known[name].columns
            ]
            con.execute(f"CREATE TABLE cdm.{name} AS SELECT {', '.join(columns)} FROM given")
            con.execute("DROP TABLE given")
        con.execute(faults.get("", ""))
    return f"duckdb://{path}?schema=cdm"


def _default(family: str, *, required: bool) -> str:
    kind = {"integer": "INTEGER", "number": "DOUBLE", "date": "DATE", "datetime": "TIMESTAMP", "text": "VARCHAR"}[
        family
    ]
    value = {"INTEGER": "0", "DOUBLE": "0", "DATE": "'2020-01-01'", "TIMESTAMP": "'2020-01-01'", "VARCHAR": "''"}[kind]
    return f"{value if required else 'NULL'}::{kind}"


def _check(
    tmp_path: Path,
    need: Need = NEED,
    concepts: Mapping[str, Collection[int]] | None = None,
    hours: Collection[str] = (),
    **faults: str,
) -> tuple[Finding, ...]:
    faults = {name.strip("_"): sql for name, sql in faults.items()}
    with open_source(_hospital(tmp_path / "hospital.duckdb", faults), tmp_path) as source:
        return check_source(source, need, concepts=concepts, hours=hours)


def _failures(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(finding.check.removeprefix("readiness."), finding.place) for finding in findings if finding.failed]


def test_a_ready_hospital_has_no_failure(tmp_path: Path) -> None:
    findings = _check(tmp_path, concepts={"lactate": [3000]}, hours=["measurement"])
    assert _failures(findings) == []
    assert passed(findings)


def test_a_missing_table_blocks(tmp_path: Path) -> None:
    findings = _check(tmp_path, Need({"measurement": (), "drug_exposure": ()}))
    assert ("table_exists", "drug_exposure") in _failures(findings)
    assert not passed(findings)


def test_a_missing_required_column_blocks_and_an_optional_one_warns(tmp_path: Path) -> None:
    sql = "ALTER TABLE cdm.measurement DROP COLUMN measurement_date; ALTER TABLE cdm.measurement DROP COLUMN value_as_number"
    findings = _check(tmp_path, __=sql)
    assert _failures(findings) == [
        ("column_exists", "measurement.measurement_date"),
        ("optional_column_exists", "measurement.value_as_number"),
    ]


def test_an_empty_table_warns(tmp_path: Path) -> None:
    findings = _check(tmp_path, measurement=f"{FILLED['measurement']} LIMIT 0")
    assert _failures(findings) == [("table_not_empty", "measurement")]
    assert passed(findings)


def test_a_column_without_any_value_warns(tmp_path: Path) -> None:
    findings = _check(tmp_path, __="UPDATE cdm.measurement SET value_as_number = NULL")
    assert _failures(findings) == [("column_filled", "measurement.value_as_number")]
    assert passed(findings)


def test_a_required_value_that_is_empty_blocks(tmp_path: Path) -> None:
    findings = _check(tmp_path, __="UPDATE cdm.measurement SET measurement_id = NULL WHERE measurement_id = 10")
    assert _failures(findings) == [("required_filled", "measurement.measurement_id")]


@pytest.mark.parametrize("sql", ["DELETE FROM cdm.person WHERE person_id = 3"])
def test_rows_of_nobody_block(sql: str, tmp_path: Path) -> None:
    findings = _check(tmp_path, __=sql)
    assert _failures(findings) == [("person_resolves", "measurement.person_id")]
    assert next(f.measured for f in findings if f.failed) == 5


def test_dates_after_the_release_year_or_before_birth_warn(tmp_path: Path) -> None:
    sql = "UPDATE cdm.measurement SET measurement_date = DATE '2022-01-01' WHERE person_id = 1"
    findings = _check(
        tmp_path, __=f"{sql}; UPDATE cdm.measurement SET measurement_date = DATE '1940-01-01' WHERE person_id = 2"
    )
    assert _failures(findings) == [
        ("dates_plausible", "measurement.measurement_date"),
        ("not_before_birth", "measurement.measurement_date"),
    ]


def test_dates_without_a_time_of_day_block_a_study_that_needs_hours(tmp_path: Path) -> None:
    sql = "UPDATE cdm.measurement SET measurement_datetime = measurement_date WHERE measurement_id % 10 <> 0"
    assert _failures(_check(tmp_path, __=sql)) == []
    (tmp_path / "hospital.duckdb").unlink()
    assert _failures(_check(tmp_path, hours=["measurement"], __=sql)) == [
        ("times_recorded", "measurement.measurement_datetime")
    ]


def test_a_concept_that_the_vocabulary_does_not_know_blocks(tmp_path: Path) -> None:
    findings = _check(tmp_path, concepts={"lactate": [3000, 9999], "sodium": [3001]})
    assert [(f.detail, f.measured, f.denominator) for f in findings if f.failed] == [("lactate", 1, 2)]
    assert not passed(findings)


def test_a_database_that_says_twice_what_it_is_blocks(tmp_path: Path) -> None:
    findings = _check(tmp_path, cdm_source=f"{FILLED['cdm_source']} UNION ALL {FILLED['cdm_source']}")
    assert _failures(findings) == [("one_source_row", "cdm_source")]


ASKED = GateSpec(
    required_concepts=(RequiredConcepts(name="lactate", table="measurement", concepts=(3000,), min_people=20),),
    completeness={"measurement.measurement_datetime": 95, "measurement.value_as_number": 50},
    ranges=(ValueRange(concepts=(3000,), units=(8753,), low=0, high=30),),
)
UNITS = "UPDATE cdm.measurement SET unit_concept_id = 8753"


def _asked(tmp_path: Path, sql: str, spec: GateSpec = ASKED) -> tuple[Finding, ...]:
    sets = {"lactate": pa.array([3000, 3001], pa.int64())}
    with open_source(_hospital(tmp_path / "hospital.duckdb", {"": f"{UNITS}; {sql}"}), tmp_path) as source:
        return check_source(source, NEED, spec=spec, sets=sets)


def test_a_hospital_that_records_what_the_study_asks_is_ready(tmp_path: Path) -> None:
    found = _asked(tmp_path, "")
    assert _failures(found) == []
    (people,) = [f for f in found if f.check == "readiness.concept_recorded"]
    assert (people.measured, people.threshold, people.detail) == (20, 20, "lactate")


@pytest.mark.parametrize(
    ("sql", "failure"),
    [
        ("UPDATE cdm.measurement SET measurement_concept_id = 1 WHERE person_id = 7",
         ("concept_recorded", "measurement.measurement_concept_id")),
        ("UPDATE cdm.measurement SET unit_concept_id = 8840 WHERE person_id <= 11",
         ("unit_usable", "measurement.value_as_number")),
        ("UPDATE cdm.measurement SET value_as_number = NULL WHERE person_id <= 11",
         ("column_complete", "measurement.value_as_number")),
        ("UPDATE cdm.measurement SET measurement_datetime = measurement_date WHERE person_id = 5 OR person_id = 6",
         ("hours_recorded", "measurement.measurement_datetime")),
    ],
)  # fmt: skip
def test_what_a_study_asks_and_does_not_find_is_told(tmp_path: Path, sql: str, failure: tuple[str, str]) -> None:
    assert _failures(_asked(tmp_path, sql)) == [failure]


def test_a_concept_set_that_occurs_nowhere_warns(tmp_path: Path) -> None:
    found = _asked(tmp_path, "UPDATE cdm.measurement SET measurement_concept_id = 1")
    failed = {f.check.removeprefix("readiness."): f.severity for f in found if f.failed}
    assert failed == {"concept_recorded": "block", "concept_set_populated": "warn"}


def test_what_is_asked_of_a_table_that_is_not_there_is_found_in_nobody(tmp_path: Path) -> None:
    spec = GateSpec(
        required_concepts=(RequiredConcepts(name="aspirin", table="drug_exposure", concepts=(1,), min_people=5),),
        completeness={"drug_exposure.drug_exposure_start_datetime": 10},
    )
    found = _asked(tmp_path, "", spec)
    assert [(f.check, f.measured) for f in found if f.failed] == [
        ("readiness.concept_recorded", 0),
        ("readiness.hours_recorded", 0),
    ]
