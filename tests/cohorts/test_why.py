"""Why a person is in a cohort, or not: entry by entry."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

import cdm
from cdm.errors import BadInput
from cohorts.engine import generate
from cohorts.expression import parse
from cohorts.why import Why, steps, why
from tests.cohorts import compare
from tests.cohorts.small import BASE, condition, conditions, definition, drug, drugs, group, occurs, window
from tests.tables import write_duckdb

EVENTS = conditions("""
    1 | 1 | 10 | 2009-06-01 | 2009-06-05
    2 | 1 | 10 | 2010-02-01 | 2010-02-05
    3 | 1 | 10 | 2012-01-01 | 2012-01-05
    4 | 1 | 10 | 2013-01-01 | 2013-01-05
    5 | 2 | 10 | 2012-01-01 | 2012-01-05""") | drugs("""
    1 | 1 | 20 | 2013-01-03 | 2013-01-05 | -""")


def told(folder: Path, given: dict[str, Any], person: int = 1) -> Why:
    file = write_duckdb(folder / "hospital.duckdb", {**BASE, **EVENTS})
    with cdm.open_source(f"duckdb://{file}?schema=cdm", folder) as source:
        return why(source, parse(json.dumps(given), "given"), person)


def kept_out(found: Why) -> list[tuple[str, str | None]]:
    return [
        (
            str(entry.start_date),
            entry.kept_out_by.rule[1] if entry.kept_out_by and entry.kept_out_by.rule else entry.kept_out_by,
        )
        for entry in found.entries
    ]


def test_each_entry_event_names_the_first_step_that_kept_it_out(tmp_path: Path) -> None:
    treated = group(occurs(drug(), start=window(0, 30)))
    found = told(tmp_path, definition(condition(), prior=365, rules=[treated]))
    assert kept_out(found) == [
        ("2009-06-01", steps.IN_OBSERVATION),
        ("2010-02-01", steps.OBSERVED_LONG_ENOUGH),
        ("2012-01-01", "rule 1"),
        ("2013-01-01", None),
    ]
    assert found.rows == ((date(2013, 1, 1), date(2013, 1, 5)),)


def test_a_limit_keeps_out_the_later_events(tmp_path: Path) -> None:
    found = told(tmp_path, definition(condition(), prior=365, limit="First"))
    assert kept_out(found)[2:] == [("2012-01-01", None), ("2013-01-01", steps.PRIMARY_LIMIT)]


def test_additional_criteria_come_before_their_limit(tmp_path: Path) -> None:
    given = definition(
        condition(), AdditionalCriteria=group(occurs(drug(), start=window(0, None))), QualifiedLimit={"Type": "First"}
    )
    assert kept_out(told(tmp_path, given))[1:] == [
        ("2010-02-01", None),
        ("2012-01-01", steps.QUALIFIED_LIMIT),
        ("2013-01-01", steps.QUALIFIED_LIMIT),
    ]


def test_without_the_additional_criteria_an_event_stays_out(tmp_path: Path) -> None:
    given = definition(condition(), AdditionalCriteria=group(occurs(drug())))
    assert kept_out(told(tmp_path, given, person=2)) == [("2012-01-01", steps.ADDITIONAL)]


def test_the_expression_limit_looks_only_at_events_that_keep_the_rules(tmp_path: Path) -> None:
    treated = group(occurs(drug(), start=window(0, 400)))
    given = definition(condition(), rules=[treated], ExpressionLimit={"Type": "Last"})
    assert kept_out(told(tmp_path, given))[1:] == [
        ("2010-02-01", "rule 1"),
        ("2012-01-01", steps.EXPRESSION_LIMIT),
        ("2013-01-01", None),
    ]


def test_a_person_that_the_cdm_lacks_is_refused_without_naming_them(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="has no person with this person_id") as refusal:
        told(tmp_path, definition(condition()), person=987654)
    assert "987654" not in str(refusal.value)


def test_the_answer_is_plain_json(tmp_path: Path) -> None:
    one = told(tmp_path, definition(condition()), person=2).to_json()
    assert json.loads(json.dumps(one)) == one
    assert one["rows"] == [{"start": "2012-01-01", "end": "2012-01-05"}]


def test_on_a_tiny_hospital_entries_are_where_the_cohort_has_rows(tmp_path: Path) -> None:
    path, _ = compare.hospital(1)
    given = parse(json.dumps(definition({"ConditionOccurrence": {}}, prior=30, limit="First")), "given")
    out = tmp_path / "out.parquet"
    with cdm.open_source(f"duckdb://{path}?schema=cdm", path.parent) as source:
        generate(source, {"1": given}, out)
        rows = duckdb.sql(f"SELECT subject_id, cohort_start_date FROM '{out}' ORDER BY ALL").fetchall()
        people = duckdb.connect(str(path), read_only=True).execute("SELECT person_id FROM cdm.person").fetchall()
        rows = [row for row in rows if (row[0],) in people]  # some of the tiny hospital have no row in person
        entered = [
            (person, entry.start_date)
            for (person,) in people
            for entry in why(source, given, person).entries
            if entry.kept_out_by is None
        ]
    assert sorted(entered) == rows
