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
from cohorts.plan.build import build
from cohorts.why import Why, facts, lines, steps, why
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
    folder.mkdir(exist_ok=True)
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
    assert [(row.start, row.end) for row in found.rows] == [(date(2013, 1, 1), date(2013, 1, 5))]


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


def reasons(found: Why, number: int, step: str) -> list[str]:
    """The English reasons of one step of an entry event."""
    (outcome,) = [one for one in found.entries[number].outcomes if one.step.said() == step]
    return [reason.en for reason in outcome.because]


def test_a_broken_rule_says_what_was_asked_found_and_in_which_days(tmp_path: Path) -> None:
    rules = [group(occurs(drug(), 2, 3, start=window(400, 400)), occurs(condition(), 0, 0, start=window(400, -1)))]
    found = told(tmp_path, definition(condition(), rules=rules))
    three, none = reasons(found, 3, "rule 1 (rule 1)")
    assert three == (
        "asked: At least 3 drug exposures of “set 2” starting from 400 days before to 400 days after the index date; found 1 "
        "(starting 2011-11-28 to 2014-02-05)"
    )
    assert none == (
        "asked: No diagnosis of “set 1” recorded from 400 days to 1 day before the index date; found 1 "
        "(starting 2011-11-28 to 2012-12-31)"
    )
    figures = found.entries[3].outcomes[-1].because[0].to_json()
    assert (figures["found"], figures["asked"], figures["start"]) == (1, "at least 3", ["2011-11-28", "2014-02-05"])


def test_many_more_than_asked_are_not_counted_to_the_last(tmp_path: Path) -> None:
    days = "\n".join(f"{n} | 2 | 20 | 2012-02-{n:02} | 2012-02-{n:02} | -" for n in range(1, 21))
    file = write_duckdb(tmp_path / "many.duckdb", {**BASE, **EVENTS, **drugs(days)})
    given = definition(condition(), rules=[group(occurs(drug(), 0, 0, start=window(0, None)))])
    with cdm.open_source(f"duckdb://{file}?schema=cdm", tmp_path) as source:
        found = why(source, parse(json.dumps(given), "given"), 2)
    (reason,) = found.entries[0].outcomes[-1].because
    assert (reason.found, reason.more) == (10, True)
    assert "found 10 or more (starting 2012-01-01 to 2019-12-31)" in reason.en
    assert "확인: 10건 이상(시작 2012-01-01~2019-12-31)" in reason.ko


def test_of_a_group_those_criteria_are_told_that_make_it_fail(tmp_path: Path) -> None:
    sure, absent = occurs(condition(), start=window(0, 0)), occurs(drug(3), start=window(0, 0))
    rules = [
        group(sure, absent),
        group(absent, occurs(drug(2)), kind="ANY"),
        group(sure, absent, kind="AT_MOST", count=0),
    ]
    found = told(tmp_path, definition(condition(), rules=rules), person=2)
    said = {step: [reason.split(" of “")[1][:5] for reason in reasons(found, 0, step)] for step in
            ("rule 1 (rule 1)", "rule 2 (rule 2)", "rule 3 (rule 3)")}  # fmt: skip
    assert said == {
        "rule 1 (rule 1)": ["set 3"], "rule 2 (rule 2)": ["set 3", "set 2"], "rule 3 (rule 3)": ["set 1"],
    }  # fmt: skip


def test_who_the_person_is_is_told_where_a_rule_asks_for_it(tmp_path: Path) -> None:
    adult = group(
        people=({"Age": {"Value": 60, "Op": "gte"}, "Gender": [{"CONCEPT_ID": 8507, "CONCEPT_NAME": "MALE"}]},)
    )
    found = told(tmp_path, definition(condition(), rules=[adult]), person=2)
    assert reasons(found, 0, "rule 1 (rule 1)") == [
        "asked: On the index date: age at least 60 years; sex male; it does not hold (born in 1980, female)"
    ]
    assert "확인: 해당하지 않음(1980년 출생, 여성)" in found.entries[0].outcomes[-1].because[0].ko


def test_too_short_an_observation_says_how_short_and_an_event_outside_when_there_was_one(tmp_path: Path) -> None:
    found = told(tmp_path, definition(condition(), prior=365, post=3000))
    assert reasons(found, 1, "observed long enough before and after") == [
        "observed for 31 days before it (since 2010-01-01), at least 365 asked"
    ]
    assert reasons(found, 3, "observed long enough before and after") == [
        "observed for 2,555 days after it (until 2019-12-31), at least 3,000 asked"
    ]
    assert reasons(found, 0, "in an observation period") == ["observed only 2010-01-01 to 2019-12-31"]


def test_a_limit_says_which_event_was_taken(tmp_path: Path) -> None:
    found = told(tmp_path, definition(condition(), limit="Last"))
    assert reasons(found, 1, "limit of primary events") == ["the event of 2013-01-01 is taken"]


