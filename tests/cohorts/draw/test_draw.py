"""The draw: who may be drawn, whom one is matched with, and that it comes out the same."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import duckdb
import pyarrow.parquet as pq
import pytest

from cdm.engine import Limits
from cdm.errors import BadInput
from cohorts.draw import draw
from cohorts.draw.spec import DrawSpec
from tests.cohorts.draw.hospital import cohort, hospital, random_hospital

PEOPLE = """
person_id | gender_concept_id | year_of_birth | month_of_birth | day_of_birth | race_concept_id | ethnicity_concept_id | location_id
        1 |              8507 |          1950 |              3 |            1 |               0 |                    0 |          10
        2 |              8507 |          1952 |              4 |            1 |               0 |                    0 |          10
        3 |              8507 |          1953 |              5 |            1 |               0 |                    0 |          20
        4 |              8532 |          1951 |              6 |            1 |               0 |                    0 |          20
        5 |              8532 |          1970 |              7 |            1 |               0 |                    0 |          10
"""
OBSERVED = """
observation_period_id | person_id | observation_period_start_date | observation_period_end_date | period_type_concept_id
                    1 |         1 |                    2010-01-01 |                  2020-12-31 |                      0
                    2 |         2 |                    2010-01-01 |                  2020-12-31 |                      0
                    3 |         3 |                    2014-06-01 |                  2020-12-31 |                      0
                    4 |         4 |                    2010-01-01 |                  2020-12-31 |                      0
                    5 |         5 |                    2010-01-01 |                  2020-12-31 |                      0
"""
PLACES = """
location_id | state
         10 | Seoul
         20 | Busan
"""
VISITS = """
visit_occurrence_id | person_id | visit_concept_id | visit_start_date | visit_end_date | visit_type_concept_id
                  1 |         1 |             9201 |       2015-01-01 |     2015-01-09 |                     0
                  2 |         2 |             9202 |       2015-01-03 |     2015-01-03 |                     0
                  3 |         3 |             9202 |       2015-01-02 |     2015-01-02 |                     0
                  4 |         3 |             9201 |       2015-01-01 |     2015-02-01 |                     0
                  5 |         1 |             9202 |       2014-05-01 |     2014-05-01 |                     0
