"""Tiny CDMs full of edges, made from a seed.

Overlapping observation periods, same-day events, equal ids in different tables, NULLs wherever the CDM allows them,
events outside observation, ends before starts, several death records, people missing from PERSON, invalid concepts,
concepts missing from CONCEPT.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

PEOPLE = 24
EPOCH = np.datetime64("2010-01-01")
SPAN = 900
CONCEPTS = tuple(range(1, 25))  # 23 and 24 are not in CONCEPT; 20..22 are invalid
ANCESTORS = {1: (1, 2, 3, 4, 20), 5: (5, 6, 7), 8: (8, 9, 21), 10: tuple(range(10, 20)), 2: (2,), 3: (3,), 6: (6, 22)}
MAPS = ((2, 1), (12, 11), (14, 5), (23, 6), (15, 20))  # concept_id_1 'Maps to' concept_id_2; the last is invalid
TEXTS = ("alpha", "beta", "alphabet", "50% off", "o'neil", "")


class _Maker:
    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)

    def ints(self, rows: int, low: int, high: int, null: float = 0.0) -> pa.Array:
        return pa.array(self.random.integers(low, high, rows), pa.int64(), mask=self.random.random(rows) < null)

    def numbers(self, rows: int, null: float = 0.2) -> pa.Array:
        values = self.random.choice([0, 0.5, 1, 1.25, 2, 3, 4.99995, 5, 7.5, 10], rows)
        return pa.array(values.astype(float), mask=self.random.random(rows) < null)

    def texts(self, rows: int) -> pa.Array:
        return pa.array(self.random.choice(TEXTS, rows), mask=self.random.random(rows) < 0.2)

    def days(self, rows: int) -> np.ndarray:
        # Few distinct days, so that many events share one.
        return self.random.integers(0, SPAN // 15, rows) * 15 + self.random.integers(-1, 2, rows)

    def ends(self, start: np.ndarray, null: float, longest: int = 60) -> pa.Array:
        rows = len(start)
        end = start + self.random.choice([-2, 0, 1, 5, 14, 30, longest], rows)
        return pa.array(EPOCH + end, mask=self.random.random(rows) < null)


def _events(
    make: _Maker, table: str, rows: int, key: str, prefix: str, end: str | None, null_end: float = 0.3
) -> dict[str, pa.Array]:
    start = make.days(rows)
    first = make.random.integers(1, 6)
    columns = {
        key: pa.array(first + make.random.permutation(rows), pa.int64()),
        "person_id": make.ints(rows, 1, PEOPLE + 2),
        f"{prefix}_start_date" if end else f"{prefix}_date": pa.array(EPOCH + start),
    }
    if end:
        columns[end] = make.ends(start, null_end)
    return columns


def _common(make: _Maker, rows: int) -> dict[str, pa.Array]:
    return {"provider_id": make.ints(rows, 1, 6, 0.2), "visit_occurrence_id": make.ints(rows, 1, 60, 0.3)}


def tables(seed: int) -> dict[str, pa.Table]:
    """All tables of a tiny CDM."""
    make = _Maker(seed)
    concept = lambda rows, null=0.05: make.ints(rows, 1, 25, null)  # noqa: E731
    small = lambda rows: make.ints(rows, 1, 6, 0.2)  # noqa: E731
    made: dict[str, dict[str, pa.Array]] = {}
    made["person"] = {
        "person_id": pa.array(range(1, PEOPLE + 1), pa.int64()),
        "gender_concept_id": make.ints(PEOPLE, 1, 4), "year_of_birth": make.ints(PEOPLE, 1940, 2000),
        "race_concept_id": make.ints(PEOPLE, 1, 5), "ethnicity_concept_id": make.ints(PEOPLE, 1, 4),
    }  # fmt: skip
    rows = PEOPLE + 14
    start = make.random.integers(0, SPAN // 2, rows) - 30
    people = np.concatenate([np.arange(1, PEOPLE + 2), make.random.integers(1, PEOPLE + 1, rows - PEOPLE - 1)])
    made["observation_period"] = {
        "observation_period_id": pa.array(1 + make.random.permutation(rows), pa.int64()), "person_id": pa.array(people, pa.int64()),
        "observation_period_start_date": pa.array(EPOCH + start),
        "observation_period_end_date": pa.array(EPOCH + start + make.random.integers(0, SPAN, rows)),
        "period_type_concept_id": small(rows),
    }  # fmt: skip
    rows = PEOPLE + 10
    start = make.random.integers(0, SPAN // 2, rows)
    made["payer_plan_period"] = {
        "payer_plan_period_id": pa.array(1 + make.random.permutation(rows), pa.int64()), "person_id": make.ints(rows, 1, PEOPLE + 1),
        "payer_plan_period_start_date": pa.array(EPOCH + start),
        "payer_plan_period_end_date": pa.array(EPOCH + start + make.random.integers(0, SPAN, rows)),
        **{f"{name}_concept_id": concept(rows, 0.2) for name in ("payer", "plan", "sponsor", "stop_reason", "payer_source",
           "plan_source", "sponsor_source", "stop_reason_source")},
    }  # fmt: skip
    rows = 59
    start = make.days(rows)
    made["visit_occurrence"] = {
        "visit_occurrence_id": pa.array(1 + make.random.permutation(rows), pa.int64()), "person_id": make.ints(rows, 1, PEOPLE + 2),
        "visit_concept_id": concept(rows), "visit_start_date": pa.array(EPOCH + start), "visit_end_date": make.ends(start, 0.1),
        "visit_type_concept_id": small(rows), "provider_id": make.ints(rows, 1, 6, 0.2), "care_site_id": make.ints(rows, 1, 5, 0.2),
        "visit_source_concept_id": concept(rows, 0.3),
    }  # fmt: skip
    rows = 40
    made["visit_detail"] = {
        **_events(make, "visit_detail", rows, "visit_detail_id", "visit_detail", "visit_detail_end_date", 0.1),
        "visit_detail_concept_id": concept(rows), "visit_detail_type_concept_id": small(rows), "care_site_id": make.ints(rows, 1, 5, 0.2),
        "visit_detail_source_concept_id": concept(rows, 0.3), **_common(make, rows),
    }  # fmt: skip
    rows = 120
    made["condition_occurrence"] = {
        **_events(make, "condition_occurrence", rows, "condition_occurrence_id", "condition", "condition_end_date"),
        "condition_concept_id": concept(rows), "condition_source_concept_id": concept(rows, 0.3), "condition_type_concept_id": small(rows),
        "condition_status_concept_id": small(rows), "stop_reason": make.texts(rows), "visit_detail_id": make.ints(rows, 1, 9, 0.3),
        **_common(make, rows),
    }  # fmt: skip
    made["drug_exposure"] = {
        **_events(make, "drug_exposure", rows, "drug_exposure_id", "drug_exposure", "drug_exposure_end_date", 0.5),
        "drug_concept_id": concept(rows), "drug_source_concept_id": concept(rows, 0.3), "drug_type_concept_id": small(rows),
        "stop_reason": make.texts(rows), "refills": make.ints(rows, 0, 4, 0.2), "quantity": make.numbers(rows),
        "days_supply": make.ints(rows, 0, 40, 0.4), "route_concept_id": small(rows), "lot_number": make.texts(rows),
        "visit_detail_id": make.ints(rows, 1, 9, 0.3), **_common(make, rows),
    }  # fmt: skip
    rows = 70
    made["procedure_occurrence"] = {
        **_events(make, "procedure_occurrence", rows, "procedure_occurrence_id", "procedure", None),
        "procedure_concept_id": concept(rows), "procedure_source_concept_id": concept(rows, 0.3), "procedure_type_concept_id": small(rows),
        "modifier_concept_id": small(rows), "quantity": make.ints(rows, 0, 5, 0.2), "visit_detail_id": make.ints(rows, 1, 9, 0.3),
        **_common(make, rows),
    }  # fmt: skip
    made["device_exposure"] = {
        **_events(make, "device_exposure", rows, "device_exposure_id", "device_exposure", "device_exposure_end_date"),
        "device_concept_id": concept(rows), "device_source_concept_id": concept(rows, 0.3), "device_type_concept_id": small(rows),
        "unique_device_id": make.texts(rows), "quantity": make.ints(rows, 0, 5, 0.2), "visit_detail_id": make.ints(rows, 1, 9, 0.3),
        **_common(make, rows),
    }  # fmt: skip
    rows = 100
    made["measurement"] = {
        **_events(make, "measurement", rows, "measurement_id", "measurement", None),
        "measurement_concept_id": concept(rows), "measurement_source_concept_id": concept(rows, 0.3),
        "measurement_type_concept_id": small(rows), "operator_concept_id": small(rows), "value_as_number": make.numbers(rows),
        "value_as_concept_id": small(rows), "unit_concept_id": small(rows),
        "range_low": make.numbers(rows), "range_high": make.numbers(rows),
        "visit_detail_id": make.ints(rows, 1, 9, 0.3), **_common(make, rows),
    }  # fmt: skip
    made["observation"] = {
        **_events(make, "observation", rows, "observation_id", "observation", None),
        "observation_concept_id": concept(rows), "observation_source_concept_id": concept(rows, 0.3),
        "observation_type_concept_id": small(rows), "value_as_number": make.numbers(rows), "value_as_string": make.texts(rows),
        "value_as_concept_id": small(rows), "qualifier_concept_id": small(rows), "unit_concept_id": small(rows),
        "visit_detail_id": make.ints(rows, 1, 9, 0.3), **_common(make, rows),
    }  # fmt: skip
    rows = 40
    made["specimen"] = {
        **_events(make, "specimen", rows, "specimen_id", "specimen", None),
        "specimen_concept_id": concept(rows), "specimen_type_concept_id": small(rows), "quantity": make.numbers(rows),
        "unit_concept_id": small(rows), "anatomic_site_concept_id": small(rows), "disease_status_concept_id": small(rows),
        "specimen_source_id": make.texts(rows),
    }  # fmt: skip
    made["episode"] = {
        **_events(make, "episode", rows, "episode_id", "episode", "episode_end_date", 0.2),
        "episode_concept_id": concept(rows), "episode_number": make.ints(rows, 1, 4, 0.2), "episode_object_concept_id": concept(rows),
        "episode_type_concept_id": small(rows),
    }  # fmt: skip
    rows = 14
    made["death"] = {
        "person_id": make.ints(rows, 1, PEOPLE + 2), "death_date": pa.array(EPOCH + make.days(rows)),
        "death_type_concept_id": small(rows), "cause_concept_id": concept(rows, 0.2), "cause_source_concept_id": concept(rows, 0.3),
    }  # fmt: skip
    for era, extra in (("condition", {}), ("drug", {}), ("dose", {})):
        rows = 60
        made[f"{era}_era"] = _events(make, era, rows, f"{era}_era_id", f"{era}_era", f"{era}_era_end_date", 0.0) | extra
        made[f"{era}_era"]["condition_concept_id" if era == "condition" else "drug_concept_id"] = concept(rows)
    made["condition_era"]["condition_occurrence_count"] = make.ints(60, 1, 5, 0.1)
    made["drug_era"] |= {"drug_exposure_count": make.ints(60, 1, 5, 0.1), "gap_days": make.ints(60, 0, 40, 0.2)}
    made["dose_era"] |= {"unit_concept_id": small(60), "dose_value": make.numbers(60)}
    made["provider"] = {"provider_id": pa.array(range(1, 5), pa.int64()), "specialty_concept_id": concept(4, 0.2)}
    made["care_site"] = {
        "care_site_id": pa.array(range(1, 4), pa.int64()),
        "place_of_service_concept_id": concept(3, 0.2),
    }
    return {name: pa.table(columns) for name, columns in (made | _vocabulary()).items()}


def _vocabulary() -> Mapping[str, dict[str, pa.Array]]:
    known = [concept for concept in CONCEPTS if concept < 23]
    pairs = [(ancestor, child) for ancestor, children in ANCESTORS.items() for child in children]
    return {
        "concept": {
            "concept_id": pa.array(known, pa.int64()),
            "invalid_reason": pa.array(["D" if c >= 20 else None for c in known]),
        },
        "concept_ancestor": {
            "ancestor_concept_id": pa.array([a for a, _ in pairs], pa.int64()),
            "descendant_concept_id": pa.array([d for _, d in pairs], pa.int64()),
        },
        "concept_relationship": {
            "concept_id_1": pa.array([one for one, _ in MAPS], pa.int64()),
            "concept_id_2": pa.array([two for _, two in MAPS], pa.int64()),
            "relationship_id": pa.array(["Maps to"] * len(MAPS)),
            "invalid_reason": pa.array([None] * (len(MAPS) - 1) + ["D"], pa.string()),
        },
    }


def write(path: Path, given: Mapping[str, pa.Table]) -> Path:
    """A DuckDB file of these tables in schema `cdm`."""
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE SCHEMA cdm")
        for name, table in given.items():
            con.register("given", table)
            con.execute(f"CREATE TABLE cdm.{name} AS SELECT * FROM given")
            con.unregister("given")
    return path


def shuffled(given: Mapping[str, pa.Table], seed: int) -> dict[str, pa.Table]:
    """The same tables in another physical order."""
    random = np.random.default_rng(seed)
    return {name: table.take(random.permutation(table.num_rows)) for name, table in given.items()}
