"""Who is in the hospital: enough of what the programme's seven topics look for, in believable numbers."""

from __future__ import annotations

import pytest

from tests.cdm.synthetic.conftest import PERSONS, Ask

# Standard concepts of the seven topics: condition, drug, procedure, visit, measurement.
TOPICS = {
    "stroke": (443454, 381316, 373503, 439847, 432923, 4125350, 37311324, 4013636, 1347450, 19098550, 316866, 201820, 313217,
               40479572, 372435, 377254, 379778),
    "paediatric": (321042, 4232320, 437894, 4103295, 198571, 314383, 316139, 4052536, 4338595, 314381, 312723, 4163951, 4335825,
                   3021337, 3019800, 3029187, 1337720),
    "aneurysm": (377001, 4029497, 4148906, 435959, 439944, 432346, 43054909, 2000060, 2000063),
    "polyp": (4249893, 4209537, 4170609, 40488297, 4285898, 77234, 73241, 443391, 4180790, 443390, 201606, 81893, 4079713),
    "breast": (4112853, 432851, 603292, 1338512, 1344354, 1310317, 1315942, 1378382, 955632, 1344905, 1337620, 1387104, 42801287,
               902726, 1436678, 1348265, 1315946, 4213045, 4297155, 2006421, 4324693, 4082984, 4047494, 4322386),
    "chest": (440417, 435026, 4195694, 319049, 320739, 253796, 255848, 4273378, 443388, 37206719, 4327032, 4230167, 44791135,
              3024882),
    "deterioration": (40487536, 1321341, 1507835, 1343916, 1337860, 132797, 196236, 32037, 9201, 262, 9202, 9203, 3027018, 3004249,
                      3012888, 3027598, 3024171, 3020891, 40762499, 3000963, 3000905, 3024929, 3016723, 3013682, 3019550, 3023103,
                      3004501, 3024128, 3013721, 3006923, 3020460, 3034426, 3022217, 3047181, 3016335, 3009094, 3008223),
}  # fmt: skip


@pytest.mark.parametrize("topic", TOPICS)
def test_the_vocabulary_knows_every_concept_of_a_topic_as_standard_and_valid(topic: str, ask: Ask) -> None:
    listed = ", ".join(str(concept) for concept in TOPICS[topic])
    known = ask(f"""SELECT concept_id FROM concept JOIN concept_ancestor ON descendant_concept_id = concept_id
        AND ancestor_concept_id = concept_id WHERE standard_concept = 'S' AND invalid_reason IS NULL AND concept_id IN ({listed})""")
    assert {concept for (concept,) in known} == set(TOPICS[topic])


def test_source_concepts_are_not_standard_and_map_to_one_that_is(ask: Ask) -> None:
    assert ask("""SELECT count(*) FROM concept c JOIN concept_relationship r ON concept_id_1 = concept_id AND relationship_id = 'Maps to'
        JOIN concept s ON s.concept_id = concept_id_2 WHERE c.vocabulary_id IN ('KCD7', 'EDI')
        AND (c.standard_concept IS NOT NULL OR s.standard_concept IS DISTINCT FROM 'S')""") == [(0,)]
    assert ask("SELECT count(*) > 150 FROM concept WHERE vocabulary_id IN ('KCD7', 'EDI')") == [(True,)]
    assert ask("SELECT count(*) > 0 FROM concept WHERE invalid_reason IS NOT NULL") == [(True,)]


def test_rows_hold_concepts_of_their_own_domain(ask: Ask) -> None:
    for table, column, domain in (("condition_occurrence", "condition_concept_id", "Condition"),
                                  ("drug_exposure", "drug_concept_id", "Drug"),
                                  ("procedure_occurrence", "procedure_concept_id", "Procedure"),
                                  ("measurement", "measurement_concept_id", "Measurement"),
                                  ("observation", "observation_concept_id", "Observation")):  # fmt: skip
        assert ask(f"""SELECT count(*) FROM {table} JOIN concept ON concept_id = {column}
            WHERE concept_id > 0 AND (domain_id <> '{domain}' OR standard_concept IS DISTINCT FROM 'S')""") == [(0,)]


