"""Small hospitals and short definitions for the tests of this room: text tables in, text tables out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from cdm.source import Source
from cdm.sources.found import FoundColumn, FoundTable, quoted
from cdm.sources.in_engine import InEngineSource
from cohorts.engine import generate
from cohorts.expression import parse
from tests.cohorts import oracle, reference, tiny
from tests.tables import engine, rows, table

Json = dict[str, Any]

PERSON = """
person_id | gender_concept_id | year_of_birth | race_concept_id | ethnicity_concept_id
        1 |              8507 |          1950 |               - |                    -
        2 |              8532 |          1980 |               - |                    -
"""
PERIODS = """
observation_period_id | person_id | observation_period_start_date | observation_period_end_date | period_type_concept_id
                    1 |         1 |                    2010-01-01 |                  2019-12-31 |                      0
                    2 |         2 |                    2010-01-01 |                  2019-12-31 |                      0
"""
CONCEPTS = """
concept_id | invalid_reason
        10 |              -
        11 |              -
        12 |              D
        20 |              -
        21 |              -
        30 |              -
      8507 |              -
      8532 |              -
"""
ANCESTORS = """
ancestor_concept_id | descendant_concept_id
                 10 |                    10
                 10 |                    11
                 10 |                    12
                 20 |                    20
"""
RELATIONS = """
concept_id_1 | concept_id_2 | relationship_id | invalid_reason
          21 |           20 | Maps to         |              -
