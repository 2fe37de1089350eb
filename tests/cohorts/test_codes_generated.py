"""Generated definitions whose sets carry source codes: the rows of circe-be's SQL on a CDM in which the codes are mapped.

A coded set means: concept in the set, or source value among the codes. So where every pair (concept, source value) of a
table becomes a concept of its own, and the set lists the pairs that it means, circe-be finds the same people and dates.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import cdm
from cdm.engine import Limits
from cohorts.codes import SourceCodes, with_codes
from cohorts.engine import generate
from cohorts.expression import parse
from tests.cohorts import oracle, tiny
from tests.cohorts.strategies import expressions

# table -> its columns of concepts (the second: source concepts) and of source values
TABLES: dict[str, tuple[list[str], str]] = {
    "condition_occurrence": (["condition_concept_id", "condition_source_concept_id"], "condition_source_value"),
    "death": (["cause_concept_id", "cause_source_concept_id"], "cause_source_value"),
    "device_exposure": (["device_concept_id", "device_source_concept_id"], "device_source_value"),
    "drug_exposure": (["drug_concept_id", "drug_source_concept_id"], "drug_source_value"),
    "episode": (["episode_concept_id"], "episode_source_value"),
    "measurement": (["measurement_concept_id", "measurement_source_concept_id"], "measurement_source_value"),
    "observation": (["observation_concept_id", "observation_source_concept_id"], "observation_source_value"),
    "procedure_occurrence": (["procedure_concept_id", "procedure_source_concept_id"], "procedure_source_value"),
    "specimen": (["specimen_concept_id"], "specimen_source_value"),
    "visit_detail": (["visit_detail_concept_id", "visit_detail_source_concept_id"], "visit_detail_source_value"),
}
VALUES = ["I21.0", "i21.1 ", "I210", "I22", " L001", "l0012", "검사1", "X%", "", None, None]
CODES = ["I21*", "I21.0", "i22", "L001", "L001*", "검사1", "X*", "NONE"]


@cache
def hospital(seed: int, folder: Path) -> tuple[Path, Mapping[str, pa.Table]]:
    """A tiny CDM with source values, as a DuckDB file and as tables."""
    random, tables = np.random.default_rng(seed), tiny.tables(seed)
    for name, (_, value) in TABLES.items():
        values = [VALUES[n] for n in random.integers(0, len(VALUES), tables[name].num_rows)]
        tables[name] = tables[name].append_column(value, pa.array(values, pa.string()))
    return tiny.write(folder / f"coded{seed}.duckdb", tables), tables


def members(tables: Mapping[str, pa.Table], sets: list[Any]) -> dict[int, set[int]]:
    """The concepts of each set, one item after the other, as circe-be resolves them."""
    concept = dict(zip(*(tables["concept"][n].to_pylist() for n in ("concept_id", "invalid_reason")), strict=True))
    below = list(zip(*(column.to_pylist() for column in tables["concept_ancestor"].columns), strict=True))
    maps = [row for row in tables["concept_relationship"].to_pylist() if row["invalid_reason"] is None]
    found: dict[int, set[int]] = {}
    for one in sets:
        sides: dict[bool, set[int]] = {False: set(), True: set()}
        for item in one["expression"]["items"]:
            number = item["concept"]["CONCEPT_ID"]
            known = {number} & set(concept)
            if item.get("includeDescendants"):
                known |= {child for above, child in below if above == number and concept.get(child, "") is None}
            mapped = (
                {row["concept_id_1"] for row in maps if row["concept_id_2"] in known}
                if item.get("includeMapped")
                else set()
            )
            sides[item.get("isExcluded", False)] |= known | mapped
        found[one["id"]] = sides[False] - sides[True]
    return found


def meant(value: str | None, codes: list[str]) -> bool:
    """Whether a source value is one of the codes; said as plainly as can be."""
    text = "" if value is None else value.strip().upper()
    return value is not None and any(
        text.startswith(code[:-1].upper()) if code.endswith("*") else text == code.upper() for code in codes
    )


def mapped(
    tables: Mapping[str, pa.Table], expression: dict[str, Any], codes: Mapping[int, list[str]]
) -> tuple[dict[str, pa.Table], dict[str, Any]]:
    """The CDM and the definition without codes: every pair of concept and source value is a concept of its own."""
    inside, made, number = members(tables, expression["ConceptSets"]), dict(tables), 1000
    further: dict[int, list[int]] = {}
    fresh: list[int] = []
    for name, (columns, value) in TABLES.items():
        for column in columns:
            pairs = list(zip(tables[name][column].to_pylist(), tables[name][value].to_pylist(), strict=True))
            ids = {pair: number + n for n, pair in enumerate(dict.fromkeys(pairs))}
            number += len(ids)
            fresh += ids.values()
            place = made[name].column_names.index(column)
            made[name] = made[name].set_column(place, column, pa.array([ids[pair] for pair in pairs], pa.int64()))
            for one in inside:
                means = [n for (c, v), n in ids.items() if c in inside[one] or meant(v, codes.get(one, []))]
                further.setdefault(one, []).extend(means)
    concept = made["concept"]
    made["concept"] = pa.table(
        {"concept_id": [*concept["concept_id"].to_pylist(), *fresh],
         "invalid_reason": pa.array([*concept["invalid_reason"].to_pylist(), *[None] * len(fresh)], pa.string())}
    )  # fmt: skip
    sets = json.loads(json.dumps(expression["ConceptSets"]))
    for one in sets:
        one["expression"]["items"] += [{"concept": {"CONCEPT_ID": n}} for n in further[one["id"]]]
    return made, {**expression, "ConceptSets": sets}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("coded")


@settings(
    max_examples=12, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)  # fmt: skip
@given(
    expression=expressions(),
    codes=st.dictionaries(st.integers(0, 5), st.lists(st.sampled_from(CODES), min_size=1, max_size=3), min_size=3),
    seed=st.integers(1, 3),
)
def test_coded_sets_find_what_circe_finds_where_the_codes_are_mapped(
    folder: Path, expression: dict[str, Any], codes: dict[int, list[str]], seed: int
) -> None:
    assume(
        "DOMAIN_CONCEPT" not in json.dumps(expression)
    )  # the counts of distinct concepts are of the concepts themselves
    path, tables = hospital(seed, folder)
    lines = {number: [{"vocabulary": "local", "codes": some, "tables": list(TABLES)}] for number, some in codes.items()}
    coded = with_codes(parse(json.dumps(expression), "x"), SourceCodes.model_validate({"concept_sets": lines}))
    out = folder / "cohort.parquet"
    with cdm.open_source(f"duckdb://{path}?schema=cdm", folder) as source:
        generate(source, {"1": coded}, out, limits=Limits(threads=1))
    found = duckdb.sql(f"SELECT subject_id, cohort_start_date, cohort_end_date FROM '{out}' ORDER BY ALL").fetchall()
    other_tables, other = mapped(tables, expression, codes)
    try:
        wanted = oracle.rows(other_tables, other, oracle.pinned())
    except oracle.NoAnswer:
        return
    assert found == wanted