def test_some_rows_are_coded_below_the_concept_that_studies_name(ask: Ask) -> None:
    for table, column in (("condition_occurrence", "condition_concept_id"), ("drug_exposure", "drug_concept_id")):
        ((share,),) = ask(f"SELECT avg(CASE WHEN {column} > 2000000000 THEN 1 ELSE 0 END) FROM {table}")
        assert 0.05 < share < 0.7


def test_people_are_of_every_age_and_both_sexes(ask: Ask) -> None:
    ((women, youngest, oldest, adults),) = ask("""SELECT avg(CASE WHEN gender_concept_id = 8532 THEN 1 ELSE 0 END),
        min(2024 - year_of_birth), max(2024 - year_of_birth), avg(CASE WHEN 2024 - year_of_birth >= 19 THEN 1 ELSE 0 END) FROM person""")
    assert 0.45 < women < 0.57
    assert youngest <= 3
    assert 88 <= oldest <= 106
    assert 0.75 < adults < 0.95


def test_visits_are_of_every_kind_in_a_hospitals_proportions(ask: Ask) -> None:
    shares = dict(ask("SELECT visit_concept_id, count(*) / sum(count(*)) OVER () FROM visit_occurrence GROUP BY 1"))
    assert set(shares) == {9201, 9202, 9203, 262}
    assert shares[9202] > 0.75
    assert 0.03 < shares[9201] + shares[262] < 0.10


def test_some_people_have_two_observation_periods(ask: Ask) -> None:
    ((twice,),) = ask("SELECT count(*) FROM (SELECT person_id FROM observation_period GROUP BY 1 HAVING count(*) = 2)")
    assert 0.03 < twice / PERSONS < 0.15


def test_inpatients_have_vital_signs_through_the_day(ask: Ask) -> None:
    ((rounds, midnight),) = ask("""SELECT avg(rounds), avg(midnight) FROM (
        SELECT visit_occurrence_id, count(*) / (1 + date_diff('day', any_value(visit_start_date), any_value(visit_end_date))) AS rounds,
               avg(CASE WHEN measurement_datetime = CAST(measurement_date AS TIMESTAMP) THEN 1 ELSE 0 END) AS midnight
        FROM measurement JOIN visit_occurrence USING (visit_occurrence_id)
        WHERE measurement_concept_id = 3027018 AND visit_concept_id IN (9201, 262) GROUP BY 1)""")
    assert rounds > 2
    assert midnight < 0.05


def test_vital_signs_turn_before_a_transfer_to_intensive_care(ask: Ask) -> None:
    ((early, late),) = ask(
        """SELECT avg(value_as_number) FILTER (hours > 30), avg(value_as_number) FILTER (hours BETWEEN 0 AND 3)
        FROM (SELECT value_as_number, date_diff('minute', measurement_datetime, visit_detail_start_datetime) / 60 AS hours
              FROM visit_detail d JOIN measurement m USING (visit_occurrence_id)
              WHERE visit_detail_concept_id = 32037 AND measurement_concept_id = 3024171
                AND date_diff('minute', visit_detail.visit_detail_start_datetime, measurement_datetime) < 0)""".replace(
            "visit_detail.", "d."
        )
    )
    assert late > early + 4


def test_values_units_and_ranges_are_absent_together(ask: Ask) -> None:
    ((absent, unit, low),) = ask(
        """SELECT count(*), count(unit_concept_id), count(range_low) FROM measurement WHERE value_as_number IS NULL"""
    )
    assert absent > 100
    assert (unit, low) == (0, 0)
    assert ask(
        "SELECT count(*) FROM measurement WHERE measurement_concept_id = 40762499 AND value_as_number > 100"
    ) == [(0,)]


def test_source_values_begin_with_the_hospitals_code(ask: Ask) -> None:
    for table, column, concept in (("condition_occurrence", "condition_source_value", "condition_source_concept_id"),
                                   ("drug_exposure", "drug_source_value", "drug_source_concept_id"),
                                   ("procedure_occurrence", "procedure_source_value", "procedure_source_concept_id")):  # fmt: skip
        assert ask(f"""SELECT count(*) FROM {table} JOIN concept ON concept_id = {concept}
            WHERE split_part({column}, ' ', 1) <> split_part(concept_code, '#', 1)""") == [(0,)]