"""
BASE = {
    "person": PERSON, "observation_period": PERIODS, "concept": CONCEPTS, "concept_ancestor": ANCESTORS,
    "concept_relationship": RELATIONS,
}  # fmt: skip


def conditions(text: str) -> Json:
    """CONDITION_OCCURRENCE from `id | person | concept | start | end`."""
    return {"condition_occurrence": _named(text, "condition", "occurrence")}


def drugs(text: str) -> Json:
    """DRUG_EXPOSURE from `id | person | concept | start | end | days_supply`."""
    head = "drug_exposure_id | person_id | drug_concept_id | drug_exposure_start_date | drug_exposure_end_date | days_supply"
    filler = " | drug_source_concept_id | visit_occurrence_id"
    body = "\n".join(f"{line} | 0 | -" for line in text.strip().splitlines())
    return {"drug_exposure": f"{head}{filler}\n{body}"}


def _named(text: str, name: str, kind: str) -> str:
    head = (
        f"{name}_{kind}_id | person_id | {name}_concept_id | {name}_start_date | {name}_end_date | visit_occurrence_id"
    )
    body = "\n".join(f"{line} | -" for line in text.strip().splitlines())
    return f"{head}\n{body}"


def concept_set(number: int, *concepts: int, **flags: bool) -> Json:
    """A concept set of these concepts; flags: isExcluded, includeDescendants, includeMapped."""
    items = [{"concept": {"CONCEPT_ID": concept}, **flags} for concept in concepts]
    return {"id": number, "name": f"set {number}", "expression": {"items": items}}


def definition(*primary: Json, **parts: Any) -> Json:
    """A definition of these primary criteria; sets 1 (concept 10), 2 (concept 20) and 3 (concept 30) are there."""
    limit = {"Type": parts.pop("limit", "All")}
    window = {"PriorDays": parts.pop("prior", 0), "PostDays": parts.pop("post", 0)}
    sets = parts.pop("ConceptSets", [concept_set(1, 10), concept_set(2, 20), concept_set(3, 30)])
    rules = [{"name": f"rule {n}", "expression": group} for n, group in enumerate(parts.pop("rules", []), 1)]
    return {
        "ConceptSets": sets,
        "PrimaryCriteria": {"CriteriaList": list(primary), "ObservationWindow": window, "PrimaryCriteriaLimit": limit},
        "QualifiedLimit": {"Type": "All"},
        "ExpressionLimit": {"Type": "All"},
        "InclusionRules": rules,
        "EndStrategy": {"DateOffset": {"DateField": "EndDate", "Offset": 0}},
    } | parts


def condition(codeset: int | None = 1, **attributes: Any) -> Json:
    return {"ConditionOccurrence": ({} if codeset is None else {"CodesetId": codeset}) | attributes}


def drug(codeset: int | None = 2, **attributes: Any) -> Json:
    return {"DrugExposure": ({} if codeset is None else {"CodesetId": codeset}) | attributes}


def days(count: int | None, coeff: int = -1) -> Json:
    return {"Coeff": coeff} | ({} if count is None else {"Days": count})


def window(start: int | None = None, end: int | None = None, **flags: bool) -> Json:
    """From `start` days before to `end` days after; None: as far as observation reaches."""
    return {"Start": days(start, -1), "End": days(end, 1), **flags}


def occurs(criterion: Json, op: int = 2, count: int = 1, **parts: Any) -> Json:
    """A criterion that has to occur; op 0 exactly, 1 at most, 2 at least."""
    distinct = {"IsDistinct": True, "CountColumn": parts.pop("distinct")} if "distinct" in parts else {}
    return {
        "Criteria": criterion,
        "StartWindow": parts.pop("start", window()),
        "Occurrence": {"Type": op, "Count": count, **distinct},
        **({"EndWindow": parts.pop("end")} if "end" in parts else {}),
        **parts,
    }


def group(
    *criteria: Json,
    kind: str = "ALL",
    count: int | None = None,
    people: tuple[Json, ...] = (),
    groups: tuple[Json, ...] = (),
) -> Json:
    return {
        "Type": kind,
        "CriteriaList": list(criteria),
        "DemographicCriteriaList": list(people),
        "Groups": list(groups),
        **({} if count is None else {"Count": count}),
    }


def cohort(folder: Path, tables: Mapping[str, Any], expression: Json, **options: Any) -> list[tuple[object, ...]]:
    """(subject_id, start, end) of the definition in a CDM of these tables (and BASE, where it does not say otherwise)."""
    out = folder / "cohort.parquet"
    with in_memory(_arrow(tables)) as source:
        generate(source, {"1": parse(json.dumps(expression), "test")}, out, **options)
    return duckdb.sql(f"SELECT subject_id, cohort_start_date, cohort_end_date FROM '{out}'").fetchall()


def in_memory(tables: Mapping[str, pa.Table]) -> Source:
    """A CDM of tables in memory, shown as every file of DuckDB is: writing and opening a file takes longest of all."""
    own, catalog = engine().cursor(), {}
    for name, one in tables.items():
        columns = own.from_arrow(one)
        types = zip(columns.columns, columns.types, strict=True)
        catalog[name] = FoundTable(
            f"given_{name}", {column: FoundColumn(quoted(column), str(kind)) for column, kind in types}
        )

    def show(con: duckdb.DuckDBPyConnection) -> None:
        for name, one in tables.items():
            con.register(f"given_{name}", one)

    show(own)
    return InEngineSource("memory", "duckdb", own, catalog, show, [])


@cache
def circe_tables() -> Mapping[str, pa.Table]:
    """Every table and column of a CDM, without rows."""
    return {name: table.slice(0, 0) for name, table in tiny.tables(2).items()}


@cache
def _circe() -> oracle.Circe:
    return oracle.Circe(circe_tables())


def _arrow(tables: Mapping[str, Any]) -> dict[str, pa.Table]:
    return {name: table(text) if isinstance(text, str) else text for name, text in {**BASE, **tables}.items()}


def circe_answer(tables: Mapping[str, Any], expression: Json, *, ours_among_equals: bool = True) -> oracle.Answer:
    """What circe-be's SQL finds; among equals in Naru's order, if it is to. Raises `oracle.NoAnswer`."""
    dialect = oracle.pinned() if ours_among_equals else oracle.statements
    return _circe().answer(expression, dialect, _arrow(tables))


def by_circe(
    tables: Mapping[str, Any], expression: Json, *, ours_among_equals: bool = True
) -> list[tuple[object, ...]]:
    """The rows that circe-be's SQL finds."""
    return list(circe_answer(tables, expression, ours_among_equals=ours_among_equals).rows)


def reference_hospital(tables: Mapping[str, Any]) -> reference.Hospital:
    """A column that a text table leaves out is NULL."""
    nulls = {name: dict.fromkeys(one.column_names) for name, one in circe_tables().items()}
    rows = {name: [nulls.get(name, {}) | row for row in one.to_pylist()] for name, one in _arrow(tables).items()}
    return reference.Hospital(rows)


def by_reference(tables: Mapping[str, Any], expression: Json) -> list[tuple[object, ...]]:
    """The rows that our reference finds."""
    return list(reference.cohort(expression, reference_hospital(tables)).rows)


def all_three(folder: Path, tables: Mapping[str, Any], expression: Json) -> list[tuple[object, ...]]:
    """What the engine finds, and circe-be's SQL, and our reference: the same."""
    found = cohort(folder, tables, expression)
    assert found == by_reference(tables, expression)
    assert found == by_circe(tables, expression)
    return found


def expected(text: str) -> list[tuple[object, ...]]:
    """Rows of a text table `person | start | end`."""
    head = "subject_id | cohort_start_date | cohort_end_date"
    body = "\n".join(line for line in text.strip().splitlines())
    return sorted(rows(table(f"{head}\n{body}"))) if body else []
