"""circe-be's own ways that Naru keeps; where Naru does otherwise; and who comes first among equals.

`docs/explanation/circe-differences.md` names every test of this file. Unless a test says otherwise, what is found is found
by the engine, by circe-be's SQL and by our reference.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import cdm
from cdm.errors import BadInput
from cohorts.attrition import Attrition
from cohorts.engine import generate, need
from cohorts.expression import parse
from tests.cohorts import oracle, reference, small
from tests.cohorts.small import all_three as cohort
from tests.cohorts.small import (
    by_circe,
    by_reference,
    concept_set,
    condition,
    conditions,
    days,
    definition,
    drug,
    drugs,
    expected,
    group,
    occurs,
    window,
)
from tests.tables import write_duckdb

ONE = conditions("1 | 1 | 10 | 2011-01-01 | 2011-01-05")
FOUND = expected("1 | 2011-01-01 | 2011-01-05")
BEFORE_MARCH = {"Value": "2011-03-01", "Op": "lt"}
OVERLAPPING = {
    "observation_period": """
observation_period_id | person_id | observation_period_start_date | observation_period_end_date
                    1 |         1 |                    2010-01-01 |                  2012-01-01
                    2 |         1 |                    2010-06-01 |                  2012-06-01"""
}


def measurements(lines: str) -> dict[str, str]:
    head = (
        "measurement_id | person_id | measurement_concept_id | measurement_date | value_as_number | range_low | range_high"
        " | value_as_concept_id"
    )
    return {"measurement": f"{head}\n{lines}"}


def years(found: list[tuple[Any, ...]]) -> list[int]:
    return [row[1].year for row in found]


# circe-be's own ways, kept


def test_the_end_date_of_a_drug_exposure_looks_at_its_start(tmp_path: Path) -> None:
    exposures = drugs("1 | 1 | 20 | 2011-01-01 | 2011-06-01 | -")
    assert len(cohort(tmp_path, exposures, definition(drug(OccurrenceEndDate=BEFORE_MARCH)))) == 1
    events = conditions("1 | 1 | 10 | 2011-01-01 | 2011-06-01")
    assert cohort(tmp_path, events, definition(condition(OccurrenceEndDate=BEFORE_MARCH))) == []


def test_the_age_of_a_visit_detail_is_that_at_its_end(tmp_path: Path) -> None:
    details = {
        "visit_detail": """
        visit_detail_id | person_id | visit_detail_concept_id | visit_detail_start_date | visit_detail_end_date | visit_occurrence_id
                      1 |         1 |                      10 |              2011-12-31 |            2012-01-02 |                   -"""
    }
    of_age = lambda age: definition({"VisitDetail": {"CodesetId": 1, "Age": {"Value": age, "Op": "eq"}}})  # noqa: E731
    assert len(cohort(tmp_path, details, of_age(62))) == 1
    assert cohort(tmp_path, details, of_age(61)) == []


def test_a_specimen_is_not_adjusted_and_its_source_concept_not_looked_at(tmp_path: Path) -> None:
    specimens = {
        "specimen": """
        specimen_id | person_id | specimen_concept_id | specimen_date
                  1 |         1 |                  10 |    2011-01-01"""
    }
    moved = {"StartWith": "START_DATE", "StartOffset": 5, "EndWith": "END_DATE", "EndOffset": 9}
    given = definition({"Specimen": {"CodesetId": 1, "DateAdjustment": moved, "SpecimenSourceConcept": 3}})
    assert cohort(tmp_path, specimens, given) == expected("1 | 2011-01-01 | 2011-01-02")


def test_a_death_is_adjusted_from_its_day_and_the_day_after_whatever_is_asked(tmp_path: Path) -> None:
    deaths = {"death": "person_id | death_date | cause_concept_id\n1 | 2011-01-01 | 10"}
    swapped = {"StartWith": "END_DATE", "StartOffset": 0, "EndWith": "START_DATE", "EndOffset": 5}
    assert cohort(tmp_path, deaths, definition({"Death": {"DateAdjustment": swapped}})) == expected(
        "1 | 2011-01-01 | 2011-01-07"
    )


def test_the_gap_days_of_a_custom_era_bridge_nothing(tmp_path: Path) -> None:
    events = conditions("""
        1 | 1 | 10 | 2011-01-01 | 2011-01-05
        2 | 1 | 10 | 2011-01-05 | 2011-01-08
        3 | 1 | 10 | 2011-01-10 | 2011-01-15""")
    eras = definition({"CustomEra": {"CriteriaList": [condition()], "GapDays": 30}})
    assert cohort(tmp_path, events, eras) == expected("""1 | 2011-01-01 | 2011-01-08
                                                         1 | 2011-01-10 | 2011-01-15""")


def test_nested_criteria_of_a_custom_era_are_not_looked_at(tmp_path: Path) -> None:
    nested = {"CriteriaList": [condition()], "CorrelatedCriteria": group(occurs(drug()))}
    assert cohort(tmp_path, ONE, definition({"CustomEra": nested})) == FOUND


def test_numbers_of_a_decimal_range_have_four_digits(tmp_path: Path) -> None:
    readings = measurements("""
    1 | 1 | 10 | 2011-01-01 | 4.99996 | - | - | -
    2 | 1 | 10 | 2012-01-01 |       5 | - | - | -""")
    at_least = definition({"Measurement": {"ValueAsNumber": {"Value": 4.99995, "Op": "gte"}}})
    assert years(cohort(tmp_path, readings, at_least)) == [2012]


def test_a_text_filter_knows_wildcards_and_capital_letters(tmp_path: Path) -> None:
    events = {
        "condition_occurrence": """
        condition_occurrence_id | person_id | condition_concept_id | condition_start_date | condition_end_date | stop_reason
                              1 |         1 |                   10 |           2011-01-01 |         2011-01-02 | healed
                              2 |         1 |                   10 |           2012-01-01 |         2012-01-02 | Healed
                              3 |         1 |                   10 |           2013-01-01 |         2013-01-02 | -"""
    }
    asks = lambda op, text: definition(condition(StopReason={"Op": op, "Text": text}))  # noqa: E731
    assert years(cohort(tmp_path, events, asks("startsWith", "h_al"))) == [2011]
    assert years(cohort(tmp_path, events, asks("!contains", "h%d"))) == [2012]


@pytest.mark.parametrize(("excluded", "stays"), [(False, {1}), (True, {2})])
def test_a_selection_without_a_set_asks_whether_the_column_is_filled(
    tmp_path: Path, excluded: bool, stays: set[int]
) -> None:
    people = {
        "person": "person_id | gender_concept_id | year_of_birth\n1 | 8507 | 1950\n2 | - | 1980",
        **conditions("""
        1 | 1 | 10 | 2011-01-01 | 2011-01-02
        2 | 2 | 10 | 2011-01-01 | 2011-01-02"""),
    }
    given = definition(condition(GenderCS={"IsExclusion": excluded}))
    assert {row[0] for row in cohort(tmp_path, people, given)} == stays


def test_the_exclude_flag_of_a_type_turns_its_list_around_but_not_its_selection(tmp_path: Path) -> None:
    events = {
        "condition_occurrence": """