def test_a_person_without_entry_events_is_told_whether_there_are_records_at_all(tmp_path: Path) -> None:
    old = condition(Age={"Value": 100, "Op": "gt"})
    found = told(tmp_path, definition(old))
    assert (found.entries, found.records, found.kept_out_by) == ((), 4, (steps.ENTRY_EVENT,))
    assert next(lines(found, "en")) == (
        "Not in the cohort: no entry event. There are 4 records of the concepts asked for, but none meets what else is asked of "
        "an entry event."
    )
    none = told(tmp_path / "none", definition(condition(3)))
    assert next(lines(none, "ko")) == "코호트에 들어 있지 않음. 진입 사건이 없음: 해당 개념의 기록이 없음."


@pytest.mark.parametrize(
    ("parts", "end", "because"),
    [
        ({"EndStrategy": None}, "2019-12-31", ["the observation period ends"]),
        ({"EndStrategy": {"DateOffset": {"DateField": "EndDate", "Offset": 3}}}, "2013-01-08",
         ["3 days after the entry event's last day"]),
        ({"EndStrategy": {"DateOffset": {"DateField": "StartDate", "Offset": 9000}}}, "2019-12-31",
         ["the observation period ends"]),
        ({"EndStrategy": None, "CensoringCriteria": [condition(3), drug(2)]}, "2013-01-03",
         ["censoring event: a drug exposure of “set 2”"]),
        ({"EndStrategy": {"DateOffset": {"DateField": "StartDate", "Offset": 2}}, "CensoringCriteria": [drug(2)]},
         "2013-01-03", ["2 days after the entry event's first day", "censoring event: a drug exposure of “set 2”"]),
        ({"EndStrategy": None, "CensorWindow": {"EndDate": "2015-06-30"}}, "2015-06-30", ["only time up to 2015-06-30 counts"]),
        ({"primary": drug(2), "EndStrategy": {"CustomEra": {"DrugCodesetId": 2, "GapDays": 30, "Offset": 1}}}, "2013-01-06",
         ["continuous use of the drug ends"]),
    ],
)  # fmt: skip
def test_an_entry_ends_for_a_reason(tmp_path: Path, parts: dict[str, Any], end: str, because: list[str]) -> None:
    more = {key: value for key, value in parts.items() if value is not None}
    primary = more.pop("primary", condition())
    given = definition(primary, **{"limit": "Last", **more})
    if parts["EndStrategy"] is None:
        del given["EndStrategy"]
    (row,) = told(tmp_path, given).rows
    assert (str(row.end), [reason.en for reason in row.ends_by]) == (end, because)


def test_entries_that_became_one_row_end_with_the_last_of_them(tmp_path: Path) -> None:
    given = definition(condition(), CollapseSettings={"EraPad": 400})
    (row,) = told(tmp_path, given).rows[1:]
    assert (str(row.start), str(row.end)) == ("2012-01-01", "2013-01-05")
    assert [reason.en for reason in row.ends_by] == ["on the entry event's last day"]


def test_the_answer_as_lines_in_both_languages(tmp_path: Path) -> None:
    found = told(tmp_path, definition(condition(), prior=365, rules=[group(occurs(drug(), start=window(0, 30)))]))
    assert list(lines(found, "en"))[:5] == [
        "In the cohort:", "  2013-01-01 to 2013-01-05 (ends because: on the entry event's last day)", "",
        "Event of 2009-06-01 to 2009-06-05: does not enter", "  - in an observation period",
    ]  # fmt: skip
    assert list(lines(found, "ko"))[:4] == [
        "코호트에 들어 있음.", "  2013-01-01 ~ 2013-01-05 (종료 까닭: 진입 사건 종료일임)", "",
        "2009-06-01 ~ 2009-06-05 사건: 진입하지 못함",
    ]  # fmt: skip


def test_only_the_persons_rows_are_looked_at(tmp_path: Path) -> None:
    file = write_duckdb(tmp_path / "hospital.duckdb", {**BASE, **EVENTS})
    plan = build({"1": parse(json.dumps(definition(condition())), "given")})
    with (
        cdm.open_source(f"duckdb://{file}?schema=cdm", tmp_path) as source,
        facts.opened(source, [plan], [2], None) as con,
    ):
        for table in ("person", "observation_period", "condition_occurrence"):
            assert con.execute(f"SELECT DISTINCT person_id FROM cdm.{table}").fetchall() == [(2,)]
            kind = con.execute(
                "SELECT count(*) FROM duckdb_views() WHERE schema_name = 'cdm' AND view_name = $1", [table]
            )
            assert kind.fetchall() == [(0,)]  # a copy, read once


def test_a_person_that_the_cdm_lacks_is_refused_without_naming_them(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="has no person with this person_id") as refusal:
        told(tmp_path, definition(condition()), person=987654)
    assert "987654" not in str(refusal.value)


def test_the_answer_is_plain_json(tmp_path: Path) -> None:
    one = told(tmp_path, definition(condition()), person=2).to_json()
    assert json.loads(json.dumps(one)) == one
    assert one["rows"] == [
        {
            "start": "2012-01-01",
            "end": "2012-01-05",
            "ends_by": [{"en": "on the entry event's last day", "ko": "진입 사건 종료일임"}],
        }
    ]


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
