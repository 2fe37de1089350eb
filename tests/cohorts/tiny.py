"""Tiny CDMs full of edges, made from a seed.

Observation periods that overlap, touch, are equal, or last a day; people without any; same-day events; equal ids, people
and days in different tables; NULLs wherever the CDM allows them; events outside observation; ends before starts; several
death records; people missing from PERSON; visits of somebody else; providers and places that are not there; invalid
concepts (with a reason, or with an empty one), concepts missing from CONCEPT, concept 0. Odd seeds hold 32-bit integers,
even ones 64-bit, with ids beyond 32 bits in one table; every fourth has tables without rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

PEOPLE = 24
EPOCH = np.datetime64("2010-01-01")
SPAN = 900
CONCEPTS = tuple(range(1, 25))  # 23 and 24 are not in CONCEPT; 19..22 are invalid
ANCESTORS = {1: (1, 2, 3, 4, 20), 5: (5, 6, 7), 8: (8, 9, 21), 10: tuple(range(10, 20)), 2: (2,), 3: (3,), 6: (6, 22)}
MAPS = ((2, 1), (12, 11), (14, 5), (23, 6), (15, 20))  # concept_id_1 'Maps to' concept_id_2; the last is invalid
TEXTS = ("alpha", "beta", "alphabet", "50% off", "o'neil", "Alpha", "")
ABNORMAL = (4155142, 4155143)
BEYOND = 3_000_000_000  # an id that needs 64 bits


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

    def mostly(self, values: pa.Array, other: pa.Array, share: float) -> pa.Array:
        """These values, but for some rows (a share of them) the other ones."""
        return pc.if_else(pa.array(self.random.random(len(values)) < share), other, values)

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


def _periods(make: _Maker) -> dict[str, np.ndarray]:
    """One for nearly everybody, then further ones: anywhere, right after the first, equal to it, of one day."""
    people = np.arange(2, PEOPLE + 2)  # person 1 has none of these, PEOPLE + 1 is not in PERSON
    start = make.random.integers(-30, SPAN // 3, len(people))
    end = start + make.random.integers(SPAN // 3, SPAN, len(people))
    again = make.random.choice(len(people), 18, replace=False)
    other_start = make.random.integers(0, SPAN // 2, 6)
    further = [
        (people[again[:6]], other_start, other_start + make.random.integers(0, SPAN, 6)),
        (people[again[6:10]], end[again[6:10]] + 1, end[again[6:10]] + make.random.integers(1, 200, 4)),
        (people[again[10:14]], start[again[10:14]], end[again[10:14]]),
        (people[again[14:]], start[again[14:]], start[again[14:]]),
    ]
    parts = [(people, start, end), *further]
    return {name: np.concatenate([part[n] for part in parts]) for n, name in enumerate(("person_id", "start", "end"))}


def _own_visits(make: _Maker, made: dict[str, dict[str, pa.Array]]) -> None:
    """Most events that name a visit name one of their person's."""
    visits = made["visit_occurrence"]
    own: dict[int, int] = dict(
        zip(visits["person_id"].to_pylist(), visits["visit_occurrence_id"].to_pylist(), strict=True)
    )
    for name, columns in made.items():
        if name != "visit_occurrence" and "visit_occurrence_id" in columns:
            theirs = pa.array([own.get(person) for person in columns["person_id"].to_pylist()], pa.int64())
            columns["visit_occurrence_id"] = make.mostly(columns["visit_occurrence_id"], theirs, 0.6)


def _collisions(made: dict[str, dict[str, pa.Array]]) -> None:
    """Procedures and observations with the id, person and day of a condition."""
    condition = made["condition_occurrence"]
    for name, first, last in (("procedure", 0, 12), ("observation", 8, 20)):
        columns = made["procedure_occurrence" if name == "procedure" else name]
        key = "procedure_occurrence_id" if name == "procedure" else "observation_id"
        same = slice(first, last)
        taken = set(condition["condition_occurrence_id"][same].to_pylist())
        free = (number for number in range(1, 1000) if number not in taken)
        count = last - first
        rest = len(columns[key]) - count
        columns[key] = pa.array(
            [*condition["condition_occurrence_id"][same].to_pylist(), *(next(free) for _ in range(rest))]
        )
        for column, source in (("person_id", "person_id"), (f"{name}_date", "condition_start_date")):
            columns[column] = pa.concat_arrays([condition[source][same], columns[column][count:]])


def tables(seed: int) -> dict[str, pa.Table]:
    """All tables of a tiny CDM."""
    make = _Maker(seed)
    concept = lambda rows, null=0.05: make.ints(rows, 0, 25, null)  # noqa: E731
    small = lambda rows: make.ints(rows, 1, 6, 0.2)  # noqa: E731
    made: dict[str, dict[str, pa.Array]] = {}
    made["person"] = {
        "person_id": pa.array(range(1, PEOPLE + 1), pa.int64()),
        "gender_concept_id": make.ints(PEOPLE, 1, 4, 0.1), "year_of_birth": make.ints(PEOPLE, 1940, 2000, 0.1),
        "race_concept_id": make.ints(PEOPLE, 1, 5, 0.1), "ethnicity_concept_id": make.ints(PEOPLE, 1, 4, 0.1),
    }  # fmt: skip
    periods = _periods(make)
    rows = len(periods["person_id"])
    made["observation_period"] = {
        "observation_period_id": pa.array(1 + make.random.permutation(rows), pa.int64()),
        "person_id": pa.array(periods["person_id"], pa.int64()),
        "observation_period_start_date": pa.array(EPOCH + periods["start"]),
        "observation_period_end_date": pa.array(EPOCH + periods["end"]),
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
        "value_as_concept_id": make.mostly(small(rows), pa.array(make.random.choice(ABNORMAL, rows), pa.int64()), 0.2),
        "unit_concept_id": small(rows), "range_low": make.numbers(rows), "range_high": make.numbers(rows),
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
    _own_visits(make, made)
    _collisions(made)
    if seed % 2 == 0:
        made["measurement"]["measurement_id"] = pc.add(made["measurement"]["measurement_id"], pa.scalar(BEYOND))
    found = {name: pa.table(columns) for name, columns in (made | _vocabulary()).items()}
    if seed % 4 == 0:
        found |= {name: found[name].slice(0, 0) for name in ("specimen", "episode", "dose_era", "provider")}
    return found if seed % 2 == 0 else {name: _in_32_bits(table) for name, table in found.items()}


def _in_32_bits(table: pa.Table) -> pa.Table:
    kinds = [pa.field(field.name, pa.int32() if field.type == pa.int64() else field.type) for field in table.schema]
    return table.cast(pa.schema(kinds))


def _vocabulary() -> Mapping[str, dict[str, pa.Array]]:
    known = [0, *(concept for concept in CONCEPTS if concept < 23)]
    pairs = [(ancestor, child) for ancestor, children in ANCESTORS.items() for child in children]
    return {
        "concept": {
            "concept_id": pa.array(known, pa.int64()),
            "invalid_reason": pa.array(["D" if c >= 20 else "" if c == 19 else None for c in known]),
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