condition_occurrence_id | person_id | condition_concept_id | condition_start_date | condition_end_date | condition_type_concept_id
                      1 |         1 |                   10 |           2011-01-01 |         2011-01-02 |                        20
                      2 |         1 |                   10 |           2012-01-01 |         2012-01-02 |                        30"""
    }
    by_list = definition(condition(ConditionType=[{"CONCEPT_ID": 20}], ConditionTypeExclude=True))
    assert years(cohort(tmp_path, events, by_list)) == [2012]
    by_selection = definition(condition(ConditionTypeCS={"CodesetId": 2}, ConditionTypeExclude=True))
    assert years(cohort(tmp_path, events, by_selection)) == [2011]


def test_an_unknown_provider_has_no_specialty_but_an_unknown_person_is_nobody(tmp_path: Path) -> None:
    tables = {
        "person": "person_id | gender_concept_id | year_of_birth\n1 | - | 1950",
        "condition_occurrence": """
        condition_occurrence_id | person_id | condition_concept_id | condition_start_date | condition_end_date | provider_id
                              1 |         1 |                   10 |           2011-01-01 |         2011-01-02 |           7
                              2 |         2 |                   10 |           2011-01-01 |         2011-01-02 |           -""",
    }
    tables["provider"] = "provider_id | specialty_concept_id\n1 | 10"
    empty = {"IsExclusion": True}
    assert [row[0] for row in cohort(tmp_path, tables, definition(condition(ProviderSpecialtyCS=empty)))] == [1, 2]
    assert [row[0] for row in cohort(tmp_path, tables, definition(condition(GenderCS=empty)))] == [1]


@pytest.mark.parametrize(("op", "matches", "stays"), [(2, 0, False), (2, 1, True), (1, 0, False), (0, 0, False)])
def test_a_negative_count_needs_a_match_if_at_least_and_else_never_holds(
    tmp_path: Path, op: int, matches: int, stays: bool
) -> None:
    person = 1 if matches else 2
    tables = ONE | drugs(f"1 | {person} | 20 | 2011-01-01 | 2011-01-02 | -")
    rule = group(occurs(drug(), op, -1))
    assert cohort(tmp_path, tables, definition(condition(), rules=[rule])) == (FOUND if stays else [])


def test_an_empty_group_counts_as_one_that_holds(tmp_path: Path) -> None:
    either = group(occurs(condition(3)), groups=(group(),), kind="ANY")
    assert cohort(tmp_path, ONE, definition(condition(), rules=[either])) == FOUND
    at_most_none = group(groups=(group(),), kind="AT_MOST", count=0)
    assert cohort(tmp_path, ONE, definition(condition(), rules=[at_most_none])) == []


@pytest.mark.parametrize(("most", "holds"), [(4, True), (3, False)])
def test_an_empty_group_in_two_observation_periods_counts_four_times(tmp_path: Path, most: int, holds: bool) -> None:
    """Once for each pair of periods."""
    nested = condition(CorrelatedCriteria=group(groups=(group(),), kind="AT_MOST", count=most))
    assert bool(cohort(tmp_path, ONE | OVERLAPPING, definition(nested))) is holds


def test_of_several_deaths_one_that_keeps_nested_criteria_keeps_all(tmp_path: Path) -> None:
    """A death is known by its person only. The first is in observation, and fits; the second is not."""
    tables = drugs("1 | 1 | 20 | 2011-01-01 | 2011-01-02 | -") | {
        "death": "person_id | death_date | cause_concept_id\n1 | 2011-01-01 | 10\n1 | 2021-06-01 | 10"
    }
    died = {"Death": {"CorrelatedCriteria": group(occurs(drug(), start=window(0, 0)))}}
    twice = group(occurs(died, 0, 2, start={"Start": days(0), "End": days(9999, 1)}, IgnoreObservationPeriod=True))
    tables |= ONE
    assert cohort(tmp_path, tables, definition(condition(), rules=[twice])) == FOUND


def test_a_user_defined_period_shows_its_dates_but_is_ordered_by_the_real_ones(tmp_path: Path) -> None:
    shown = {"StartDate": "2011-06-01", "EndDate": "2011-07-01"}
    assert cohort(tmp_path, {}, definition({"ObservationPeriod": {"UserDefinedPeriod": shown}})) == expected(
        """1 | 2011-06-01 | 2011-07-01
           2 | 2011-06-01 | 2011-07-01"""
    )
    outside = {"StartDate": "2009-06-01"}
    assert cohort(tmp_path, {}, definition({"ObservationPeriod": {"UserDefinedPeriod": outside}})) == []
    tables = conditions("9 | 1 | 10 | 2010-05-01 | 2010-05-02")
    both = definition(condition(), {"ObservationPeriod": {"UserDefinedPeriod": shown}}, limit="First")
    assert cohort(tmp_path, tables, both)[0] == expected("1 | 2011-06-01 | 2011-07-01")[0]


# Where Naru does otherwise


def test_an_abnormal_measurement_is_outside_its_range_or_says_so(tmp_path: Path) -> None:
    readings = measurements("""
    1 | 1 | 10 | 2011-01-01 | 1 | 2 | 5 |       -
    2 | 1 | 10 | 2012-01-01 | 3 | 2 | 5 | 4155142
    3 | 1 | 10 | 2013-01-01 | 3 | 2 | 5 |       -""")
    abnormal = {"CodesetId": 1, "Abnormal": True}
    asked = definition({"Measurement": abnormal})
    assert years(_engine_and_reference(tmp_path, readings, asked)) == [2011, 2012]
    assert _no_answer(readings, asked) == "no SQL"
    with_value = definition({"Measurement": abnormal | {"ValueAsConceptCS": {"IsExclusion": False}}})
    assert years(cohort(tmp_path, readings, with_value)) == [2012]  # circe-be's SQL is one only with ValueAsConcept


def test_distinct_values_of_a_nested_criterion_are_counted(tmp_path: Path) -> None:
    nested = drug(2, CorrelatedCriteria=group(occurs(condition(), start=window(0, 0))))
    tables = conditions("1 | 1 | 10 | 2011-01-01 | 2011-01-02") | drugs("""
        1 | 1 | 20 | 2011-01-01 | 2011-01-05 | -
        2 | 1 | 20 | 2011-01-01 | 2011-01-09 | -""")
    rule = lambda count: group(occurs(nested, 2, count, distinct="DURATION"))  # noqa: E731
    two, three = (definition(condition(), rules=[rule(count)]) for count in (2, 3))
    assert len(_engine_and_reference(tmp_path, tables, two)) == 1
    assert _engine_and_reference(tmp_path, tables, three) == []
    assert _no_answer(tables, two) == "no SQL"


@pytest.mark.parametrize(
    ("criterion", "column", "circe"),
    [
        (condition(2), "VISIT_DETAIL_ID", "refused"),
        (condition(2), "DOMAIN_SOURCE_CONCEPT", "refused"),
        ({"Measurement": {}}, "UNIT", "refused"),
        ({"PayerPlanPeriod": {}}, "DURATION", "refused"),
        ({"VisitDetail": {}}, "VISIT_ID", "refused"),
        ({"VisitDetail": {}}, "VISIT_DETAIL_ID", "no SQL"),
        ({"Episode": {}}, "DOMAIN_CONCEPT", "no SQL"),
        ({"PayerPlanPeriod": {}}, "DOMAIN_CONCEPT", "no SQL"),
    ],
)
def test_columns_that_circe_cannot_count_are_counted(
    tmp_path: Path, criterion: dict[str, Any], column: str, circe: str
) -> None:
    (kind,) = criterion
    tables = ONE | _two_rows(kind)
    asked = definition(condition(), rules=[group(occurs(criterion, 0, 2, distinct=column))])
    assert _engine_and_reference(tmp_path, tables, asked) == FOUND
    assert _no_answer(tables, asked) == circe


def _two_rows(kind: str) -> dict[str, str]:
    """Two rows that differ in whatever can be counted."""
    table, text = {
        "ConditionOccurrence": (
            "condition_occurrence",
            """condition_occurrence_id | person_id | condition_concept_id | condition_start_date | condition_end_date | source | detail
               1 | 1 | 10 | 2011-01-01 | 2011-01-05 | - | -
               2 | 1 | 20 | 2011-01-01 | 2011-01-05 | 5 | 7
               3 | 1 | 20 | 2011-01-01 | 2011-01-05 | 6 | 8""".replace("source", "condition_source_concept_id").replace(
                "detail", "visit_detail_id"
            ),
        ),
        "Measurement": (
            "measurement",
            """measurement_id | person_id | measurement_concept_id | measurement_date | unit_concept_id
               1 | 1 | 10 | 2011-01-01 | 5
               2 | 1 | 10 | 2011-01-01 | 6""",
        ),
        "PayerPlanPeriod": (
            "payer_plan_period",
            """payer_plan_period_id | person_id | payer_plan_period_start_date | payer_plan_period_end_date | payer_concept_id
               1 | 1 | 2011-01-01 | 2011-01-05 | 5
               2 | 1 | 2011-01-01 | 2011-01-06 | 6""",
        ),
        "VisitDetail": (
            "visit_detail",
            """visit_detail_id | person_id | visit_detail_concept_id | visit_detail_start_date | visit_detail_end_date | visit_occurrence_id
               1 | 1 | 10 | 2011-01-01 | 2011-01-05 | 5
               2 | 1 | 10 | 2011-01-01 | 2011-01-05 | 6""",
        ),
        "Episode": (
            "episode",
            """episode_id | person_id | episode_concept_id | episode_start_date | episode_end_date
               1 | 1 | 10 | 2011-01-01 | 2011-01-05
               2 | 1 | 20 | 2011-01-01 | 2011-01-05""",
        ),
    }[kind]  # fmt: skip
    return {table: text}


def test_an_episode_with_nested_criteria_is_found_although_a_comment_swallows_circe_s_bracket(tmp_path: Path) -> None:
    episodes = {
        "episode": """
        episode_id | person_id | episode_concept_id | episode_start_date | episode_end_date
                 1 |         1 |                 10 |         2011-01-01 |       2011-01-05"""
    }
    asked = definition({"Episode": {"CorrelatedCriteria": group(occurs(condition()))}})
    assert cohort(tmp_path, episodes | ONE, asked) == FOUND  # the comment is taken out for circe, too
    as_it_is = oracle.statements(oracle.script(asked, mended=False))
    with pytest.raises(oracle.NoAnswer, match="no SQL"):
        oracle.rows(small.circe_tables(), asked, lambda _: as_it_is)


@pytest.mark.parametrize(
    ("selection", "column"), [("RaceCS", "race"), ("EthnicityCS", "ethnicity"), ("GenderCS", "gender")]
)
def test_a_selection_of_race_looks_at_race_and_one_of_ethnicity_at_ethnicity(
    tmp_path: Path, selection: str, column: str
) -> None:
    people = {"person": f"person_id | year_of_birth | {column}_concept_id\n1 | 1950 | 20\n2 | 1950 | 30"}
    events = conditions("1 | 1 | 10 | 2011-01-01 | 2011-01-05\n2 | 2 | 10 | 2011-01-01 | 2011-01-05")
    asked = definition(condition(), rules=[group(people=({selection: {"CodesetId": 2}},))])
    assert cohort(tmp_path, people | events, asked) == FOUND


def test_the_gap_days_of_a_drug_era_are_its_gap_days(tmp_path: Path) -> None:
    eras = {
        "drug_era": """
        drug_era_id | person_id | drug_concept_id | drug_era_start_date | drug_era_end_date | gap_days
                  1 |         1 |              20 |          2011-01-01 |        2011-01-05 |        9
                  2 |         1 |              20 |          2012-01-01 |        2012-01-10 |        4"""
    }
    asked = definition({"DrugEra": {"GapDays": {"Value": 4, "Op": "eq"}, "EraLength": {"Value": 0, "Op": "gt"}}})
    assert years(cohort(tmp_path, eras, asked)) == [2012]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (definition(condition(Frist=True)), "Frist is no part of a cohort definition"),
        (definition(condition(7)), "refers to concept set 7, which the definition does not have"),
        (definition(condition(), limit="Frist"), "PrimaryCriteriaLimit"),
        (definition(condition(), rules=[group(occurs(drug()), kind="AT_LEAST")]), "needs a Count"),
        (definition(condition(), rules=[group()] * 63), "InclusionRules"),
        (definition(condition(), ConceptSets=[concept_set(1, 10), concept_set(1, 20)]), "used by two concept sets"),
    ],
)
def test_what_circe_guesses_at_is_refused_in_a_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        parse(json.dumps(given), "given")


@pytest.mark.parametrize(
    ("criterion", "name"),
    [
        ({"LocationRegion": {}}, "LocationRegion"),
        (drug(EffectiveDrugDose={"Value": 1, "Op": "gt"}), "DrugExposure.EffectiveDrugDose"),
        (drug(DoseUnit=[{"CONCEPT_ID": 1}]), "DrugExposure.DoseUnit"),
        ({"VisitOccurrence": {"PlaceOfServiceLocation": 1}}, "VisitOccurrence.PlaceOfServiceLocation"),
    ],
)
def test_what_no_cdm_can_answer_is_refused_by_name(criterion: dict[str, Any], name: str) -> None:
    with pytest.raises(BadInput, match=f"{name} cannot be answered"):
        need({"1": parse(json.dumps(definition(criterion)), "given")})


# Who comes first among equals


def test_of_primary_events_of_one_day_and_one_id_the_one_that_ends_earlier_is_first(tmp_path: Path) -> None:
    tables = conditions("7 | 1 | 10 | 2011-01-01 | 2011-01-09") | drugs("7 | 1 | 20 | 2011-01-01 | 2011-01-05 | -")
    assert cohort(tmp_path, tables, definition(condition(), drug(), limit="First")) == FOUND


def test_an_event_in_two_observation_periods_is_first_in_the_one_that_began_first(tmp_path: Path) -> None:
    asked = definition(condition(), limit="First") | {"EndStrategy": None}
    assert cohort(tmp_path, ONE | OVERLAPPING, asked) == expected("1 | 2011-01-01 | 2012-01-01")


def test_of_two_equal_events_the_one_of_the_earlier_criterion_is_first(tmp_path: Path) -> None:
    """They are told apart by their visit only: a visit of the condition holds the rule, that of the drug does not."""
    tables = {
        "condition_occurrence": """
        condition_occurrence_id | person_id | condition_concept_id | condition_start_date | condition_end_date | visit_occurrence_id
                              7 |         1 |                   10 |           2011-01-01 |         2011-01-05 |                   2
                              8 |         1 |                   20 |           2011-01-01 |         2011-01-05 |                   2""",
        "drug_exposure": """
        drug_exposure_id | person_id | drug_concept_id | drug_exposure_start_date | drug_exposure_end_date | days_supply | visit
                       7 |         1 |              20 |               2011-01-01 |             2011-01-05 |           - |     1""",
    }
    tables["drug_exposure"] = tables["drug_exposure"].replace("visit\n", "visit_occurrence_id\n")
    rule = group(occurs(condition(2), RestrictVisit=True))
    assert cohort(tmp_path, tables, definition(condition(), drug(), limit="First", rules=[rule])) == FOUND
    assert cohort(tmp_path, tables, definition(drug(), condition(), limit="First", rules=[rule])) == []


def test_of_events_of_one_day_a_limit_takes_the_smaller_id(tmp_path: Path) -> None:
    events = conditions("2 | 1 | 10 | 2011-01-01 | 2011-01-05\n1 | 1 | 10 | 2011-01-01 | 2011-01-09")
    for limit in ("QualifiedLimit", "ExpressionLimit"):
        for kind in ("First", "Last"):
            asked = definition(condition(), **{limit: {"Type": kind}}, AdditionalCriteria=group())
            assert cohort(tmp_path, events, asked) == expected("1 | 2011-01-01 | 2011-01-09")


def test_of_observation_periods_that_begin_on_one_day_the_one_of_the_smaller_id_is_first(tmp_path: Path) -> None:
    periods = {
        "observation_period": """
        observation_period_id | person_id | observation_period_start_date | observation_period_end_date
                            5 |         1 |                    2010-01-01 |                  2011-01-01
                            4 |         1 |                    2010-01-01 |                  2012-01-01"""
    }
    asked = definition({"ObservationPeriod": {"First": True}})
    assert cohort(tmp_path, periods, asked) == expected("1 | 2010-01-01 | 2012-01-01")


def test_intervals_of_an_era_are_taken_in_order_of_start_then_end(tmp_path: Path) -> None:
    """The one that ends before it starts comes first, is an era by itself, and ends before anybody can enter."""
    events = conditions("""
        1 | 1 | 10 | 2011-01-05 | 2011-01-09
        2 | 1 | 10 | 2011-01-05 | 2011-01-02
        3 | 1 | 10 | 2011-01-08 | 2011-01-20""")
    eras = definition({"CustomEra": {"CriteriaList": [condition()]}})
    assert cohort(tmp_path, events, eras) == expected("1 | 2011-01-05 | 2011-01-20")


def test_of_equally_good_events_of_one_day_attrition_takes_the_one_that_is_first_among_primary_events(
    tmp_path: Path,
) -> None:
    """Both keep two of three rules, and rule 1 is the first of both; the condition ends earlier."""
    tables = conditions("7 | 1 | 10 | 2011-01-01 | 2011-01-05") | drugs("7 | 1 | 20 | 2011-01-01 | 2011-01-09 | -")
    ends = lambda op: group(people=({"OccurrenceEndDate": {"Value": "2011-01-07", "Op": op}},))  # noqa: E731
    asked = definition(condition(), drug(), rules=[group(), ends("gt"), ends("lt")])
    best = frozenset({1, 3})
    found = _attrition(tmp_path, tables, asked)
    assert {frozenset(c.rules): c.people for c in found.combinations if c.people} == {best: 1}
    assert small.circe_answer(tables, asked).best_events == {best: 1}
    assert reference.cohort(asked, small.reference_hospital(tables)).best_events == {best: 1}


def test_of_events_that_keep_as_many_rules_attrition_takes_the_one_whose_first_rule_is_lower(tmp_path: Path) -> None:
    """The later event keeps rules 1 and 3, the earlier one 2 and 3: ATLAS counts the person with the later one."""
    tables = conditions("1 | 1 | 10 | 2011-01-01 | 2011-01-05\n2 | 1 | 10 | 2012-01-01 | 2012-01-05")
    starts = lambda op: group(people=({"OccurrenceStartDate": {"Value": "2011-06-01", "Op": op}},))  # noqa: E731
    asked = definition(condition(), rules=[starts("gt"), starts("lt"), group()])
    best, other = frozenset({1, 3}), frozenset({2, 3})
    found = _attrition(tmp_path, tables, asked)
    assert {frozenset(c.rules): (c.people, c.entries) for c in found.combinations} == {best: (1, 1), other: (0, 1)}
    for answer in (small.circe_answer(tables, asked), reference.cohort(asked, small.reference_hospital(tables))):
        assert (answer.best_events, answer.all_events) == ({best: 1}, {best: 1, other: 1})


def _engine_and_reference(folder: Path, tables: dict[str, Any], asked: dict[str, Any]) -> list[tuple[Any, ...]]:
    found = small.cohort(folder, tables, asked)
    assert found == by_reference(tables, asked)
    return found


def _no_answer(tables: dict[str, Any], asked: dict[str, Any]) -> str:
    """Whether circe-be refuses, or writes no SQL."""
    with pytest.raises(oracle.NoAnswer) as told:
        by_circe(tables, asked)
    return str(told.value).split(":", maxsplit=1)[0]


def _attrition(folder: Path, tables: dict[str, Any], asked: dict[str, Any]) -> Attrition:
    file = write_duckdb(folder / "attrition.duckdb", {**small.BASE, **tables})
    with cdm.open_source(f"duckdb://{file}?schema=cdm", folder) as source:
        return generate(source, {"1": parse(json.dumps(asked), "given")}, folder / "out.parquet")["1"]
