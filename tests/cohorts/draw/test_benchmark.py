"""The benchmark's own judgement: its optimum is the optimum, and it finds pairs that break a rule."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from benchmarks import _draw_checks as checks
from benchmarks._draw_hospitals import PRIOR, short_of_controls
from benchmarks.draw import spec
from cdm import open_source
from cohorts.draw import draw

RATIO = 4


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    return short_of_controls(tmp_path_factory.mktemp("short"), 4_000, 600)


@pytest.fixture(scope="module", params=["risk_set", "exact"])
def drawn(request, hospital):
    database, cohort = hospital
    asked, out = spec(request.param, 600, RATIO), database.parent / f"{request.param}.parquet"
    with open_source(f"duckdb://{database}?schema=cdm", database.parent) as source:
        report = draw(source, cohort, asked, out)
    return asked.until_own_event, out, report


def people(con):
    """Sex and birth year, first and last day at risk, and event (or never) of everybody, by hand."""
    never = np.iinfo(np.int32).max
    got = con.execute(
        f"""SELECT gender_concept_id * 10000 + year_of_birth AS s,
            observation_period_start_date - DATE '2000-01-01' + {PRIOR} AS first,
            observation_period_end_date - DATE '2000-01-01' AS last, coalesce(event - DATE '2000-01-01', {never}) AS event
        FROM cdm.person JOIN cdm.observation_period USING (person_id) LEFT JOIN event USING (person_id)"""
    ).fetchnumpy()
    return got["s"], got["first"], got["last"], got["event"], got["event"] < never


def test_the_optimum_is_the_maximum_flow_and_the_draw_reaches_it(hospital, drawn):
    later, _, report = drawn
    with checks.reader(*hospital) as con:
        optimum = checks.most_dated_pairs(con, RATIO, later)
        s, first, last, event, ill = people(con)
    free = event if later else np.where(ill, -1, event)
    can = (s[ill][:, None] == s) & (first <= event[ill][:, None]) & (event[ill][:, None] <= last)
    can &= event[ill][:, None] < free
    flow = maximum_bipartite_matching(csr_array(np.repeat(can, RATIO, axis=0)), perm_type="column")
    assert optimum == int((flow >= 0).sum()) == report.drawn.controls


def test_later_cases_are_controls_of_risk_sets(hospital):
    with checks.reader(*hospital) as con:
        assert checks.most_dated_pairs(con, RATIO, True) > checks.most_dated_pairs(con, RATIO, False)


def test_no_pair_is_broken_and_a_spoilt_one_is_found(hospital, drawn, tmp_path):
    later, out, _ = drawn
    spoilt = tmp_path / "spoilt.parquet"
    with checks.reader(*hospital) as con:
        assert checks.broken_dated_pairs(con, out, 0, later) == 0
        duckdb.execute(
            f"""COPY (SELECT * REPLACE (CASE WHEN role = 'control' AND set_id = 1 THEN index_date + 4000 ELSE index_date END AS index_date)
            FROM '{out}') TO '{spoilt}' (FORMAT parquet)"""
        )
        assert checks.broken_dated_pairs(con, spoilt, 0, later) >= 1
        duckdb.execute(
            f"COPY (FROM '{out}' UNION ALL FROM '{out}' WHERE role = 'control' AND set_id = 2) TO '{spoilt}' (FORMAT parquet)"
        )
        assert checks.broken_dated_pairs(con, spoilt, 0, later) >= 1, "a control twice"