"""
HOSPITAL = {"person": PEOPLE, "observation_period": OBSERVED, "location": PLACES, "visit_occurrence": VISITS}
COHORT = """
role    | subject_id | cohort_start_date | cohort_end_date
case    |          1 |        2015-01-05 |      2020-12-31
control |          2 |        2015-01-03 |      2020-12-31
control |          3 |        2015-01-02 |      2020-12-31
control |          4 |        2015-01-03 |      2020-12-31
"""


def run(folder, text=COHORT, **spec):
    asked = DrawSpec(**({"cases": 10, "controls": 10} | spec))
    with hospital(folder, HOSPITAL) as source:
        report = draw(source, cohort(folder, text), asked, folder / "draw.parquet")
    return report, pq.read_table(folder / "draw.parquet").to_pylist()


def people(rows, role):
    return sorted(row["person_id"] for row in rows if row["role"] == role)


def test_a_control_equals_its_case_in_sex_and_band_of_birth_years(tmp_path):
    _, rows = run(tmp_path, birth_year_band=5)
    assert people(rows, "case") == [1]
    assert people(rows, "control")[0] in (2, 3)


def test_each_control_keeps_its_own_index_date(tmp_path):
    _, rows = run(tmp_path, controls=20)
    dates = {row["person_id"]: row["index_date"] for row in rows}
    assert dates == {1: date(2015, 1, 5), 2: date(2015, 1, 3), 3: date(2015, 1, 2)}


def test_or_takes_the_date_of_its_case_when_it_is_under_observation_then(tmp_path):
    _, rows = run(tmp_path, controls=20, index_date="case")
    assert {row["index_date"] for row in rows} == {date(2015, 1, 5)}
    assert people(rows, "control") == [2, 3]


def test_a_control_must_have_entered_its_cohort_by_then(tmp_path):
    later = COHORT.replace("3 |        2015-01-02", "3 |        2016-01-02")
    _, rows = run(tmp_path, later, controls=20, index_date="case")
    assert people(rows, "control") == [2]


def test_prior_observation_is_asked_of_controls_too(tmp_path):
    _, rows = run(tmp_path, controls=20, prior_observation_days=365)
    assert people(rows, "control") == [2]
    (tmp_path / "again").mkdir()
    _, rows = run(tmp_path / "again", controls=20, index_date="case", prior_observation_days=365)
    assert people(rows, "control") == [2]


def test_a_person_of_both_cohorts_is_a_case_and_never_a_control(tmp_path):
    both = COHORT + "case | 2 | 2016-01-01 | 2020-12-31\n"
    _, rows = run(tmp_path, both, cases=1, controls=5)
    assert 2 not in people(rows, "control")


def test_region_and_care_setting_can_be_matched(tmp_path):
    _, rows = run(tmp_path, match=("sex", "region"))
    assert people(rows, "control") == [2]
    (tmp_path / "again").mkdir()
    _, rows = run(tmp_path / "again", match=("sex", "care_setting"))
    assert people(rows, "control") == [3], "3 was an inpatient on that day, whatever else it was"


def test_a_caliper_on_birth_reaches_across_bands(tmp_path):
    _, rows = run(tmp_path, match=("sex",), calipers=[{"on": "birth", "within": 2}], controls=20)
    assert people(rows, "control") == [2]
    (tmp_path / "again").mkdir()
    months = [{"on": "birth", "within": 24, "unit": "months"}]
    with pytest.raises(BadInput, match="pairs nobody: no case and control agree on sex, caliper on birth"):
        run(tmp_path / "again", match=("sex",), calipers=months)


def test_a_risk_set_holds_those_at_risk_on_the_day(tmp_path):
    left = COHORT.replace("2015-01-02 |      2020-12-31", "2015-01-02 |      2015-01-04")
    _, rows = run(tmp_path, left, controls=20, design="risk_set")
    assert people(rows, "control") == [2]


def test_a_later_case_is_a_control_before_its_event_unless_the_study_says_no(tmp_path):
    later = COHORT + "case | 2 | 2016-01-01 | 2020-12-31\n"
    _, rows = run(tmp_path, later, design="risk_set", controls=20)
    firsts = [r["person_id"] for r in rows if r["role"] == "control" and r["index_date"] == date(2015, 1, 5)]
    assert 2 in firsts
    (tmp_path / "again").mkdir()
    _, rows = run(tmp_path / "again", later, design="risk_set", future_cases=False, controls=20)
    assert 2 not in people(rows, "control")


def test_weights_are_the_inverse_of_sampling_fractions(tmp_path):
    with hospital(tmp_path, HOSPITAL) as source:
        exact = DrawSpec(cases=10, controls=10)
        draw(source, cohort(tmp_path, COHORT), exact, tmp_path / "draw.parquet", weight_unit=1)
    rows = pq.read_table(tmp_path / "draw.parquet").to_pylist()
    assert [(row["role"], row["weight"]) for row in rows] == [("case", 1.0), ("control", 2.0)]


def test_cases_alone_can_be_drawn(tmp_path):
    report, rows = run(tmp_path, controls=0)
    assert (report.drawn.cases, len(rows)) == (1, 1)


def test_covariates_look_at_the_year_before_the_index_date_only(tmp_path):
    report, _ = run(tmp_path, controls=10)
    visits = next(row for row in report.table1 if row.covariate == "visits")
    assert visits.cases == 2, "one visit in May 2014, and the stay that began before the index date"


def test_the_report_is_plain_json_with_a_love_plot(tmp_path):
    import json

    report, _ = run(tmp_path)
    again = json.loads(json.dumps(report.to_json()))
    assert again["available"] == {"cases": 1, "controls": 3}
    assert again["drawn"] == {"cases": 1, "controls": 1}
    assert again["notes"][0] == "Fewer eligible cases exist than are wanted."
    assert report.love_plot("ko").startswith("<svg")
    assert "매칭 후" in report.love_plot("ko")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"controls": 15}, "whole multiple of cases"),
        ({"calipers": [{"on": "region", "within": 1}]}, "'region' is a category"),
        ({"design": "risk_set", "index_date": "own"}, "taken at the case's index date"),
        ({"design": "risk_set", "match": ["sex", "index_year"]}, "`index_year` depends on the index date"),
        ({"match": ["sex", "sex"]}, "names a factor twice"),
        ({"future_cases": True}, "design: risk_set only"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_an_impossible_design_is_refused_in_a_sentence(spec, said):
    with pytest.raises(ValueError, match=said):
        DrawSpec(**({"cases": 10, "controls": 10} | spec))


def test_nothing_to_draw_is_said(tmp_path):
    for n, (text, said) in enumerate(
        [
            (COHORT.replace("case    |          1 |        2015", "case    |          1 |        2005"), "has no case"),
            ("\n".join(COHORT.splitlines()[:3]), "has no control"),
            (COHORT.replace("case    |          1", "case    |          5"), "pairs nobody: no case and control agree"),
        ]
    ):
        (tmp_path / str(n)).mkdir()
        with pytest.raises(BadInput, match=said):
            run(tmp_path / str(n), text)


def test_too_few_are_refused_if_the_study_says_so(tmp_path):
    with pytest.raises(BadInput, match="Fewer eligible cases exist than are wanted"):
        run(tmp_path, shortfall="refuse")


def test_a_file_that_is_no_cohort_is_named(tmp_path):
    with hospital(tmp_path, HOSPITAL) as source:
        for name in ("missing.parquet", "cohort.parquet"):
            cohort(tmp_path, "person_id | role\n1 | case\n")
            with pytest.raises(BadInput, match=name):
                draw(source, tmp_path / name, DrawSpec(cases=1, controls=1), tmp_path / "out.parquet")


@pytest.mark.parametrize("design", ["exact", "risk_set", "caliper"])
def test_the_same_bytes_on_any_number_of_threads(tmp_path, design):
    source, members = random_hospital(tmp_path, 6_000, 300)
    spec = {
        "exact": DrawSpec(cases=200, controls=400),
        "risk_set": DrawSpec(cases=200, controls=400, design="risk_set", prior_observation_days=365),
        "caliper": DrawSpec(
            cases=200, controls=400, match=("sex",), index_date="case", calipers=({"on": "birth", "within": 1},)
        ),
    }[design]
    got = []
    with source:
        for threads in (1, 4):
            out = tmp_path / f"{threads}.parquet"
            report = draw(source, members, spec, out, Limits(threads=threads))
            got.append((out.read_bytes(), report.to_json()))
    assert got[0] == got[1]


def test_no_pair_breaks_a_rule_told_by_a_query_of_its_own(tmp_path):
    source, members = random_hospital(tmp_path, 6_000, 300)
    spec = DrawSpec(cases=300, controls=1200, design="risk_set", prior_observation_days=365, birth_year_band=2)
    out = tmp_path / "draw.parquet"
    with source:
        report = draw(source, members, spec, out)
    with duckdb.connect(str(tmp_path / "cdm6000.duckdb"), read_only=True) as con:
        pairs, broken, twice = con.execute(
            f"""
            WITH d AS (FROM '{out}' JOIN cdm.person USING (person_id) JOIN cdm.observation_period USING (person_id)
                LEFT JOIN (SELECT subject_id AS person_id, min(cohort_start_date) AS event
                    FROM '{members}' WHERE role = 'case' GROUP BY 1) USING (person_id)),
            pair AS (
                SELECT a.gender_concept_id = b.gender_concept_id AND a.year_of_birth // 2 = b.year_of_birth // 2
                    AND a.index_date = b.index_date
                    AND b.index_date - b.observation_period_start_date >= 365
                    AND b.index_date <= b.observation_period_end_date
                    AND b.index_date < coalesce(b.event, DATE '9999-01-01') AS good
                FROM d a JOIN d b USING (set_id) WHERE a.role = 'case' AND b.role = 'control')
            SELECT count(*), count(*) FILTER (NOT good),
                (SELECT count(*) FROM (SELECT person_id FROM d WHERE role = 'control' GROUP BY 1 HAVING count(*) > 1)) FROM pair"""
        ).fetchone()
    assert (broken, twice) == (0, 0)
    assert pairs == report.drawn.controls > 500


def test_nine_in_ten_stay_when_the_database_grows_by_a_twentieth(tmp_path):
    kept = {}
    for design in ("exact", "risk_set"):
        spec = DrawSpec(cases=150, controls=600, design=design)
        drawn = []
        for n in (20_000, 21_000):
            folder = tmp_path / f"{design}{n}"
            folder.mkdir()
            source, members = random_hospital(folder, n, 400 * n // 20_000)
            with source:
                draw(source, members, spec, folder / "draw.parquet")
            rows = pq.read_table(folder / "draw.parquet").to_pylist()
            drawn.append({(r["person_id"], r["role"]) for r in rows})
        kept[design] = len(drawn[0] & drawn[1]) / len(drawn[0])
    assert min(kept.values()) >= 0.9, kept


def test_set_numbers_do_not_follow_person_numbers(tmp_path):
    source, members = random_hospital(tmp_path, 3_000, 200)
    with source:
        draw(source, members, DrawSpec(cases=100, controls=100), tmp_path / "draw.parquet")
    rows = pq.read_table(tmp_path / "draw.parquet").to_pylist()
    ids = [r["person_id"] for r in sorted(rows, key=lambda r: r["set_id"]) if r["role"] == "case"]
    rises = sum(a < b for a, b in pairwise(ids))
    assert 30 < rises < 70


def test_another_seed_draws_others(tmp_path):
    source, members = random_hospital(tmp_path, 3_000, 200)
    drawn = []
    with source:
        for seed in (1, 2):
            draw(source, members, DrawSpec(cases=50, controls=50, seed=seed), tmp_path / "draw.parquet")
            drawn.append(set(pq.read_table(tmp_path / "draw.parquet")["person_id"].to_pylist()))
    assert len(drawn[0] & drawn[1]) < 50
