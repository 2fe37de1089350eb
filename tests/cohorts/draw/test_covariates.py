"""What people were like before their index date: which rows count, and what they come to."""

from __future__ import annotations

import math

import duckdb
import numpy as np
import pytest

from cdm.engine import connect
from cdm.errors import BadInput
from cohorts.draw.covariates import observe
from cohorts.draw.declared import Covariate
from cohorts.draw.events import place_among
from cohorts.draw.roster import Finder, Roster, Sieve
from tests.cohorts.draw.hospital import hospital

INDEX = "2015-06-30"
PEOPLE = """
person_id | gender_concept_id | year_of_birth
        1 |              8507 |          1950
        2 |              8532 |          1980
"""
OBSERVED = """
observation_period_id | person_id | observation_period_start_date | observation_period_end_date
                    1 |         1 |                    2015-01-01 |                  2016-06-29
                    2 |         2 |                    2010-01-01 |                  2015-01-01
"""
CONDITIONS = """
condition_occurrence_id | person_id | condition_concept_id | condition_start_date
                      1 |         1 |                  100 |           2014-06-30
                      2 |         1 |                  100 |           2015-06-29
                      3 |         1 |                  200 |           2014-06-29
                      4 |         1 |                  300 |           2015-06-30
                      5 |         1 |                  400 |           2015-07-01
"""
MEASURED = """
measurement_id | person_id | measurement_concept_id | measurement_date | value_as_number
             1 |         1 |                   3000 |       2015-03-01 |            61.5
             2 |         1 |                   3000 |       2015-05-01 |            58.5
             3 |         1 |                   3000 |       2015-05-01 |            57.0
             4 |         1 |                   3000 |       2015-06-01 |               -
             5 |         1 |                   3000 |       2015-08-01 |            10.0
"""
HOSPITAL = {
    "person": PEOPLE,
    "observation_period": OBSERVED,
    "condition_occurrence": CONDITIONS,
    "measurement": MEASURED,
}


def days(text):
    return int(np.datetime64(text, "D").astype(int))


def seen(folder, declared=(), people=(1, 2), index=(INDEX, INDEX), tables=HOSPITAL):
    roster, row = Roster.of(np.array(people, np.int64), np.array([days(d) for d in index], np.int32))
    with hospital(folder, tables) as source, connect() as con:
        got = observe(con, source, roster, declared)
    return {name: values[row].tolist() for name, values in got.numbers.items()}


def test_a_year_is_the_365_days_before_the_index_date_and_not_the_day_itself(tmp_path):
    """Condition 100 on the first of these days and on the last; 200 a day earlier, 300 on the day, 400 after it."""
    assert seen(tmp_path)["conditions"] == [1, 0]


def test_age_sex_and_observation_are_of_the_index_date(tmp_path):
    got = seen(tmp_path)
    assert (got["age"], got["sex"], got["index_year"]) == ([65, 35], [8507, 8532], [2015, 2015])
    assert got["prior_observation"] == [180, 0], "the second is not observed on that day"
    assert got["follow_up"] == [365, 0]


def test_declared_covariates_tell_presence_counts_and_the_latest_number(tmp_path):
    declared = (
        Covariate(name="ill", table="condition_occurrence", concepts=(100,)),
        Covariate(name="rows", table="condition_occurrence", value="count"),
        Covariate(name="ever", table="condition_occurrence", value="count", days=None),
        Covariate(name="egfr", table="measurement", concepts=(3000,), value="latest"),
        Covariate(name="born", table="person", value="latest", column="year_of_birth"),
    )
    got = seen(tmp_path, declared)
    assert (got["ill"], got["rows"], got["ever"], got["born"]) == ([1, 0], [2, 0], [3, 0], [1950, 1980])
    assert got["egfr"][0] == 58.5, "of two on the last day with a value the larger"
    assert math.isnan(got["egfr"][1])


def test_a_person_of_two_index_dates_is_seen_on_each(tmp_path):
    got = seen(tmp_path, people=(1, 1), index=(INDEX, "2014-07-01"))
    assert got["conditions"] == [1, 2]


def test_ids_far_apart_are_found_as_well_as_those_side_by_side(tmp_path):
    far = {
        name: text.replace("         2 |", f"{10**12} |", 1) if name == "person" else text
        for name, text in HOSPITAL.items()
    }
    far["person"] = PEOPLE.replace("        2 |", f"{10**12} |")
    got = seen(tmp_path, people=(1, 10**12), tables=far)
    assert (got["age"], got["conditions"]) == ([65, 35], [1, 0])


def test_an_event_before_every_index_date_and_of_nobody_is_left_out():
    roster, _ = Roster.of(np.array([10, 12]), np.array([days("2020-01-01"), days("2020-03-01")], np.int32))
    finder = Finder(roster)
    key = duckdb.sql(f"SELECT {finder.key('id')} AS key FROM (SELECT unnest([10, 11, 12, 10]) AS id)").fetchnumpy()[
        "key"
    ]
    sieve = Sieve(roster, finder, None)
    row, at = sieve.keep(
        np.asarray(key), np.array([days(d) for d in ("1901-01-01", "1901-01-01", "2020-02-29", "2020-01-01")], np.int32)
    )
    assert (row.tolist(), at.tolist()) == ([0, 1], [0, 2])


def test_ids_outside_of_a_roster_are_passed_over_by_the_engine():
    roster, _ = Roster.of(np.array([10, 12]), np.array([0, 0], np.int32))
    asked = f"SELECT id FROM (SELECT unnest([-5, 9, 10, 11, 12, 13, 999]) AS id) WHERE {Finder(roster).within('id')} ORDER BY id"
    assert {10, 12} <= {i for (i,) in duckdb.sql(asked).fetchall()} <= {9, 10, 11, 12, 13}


@pytest.mark.parametrize("wanted", [[], [7], [5, 7, 9], [5, 9, 5 + 2**16]])
def test_concepts_are_found_among_wanted_ones_even_where_their_last_bits_agree(wanted):
    concept = np.array([5, 7, 9, 5 + 2**16, 7 + 2**16, 0], np.int32)
    place = place_among(concept, np.array(wanted, np.int32))
    assert [wanted[p] if p >= 0 else None for p in place] == [c if c in wanted else None for c in concept.tolist()]


def test_a_table_that_the_hospital_lacks_is_named(tmp_path):
    with pytest.raises(
        BadInput, match="covariate 'dose' is of table 'drug_exposure', which this hospital does not have"
    ):
        seen(tmp_path, (Covariate(name="dose", table="drug_exposure"),))
