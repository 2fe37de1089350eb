"""The tables are those of CDM 5.4: columns, types, required values, keys that resolve, dates that make sense."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cdm.schema import tables
from tests.cdm.synthetic.conftest import Ask

TABLES = tables("5.4")
# Rows about people that any hospital has; the rest may be empty.
FILLED = (
    "person", "observation_period", "visit_occurrence", "visit_detail", "condition_occurrence", "drug_exposure",
    "procedure_occurrence", "measurement", "observation", "death", "note", "note_nlp", "specimen", "device_exposure",
    "payer_plan_period", "drug_era", "condition_era", "location", "care_site", "provider", "cdm_source", "concept",
    "concept_ancestor", "concept_relationship", "vocabulary", "domain", "concept_class", "relationship", "concept_synonym",
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_table_has_the_columns_of_the_cdm_in_its_order(name: str, folder: Path) -> None:
    assert pq.read_schema(folder / f"{name}.parquet").names == list(TABLES[name].names)


@pytest.mark.parametrize("name", FILLED)
def test_a_table_has_rows_unique_keys_and_every_required_value(name: str, ask: Ask) -> None:
    table = TABLES[name]
    missing = " + ".join(f'count(*) FILTER ("{column}" IS NULL)' for column in table.required)
    keys = f"count(DISTINCT {table.primary_key[0]})" if table.primary_key else "count(*)"
    rows, distinct, absent = ask(f"SELECT count(*), {keys}, {missing} FROM {name}")[0]
    assert rows > 0
    assert (distinct, absent) == (rows, 0)


@pytest.mark.parametrize("name", FILLED)
def test_texts_fit_the_cdms_widths(name: str, ask: Ask) -> None:
    widths = {c.name: c.max_length for c in TABLES[name].columns if c.family == "text" and c.max_length}
    for column, width in widths.items():
        assert (ask(f'SELECT max(length("{column}")) FROM {name}')[0][0] or 0) <= width, column


@pytest.mark.parametrize("name", FILLED)
def test_foreign_keys_resolve(name: str, ask: Ask) -> None:
    for column, (other, key) in TABLES[name].foreign_keys.items():
        lost = ask(
            f'SELECT count(*) FROM {name} WHERE "{column}" IS NOT NULL AND "{column}" NOT IN (SELECT {key} FROM {other})'
        )
        assert lost == [(0,)], f"{name}.{column}"


@pytest.mark.parametrize("name", [name for name in FILLED if TABLES[name].person_key and name != "person"])
def test_rows_are_sorted_and_inside_a_life(name: str, ask: Ask) -> None:
    table = TABLES[name]
    start = table.start_date
    early, late = ask(f"""
        SELECT count(*) FILTER ({start} < make_date(year_of_birth, month_of_birth, day_of_birth)),
               count(*) FILTER ({start} > DATE '2024-12-31')
        FROM {name} JOIN person USING (person_id)""")[0]
    assert (early, late) == (0, 0)
    if table.end_date:
        assert ask(f"SELECT count(*) FROM {name} WHERE {table.end_date} < {start}") == [(0,)]
    order = "struct_pack(" + ", ".join(table.order) + ")"
    descents = f"SELECT count(*) FROM (SELECT {order} AS o, lag({order}) OVER () AS p FROM {name}) WHERE o < p"
    assert ask(descents) == [(0,)]


def test_datetimes_fall_on_their_dates(ask: Ask) -> None:
    for name in FILLED:
        for column in TABLES[name].datetime_columns:
            date = column.replace("_datetime", "_date")
            if date in TABLES[name].names:
                assert ask(f"SELECT count(*) FROM {name} WHERE CAST({column} AS DATE) <> {date}") == [(0,)], column


def test_events_lie_inside_their_visit_and_an_observation_period(ask: Ask) -> None:
    for name, date in (("condition_occurrence", "condition_start_date"), ("measurement", "measurement_date"),
                       ("procedure_occurrence", "procedure_date"), ("drug_exposure", "drug_exposure_start_date")):  # fmt: skip
        outside = ask(f"""SELECT count(*) FROM {name} e JOIN visit_occurrence v USING (visit_occurrence_id)
            WHERE e.person_id <> v.person_id OR {date} NOT BETWEEN visit_start_date AND visit_end_date""")
        assert outside == [(0,)], name
    uncovered = ask("""SELECT count(*) FROM visit_occurrence v WHERE NOT EXISTS (SELECT 1 FROM observation_period o
        WHERE o.person_id = v.person_id AND visit_start_date BETWEEN observation_period_start_date AND observation_period_end_date
          AND visit_end_date <= observation_period_end_date)""")
    assert uncovered == [(0,)]


def test_visits_of_a_person_do_not_overlap_and_wards_cover_a_stay(ask: Ask) -> None:
    assert (
        ask("""SELECT count(*) FROM (SELECT visit_start_datetime AS since, lag(visit_end_datetime) OVER
        (PARTITION BY person_id ORDER BY visit_occurrence_id) AS before FROM visit_occurrence) WHERE since < before""")
        == [(0,)]
    )
    assert (
        ask("""SELECT count(*) FROM (
        SELECT v.visit_occurrence_id, min(visit_detail_start_datetime) AS since, max(visit_detail_end_datetime) AS upto,
               sum(date_diff('minute', visit_detail_start_datetime, visit_detail_end_datetime)) AS inside,
               any_value(visit_start_datetime) AS visit_start, any_value(visit_end_datetime) AS visit_end
        FROM visit_occurrence v LEFT JOIN visit_detail d USING (visit_occurrence_id)
        WHERE visit_concept_id IN (9201, 262) GROUP BY 1)
        WHERE since IS DISTINCT FROM visit_start OR upto <> visit_end OR inside <> date_diff('minute', visit_start, visit_end)""")
        == [(0,)]
    )


def test_nobody_lives_after_death(ask: Ask) -> None:
    assert ask(
        """SELECT count(*) FROM death JOIN visit_occurrence USING (person_id) WHERE visit_end_date > death_date"""
    ) == [(0,)]
    assert ask("""SELECT count(*) FROM death JOIN observation_period USING (person_id)
        WHERE observation_period_end_date > death_date""") == [(0,)]
