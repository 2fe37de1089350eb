"""Where circe-be is not what one would guess: one small table for each.

What is found is found by the engine, by circe-be's SQL and by our reference, unless a test says otherwise.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cohorts.small import all_three as cohort
from tests.cohorts.small import (
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


def period(lines: str) -> dict[str, str]:
    head = (
        "observation_period_id | person_id | observation_period_start_date | observation_period_end_date"
        " | period_type_concept_id"
    )
    return {"observation_period": f"{head}\n" + "\n".join(f"{line} | 0" for line in lines.strip().splitlines())}


# 1. First


def test_first_ranks_before_every_other_filter_and_ignores_observation_periods(tmp_path: Path) -> None:
    events = conditions("""
        1 | 1 | 10 | 2009-06-01 | 2009-06-02
        2 | 1 | 10 | 2011-06-01 | 2011-06-02
        3 | 2 | 10 | 2011-06-01 | 2011-06-02
        4 | 2 | 10 | 2012-06-01 | 2012-06-02""")
    assert cohort(tmp_path, events, definition(condition(First=True))) == expected("2 | 2011-06-01 | 2011-06-02")
    later = {"Value": "2012-01-01", "Op": "gt"}
    assert cohort(tmp_path, events, definition(condition(First=True, OccurrenceStartDate=later))) == []


def test_first_looks_only_at_events_of_its_concept_set(tmp_path: Path) -> None:
    events = conditions("""
        1 | 1 | 20 | 2011-01-01 | 2011-01-02
        2 | 1 | 10 | 2011-06-01 | 2011-06-02""")
    assert cohort(tmp_path, events, definition(condition(First=True))) == expected("1 | 2011-06-01 | 2011-06-02")


def test_first_ranks_by_dates_before_adjustment(tmp_path: Path) -> None:
    events = conditions("""
        1 | 1 | 10 | 2011-01-01 | 2011-12-01
        2 | 1 | 10 | 2011-02-01 | 2011-03-01""")
    by_end = {"StartWith": "END_DATE", "StartOffset": 0, "EndWith": "END_DATE", "EndOffset": 5}
    assert cohort(tmp_path, events, definition(condition(First=True, DateAdjustment=by_end))) == expected(
        "1 | 2011-12-01 | 2011-12-06"
    )


def test_a_first_event_whose_adjusted_start_is_unknown_is_none_and_the_second_does_not_take_its_place(
    tmp_path: Path,
) -> None:
    visits = {
        "visit_occurrence": """
        visit_occurrence_id | person_id | visit_concept_id | visit_start_date | visit_end_date
                          1 |         1 |               10 |       2011-01-01 | -
                          2 |         1 |               10 |       2011-02-01 | 2011-03-01
                          3 |         2 |               10 |       2011-02-01 | 2011-03-01"""
    }
    by_end = {"StartWith": "END_DATE", "StartOffset": 0, "EndWith": "END_DATE", "EndOffset": 5}
    asked = definition({"VisitOccurrence": {"CodesetId": 1, "First": True, "DateAdjustment": by_end}})
    assert cohort(tmp_path, visits, asked) == expected("2 | 2011-03-01 | 2011-03-06")


# 2. Primary events and limits


def test_primary_events_of_one_day_are_ordered_by_source_id_over_all_tables(tmp_path: Path) -> None:
    tables = conditions("7 | 1 | 10 | 2011-01-01 | 2011-01-05") | drugs("3 | 1 | 20 | 2011-01-01 | 2011-01-31 | -")
    assert cohort(tmp_path, tables, definition(condition(), drug(), limit="First")) == expected(
        "1 | 2011-01-01 | 2011-01-31"
    )


def test_last_turns_the_date_around_but_not_the_source_id(tmp_path: Path) -> None:
    events = conditions("""
        1 | 1 | 10 | 2011-01-01 | 2011-01-05
        2 | 1 | 10 | 2012-01-01 | 2012-01-05
        3 | 1 | 10 | 2012-01-01 | 2012-01-09""")
    assert cohort(tmp_path, events, definition(condition(), limit="Last")) == expected("1 | 2012-01-01 | 2012-01-05")


# 3. Qualified limit

TWO = conditions("""
    1 | 1 | 10 | 2011-01-01 | 2011-01-05
    2 | 1 | 10 | 2012-01-01 | 2012-01-05""")


def test_the_qualified_limit_counts_only_where_additional_criteria_is_present_even_if_empty(tmp_path: Path) -> None:
    first = {"QualifiedLimit": {"Type": "First"}}
    both = expected("""1 | 2011-01-01 | 2011-01-05
                       1 | 2012-01-01 | 2012-01-05""")
    assert cohort(tmp_path, TWO, definition(condition(), **first)) == both
    assert cohort(tmp_path, TWO, definition(condition(), **first, AdditionalCriteria=group())) == both[:1]
    last = {"QualifiedLimit": {"Type": "last"}, "AdditionalCriteria": group()}
    assert cohort(tmp_path, TWO, definition(condition(), **last)) == both[1:]


def test_the_expression_limit_chooses_among_events_that_keep_the_rules(tmp_path: Path) -> None:
    tables = TWO | drugs("1 | 1 | 20 | 2012-01-01 | 2012-01-02 | -")
    rule = group(occurs(drug(), start=window(0, 0)))
    assert cohort(
        tmp_path, tables, definition(condition(), rules=[rule], ExpressionLimit={"Type": "First"})
    ) == expected("1 | 2012-01-01 | 2012-01-05")


@pytest.mark.parametrize("kind", ["First", "Last"])
@pytest.mark.parametrize("limit", ["QualifiedLimit", "ExpressionLimit"])
def test_ties_of_a_limit_go_to_the_smaller_source_id(tmp_path: Path, limit: str, kind: str) -> None:
    events = conditions("""
        2 | 1 | 10 | 2011-01-01 | 2011-01-05
        1 | 1 | 10 | 2011-01-01 | 2011-01-09""")
    given = definition(condition(), **{limit: {"Type": kind}}, AdditionalCriteria=group())
    assert cohort(tmp_path, events, given) == expected("1 | 2011-01-01 | 2011-01-09")


def test_a_limit_that_is_left_out_means_the_first_event(tmp_path: Path) -> None:
    given = definition(condition())
    for limit in ("QualifiedLimit", "ExpressionLimit"):
        del given[limit]
    assert cohort(tmp_path, TWO, given) == expected("1 | 2011-01-01 | 2011-01-05")


# 4. Counts and groups

NO_DRUG = conditions("1 | 1 | 10 | 2011-01-01 | 2011-01-05") | drugs("1 | 2 | 20 | 2011-01-01 | 2011-01-02 | -")
ONE = expected("1 | 2011-01-01 | 2011-01-05")


@pytest.mark.parametrize(
    ("op", "count", "stays"), [(1, 0, True), (1, 3, True), (0, 0, True), (2, 0, True), (0, 1, False), (2, 1, False)]
)
def test_at_most_and_count_zero_keep_people_without_a_match(tmp_path: Path, op: int, count: int, stays: bool) -> None:
    rule = group(occurs(drug(), op, count))
    assert cohort(tmp_path, NO_DRUG, definition(condition(), rules=[rule])) == (ONE if stays else [])


@pytest.mark.parametrize(
    ("op", "count", "stays"), [(0, 1, False), (0, 2, True), (0, 3, False), (1, 1, False), (1, 2, True)]
)
def test_matches_are_counted(tmp_path: Path, op: int, count: int, stays: bool) -> None:
    two = NO_DRUG | drugs("""
        1 | 1 | 20 | 2011-01-01 | 2011-01-02 | -
        2 | 1 | 20 | 2011-01-01 | 2011-01-02 | -""")
    rule = group(occurs(drug(), op, count))
    assert cohort(tmp_path, two, definition(condition(), rules=[rule])) == (ONE if stays else [])


@pytest.mark.parametrize(
    ("kind", "count", "stays"),
    [
        ("AT_MOST", 1, True),
        ("AT_MOST", 0, True),
        ("AT_LEAST", 0, True),
        ("AT_LEAST", 1, False),
        ("ANY", None, False),
        ("ALL", None, False),
    ],
)
def test_groups_of_at_most_and_of_count_zero_hold_without_a_match(
    tmp_path: Path, kind: str, count: int | None, stays: bool
) -> None:
    rule = group(occurs(drug()), occurs(drug(3)), kind=kind, count=count)
    assert cohort(tmp_path, NO_DRUG, definition(condition(), rules=[rule])) == (ONE if stays else [])


@pytest.mark.parametrize("kind", ["ALL", "ANY", "AT_LEAST", "AT_MOST"])
def test_an_empty_group_holds_always(tmp_path: Path, kind: str) -> None:
    assert cohort(tmp_path, NO_DRUG, definition(condition(), rules=[group(kind=kind)])) == ONE


# 5. Windows

LATE = conditions("1 | 1 | 10 | 2011-01-10 | 2011-01-20") | drugs("1 | 1 | 20 | 2011-01-05 | 2011-01-15 | -")


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ({"start": window(5, 0)}, True),  # the event's start, 5 days before the index start
        ({"start": window(4, 0)}, False),
        ({"start": window(4, 5, UseEventEnd=True)}, True),  # the event's end
        ({"start": window(5, 0, UseIndexEnd=True)}, False),  # from the index end
        ({"start": window(), "end": window(4, 5)}, True),  # EndWindow: the event's end unless it says otherwise
        ({"start": window(), "end": window(4, 5, UseEventEnd=False)}, False),
        ({"start": window(), "end": window(5, 0, UseIndexEnd=True)}, True),
    ],
)
def test_which_dates_windows_compare(tmp_path: Path, parts: dict[str, object], found: bool) -> None:
    got = cohort(tmp_path, LATE, definition(condition(), rules=[group(occurs(drug(), **parts))]))
    assert bool(got) is found


def test_an_open_window_ends_with_the_observation_period_unless_it_is_ignored(tmp_path: Path) -> None:
    tables = LATE | period("1 | 1 | 2011-01-06 | 2011-12-31")
    assert cohort(tmp_path, tables, definition(condition(), rules=[group(occurs(drug()))])) == []
    anywhere = occurs(drug(), IgnoreObservationPeriod=True)
    assert cohort(tmp_path, tables, definition(condition(), rules=[group(anywhere)])) == expected(
        "1 | 2011-01-10 | 2011-01-20"
    )


def test_an_open_side_means_the_end_of_observation_that_its_sign_points_to(tmp_path: Path) -> None:
    """A window that opens "all days after" opens at the end of observation, however odd that is."""
    backwards = {"Start": days(None, 1), "End": days(None, 1)}
    assert cohort(tmp_path, LATE, definition(condition(), rules=[group(occurs(drug(), start=backwards))])) == []
    last_day = LATE | drugs("1 | 1 | 20 | 2019-12-31 | 2019-12-31 | -")
    assert len(cohort(tmp_path, last_day, definition(condition(), rules=[group(occurs(drug(), start=backwards))]))) == 1


def test_only_the_start_of_an_event_has_to_lie_in_the_observation_period(tmp_path: Path) -> None:
    tables = conditions("1 | 1 | 10 | 2011-01-02 | 2011-01-03") | drugs("1 | 1 | 20 | 2011-01-05 | 2013-01-15 | -")
    tables |= period("1 | 1 | 2011-01-01 | 2011-02-01")
    got = cohort(tmp_path, tables, definition(condition(), rules=[group(occurs(drug(), start=window(0, 99)))]))
    assert got == expected("1 | 2011-01-02 | 2011-01-03")


def test_a_window_may_open_after_the_index(tmp_path: Path) -> None:
    rule = group(occurs(drug(), start={"Start": days(10, 1), "End": days(None, 1)}))
    tables = conditions("1 | 1 | 10 | 2011-01-01 | 2011-01-02") | drugs("1 | 1 | 20 | 2011-01-10 | 2011-01-12 | -")
    assert cohort(tmp_path, tables, definition(condition(), rules=[rule])) == []


def test_restrict_visit_asks_for_the_same_visit(tmp_path: Path) -> None:
    tables = {
        "condition_occurrence": """
        condition_occurrence_id | person_id | condition_concept_id | condition_start_date | condition_end_date | visit_occurrence_id
                              1 |         1 |                   10 |           2011-01-01 |         2011-01-02 |                   5
                              2 |         2 |                   10 |           2011-01-01 |         2011-01-02 |                   6
                              3 |         1 |                   20 |           2011-01-01 |         2011-01-02 |                   5
                              4 |         2 |                   20 |           2011-01-01 |         2011-01-02 |                   -""",
    }
    rule = group(occurs(condition(2), RestrictVisit=True))
    assert cohort(tmp_path, tables, definition(condition(), rules=[rule])) == expected("1 | 2011-01-01 | 2011-01-02")


# 6. Nested criteria


def test_a_nested_criterion_loses_events_outside_observation_even_where_it_is_ignored(tmp_path: Path) -> None:
    nested = condition(2, CorrelatedCriteria=group(occurs(drug(), 0, 0)))
    events = conditions("""
        1 | 1 | 10 | 2011-01-01 | 2011-01-05
        2 | 1 | 20 | 2009-01-01 | 2009-01-05""")
    tables = events | drugs("1 | 2 | 20 | 2011-01-01 | 2011-01-02 | -")
    rule = group(occurs(nested, IgnoreObservationPeriod=True))
    assert cohort(tmp_path, tables, definition(condition(), rules=[rule])) == []
    plain = group(occurs(condition(2), IgnoreObservationPeriod=True))
    assert cohort(tmp_path, tables, definition(condition(), rules=[plain])) == ONE


def test_overlapping_periods_count_a_nested_match_more_than_once(tmp_path: Path) -> None:
    tables = conditions("1 | 1 | 10 | 2011-01-01 | 2011-01-05") | drugs("1 | 1 | 20 | 2011-01-02 | 2011-01-03 | -")
    overlapping = period("""1 | 1 | 2010-01-01 | 2012-01-01
                            2 | 1 | 2010-06-01 | 2012-06-01""")
    twice = definition(condition(CorrelatedCriteria=group(occurs(drug(), 0, 2), kind="ANY")))
    assert cohort(tmp_path, tables, twice) == []
    assert len(cohort(tmp_path, tables | overlapping, twice)) == 1


def test_in_overlapping_periods_all_of_one_is_two_and_fails(tmp_path: Path) -> None:
    tables = conditions("1 | 1 | 10 | 2011-01-01 | 2011-01-05") | drugs("1 | 1 | 20 | 2011-01-02 | 2011-01-03 | -")
    tables |= period("""1 | 1 | 2010-01-01 | 2012-01-01
                        2 | 1 | 2010-06-01 | 2012-06-01""")
    assert cohort(tmp_path, tables, definition(condition(CorrelatedCriteria=group(occurs(drug()))))) == []
    assert (
        len(cohort(tmp_path, tables, definition(condition(CorrelatedCriteria=group(occurs(drug()), kind="ANY"))))) == 1
    )


# 7. Default ends


def test_an_event_without_an_end_gets_one(tmp_path: Path) -> None:
    events = conditions("1 | 1 | 10 | 2011-01-01 | -")
    assert cohort(tmp_path, events, definition(condition())) == expected("1 | 2011-01-01 | 2011-01-02")
    exposures = drugs("""
        1 | 1 | 20 | 2011-01-01 | 2011-01-04 | 30
        2 | 1 | 20 | 2012-01-01 | - | 30
        3 | 1 | 20 | 2013-01-01 | - | -""")
    assert cohort(tmp_path, exposures, definition(drug())) == expected("""1 | 2011-01-01 | 2011-01-04
                                                                          1 | 2012-01-01 | 2012-01-31
                                                                          1 | 2013-01-01 | 2013-01-02""")


@pytest.mark.parametrize(
    ("kind", "table", "name"),
    [
        ("Measurement", "measurement", "measurement"),
        ("Observation", "observation", "observation"),
        ("ProcedureOccurrence", "procedure_occurrence", "procedure"),
        ("Specimen", "specimen", "specimen"),
    ],
)
def test_a_point_in_time_ends_a_day_later(tmp_path: Path, kind: str, table: str, name: str) -> None:
    events = {
        table: f"""
        {table}_id | person_id | {name}_concept_id | {name}_date
                 1 |         1 |                10 |  2011-01-01"""
    }
    assert cohort(tmp_path, events, definition({kind: {"CodesetId": 1}})) == expected("1 | 2011-01-01 | 2011-01-02")


def test_a_visit_without_an_end_gets_none(tmp_path: Path) -> None:
    visits = {
        "visit_occurrence": """
        visit_occurrence_id | person_id | visit_concept_id | visit_start_date | visit_end_date
                          1 |         1 |               10 |       2011-01-01 |              -"""
    }
    assert cohort(tmp_path, visits, definition({"VisitOccurrence": {"CodesetId": 1}})) == []


# 8. Exits


def exits(strategy: dict[str, object] | None, **parts: object) -> dict[str, object]:
    return definition(condition(), **parts) | {"EndStrategy": strategy}


def test_without_a_strategy_an_entry_ends_with_its_observation_period(tmp_path: Path) -> None:
    assert cohort(tmp_path, NO_DRUG, exits(None)) == expected("1 | 2011-01-01 | 2019-12-31")


def test_an_offset_is_cut_by_the_period_and_before_the_start_drops_the_entry(tmp_path: Path) -> None:
    offset = lambda days: exits({"DateOffset": {"DateField": "StartDate", "Offset": days}})  # noqa: E731
    assert cohort(tmp_path, NO_DRUG, offset(30)) == expected("1 | 2011-01-01 | 2011-01-31")
    assert cohort(tmp_path, NO_DRUG, offset(99_999)) == expected("1 | 2011-01-01 | 2019-12-31")
    assert cohort(tmp_path, NO_DRUG, offset(-1)) == []


def test_a_drug_era_exit_bridges_gaps_keeps_the_offset_and_else_leaves_the_period(tmp_path: Path) -> None:
    tables = conditions("""
        1 | 1 | 10 | 2011-01-05 | 2011-01-06
        2 | 2 | 10 | 2011-01-05 | 2011-01-06""") | drugs("""
        1 | 1 | 20 | 2011-01-01 | 2011-01-10 | -
        2 | 1 | 20 | 2011-01-15 | 2011-01-20 | -
        3 | 1 | 20 | 2011-03-01 | 2011-03-20 | -""")
    strategy = {"CustomEra": {"DrugCodesetId": 2, "GapDays": 5, "Offset": 2}}
    assert cohort(tmp_path, tables, exits(strategy)) == expected("""1 | 2011-01-05 | 2011-01-22
                                                                    2 | 2011-01-05 | 2019-12-31""")


@pytest.mark.parametrize(
    ("entry", "last_day"),
    [
        ("2011-01-10", "2011-01-12"),  # in the exposure
        ("2011-01-12", "2011-01-12"),  # in the days of the offset
        ("2011-01-13", "2019-12-31"),  # in the days of the gap, which are taken off again
    ],
)
def test_an_era_exit_holds_the_start_with_its_offset_but_without_its_gap(
    tmp_path: Path, entry: str, last_day: str
) -> None:
    tables = conditions(f"1 | 1 | 10 | {entry} | {entry}") | drugs("1 | 1 | 20 | 2011-01-01 | 2011-01-10 | -")
    strategy = {"CustomEra": {"DrugCodesetId": 2, "GapDays": 5, "Offset": 2}}
    assert cohort(tmp_path, tables, exits(strategy)) == expected(f"1 | {entry} | {last_day}")


def test_the_earliest_candidate_ends_an_entry(tmp_path: Path) -> None:
    tables = NO_DRUG | drugs("""
        1 | 1 | 20 | 2011-01-01 | 2011-01-10 | -
        2 | 1 | 20 | 2011-01-04 | 2011-01-30 | -""")
    by_era = {"CustomEra": {"DrugCodesetId": 2, "GapDays": 0, "Offset": 0}}
    assert cohort(tmp_path, tables, exits(by_era)) == expected("1 | 2011-01-01 | 2011-01-30")
    second = drug(OccurrenceStartDate={"Value": "2011-01-02", "Op": "gt"})
    assert cohort(tmp_path, tables, exits(by_era, CensoringCriteria=[second])) == expected(
        "1 | 2011-01-01 | 2011-01-04"
    )


# 9. Censoring, collapse, window


def test_censoring_counts_from_the_start_day_to_the_period_end(tmp_path: Path) -> None:
    tables = NO_DRUG | drugs("""
        1 | 1 | 20 | 2010-12-31 | 2011-01-02 | -
        2 | 1 | 20 | 2011-01-03 | 2011-01-04 | -""")
    assert cohort(tmp_path, tables, exits(None, CensoringCriteria=[drug()])) == expected("1 | 2011-01-01 | 2011-01-03")
    same_day = NO_DRUG | drugs("1 | 1 | 20 | 2011-01-01 | 2011-01-02 | -")
    assert cohort(tmp_path, same_day, exits(None, CensoringCriteria=[drug()])) == expected(
        "1 | 2011-01-01 | 2011-01-01"
    )


def test_what_happens_after_the_period_does_not_censor(tmp_path: Path) -> None:
    tables = NO_DRUG | drugs("1 | 1 | 20 | 2011-02-02 | 2011-02-03 | -") | period("1 | 1 | 2010-01-01 | 2011-02-01")
    assert cohort(tmp_path, tables, exits(None, CensoringCriteria=[drug()])) == expected("1 | 2011-01-01 | 2011-02-01")


@pytest.mark.parametrize(("pad", "entries"), [(0, 2), (26, 2), (27, 1)])
def test_padded_entries_that_touch_become_one(tmp_path: Path, pad: int, entries: int) -> None:
    events = conditions("""
        1 | 1 | 10 | 2011-01-01 | 2011-01-05
        2 | 1 | 10 | 2011-02-01 | 2011-02-05""")
    settings = {"CollapseSettings": {"CollapseType": "ERA", "EraPad": pad}}
    assert len(cohort(tmp_path, events, definition(condition(), **settings))) == entries


def test_equal_entries_become_one(tmp_path: Path) -> None:
    events = conditions("""
        1 | 1 | 10 | 2011-01-01 | 2011-01-05
        2 | 1 | 10 | 2011-01-01 | 2011-01-05""")
    assert cohort(tmp_path, events, definition(condition())) == ONE


def test_the_censor_window_cuts_after_collapsing(tmp_path: Path) -> None:
    events = conditions("""
        1 | 1 | 10 | 2011-01-01 | 2011-01-20
        2 | 1 | 10 | 2011-01-10 | 2011-03-05
        3 | 2 | 10 | 2012-01-10 | 2012-03-05""")
    cut = {"CensorWindow": {"StartDate": "2011-01-15", "EndDate": "2011-02-01"}}
    assert cohort(tmp_path, events, definition(condition(), **cut)) == expected("1 | 2011-01-15 | 2011-02-01")


# 10. Concept sets


@pytest.mark.parametrize(
    ("sets", "people"),
    [
        ([concept_set(1, 10)], {10}),
        ([concept_set(1, 12)], {12}),  # invalid, but named
        ([concept_set(1, 10, includeDescendants=True)], {10, 11}),  # 12 is an invalid descendant
        ([concept_set(1, 99)], set()),  # not in CONCEPT
        ([concept_set(1, 20, includeMapped=True)], {20, 21}),
        ([], set()),
    ],
)
def test_what_a_concept_set_holds(tmp_path: Path, sets: list[dict[str, object]], people: set[int]) -> None:
    concepts = (10, 11, 12, 20, 21, 99)
    events = {
        "person": "person_id | year_of_birth\n" + "\n".join(f"{c} | 1950" for c in concepts),
        **period("\n".join(f"{c} | {c} | 2010-01-01 | 2012-01-01" for c in concepts)),
        **conditions("\n".join(f"{c} | {c} | {c} | 2011-01-01 | 2011-01-02" for c in concepts)),
    }
    given = definition(condition(), ConceptSets=sets or [{"id": 1, "name": "", "expression": {"items": []}}])
    assert {row[0] for row in cohort(tmp_path, events, given)} == people


def test_excluded_concepts_leave_with_their_descendants(tmp_path: Path) -> None:
    events = conditions("""
        1 | 1 | 10 | 2011-01-01 | 2011-01-02
        2 | 2 | 20 | 2011-01-01 | 2011-01-02""")
    both = concept_set(1, 10, 20)
    both["expression"]["items"].append({"concept": {"CONCEPT_ID": 10}, "isExcluded": True, "includeDescendants": True})
    assert cohort(tmp_path, events, definition(condition(), ConceptSets=[both])) == expected(
        "2 | 2011-01-01 | 2011-01-02"
    )


# 11. Visit type, age, ranges


def test_visit_type_means_the_visit_of_an_event_but_the_type_of_a_visit(tmp_path: Path) -> None:
    tables = {
        "visit_occurrence": """
        visit_occurrence_id | person_id | visit_concept_id | visit_start_date | visit_end_date | visit_type_concept_id
                          5 |         1 |             9201 |       2011-01-01 |     2011-01-03 |                 32817
                          6 |         2 |             9202 |       2011-01-01 |     2011-01-03 |                 32818""",
        "condition_occurrence": """
        condition_occurrence_id | person_id | condition_concept_id | condition_start_date | condition_end_date | visit_occurrence_id
                              1 |         1 |                   10 |           2011-01-01 |         2011-01-02 |                   5
                              2 |         2 |                   10 |           2011-01-01 |         2011-01-02 |                   6""",
    }
    of_event = definition(condition(VisitType=[{"CONCEPT_ID": 9201}]))
    assert [row[0] for row in cohort(tmp_path, tables, of_event)] == [1]
    of_visit = definition({"VisitOccurrence": {"VisitType": [{"CONCEPT_ID": 32818}]}})
    assert [row[0] for row in cohort(tmp_path, tables, of_visit)] == [2]


def test_age_is_year_minus_year_of_birth_and_whole_ranges_are_cut(tmp_path: Path) -> None:
    events = conditions("""
        1 | 1 | 10 | 2011-01-01 | 2011-01-02
        2 | 2 | 10 | 2011-12-31 | 2012-01-02""")
    of_age = lambda value, op: definition(condition(Age={"Value": value, "Op": op}))  # noqa: E731
    assert [row[0] for row in cohort(tmp_path, events, of_age(61, "eq"))] == [1]
    assert [row[0] for row in cohort(tmp_path, events, of_age(31.9, "eq"))] == [2]
    assert [row[0] for row in cohort(tmp_path, events, of_age(-0.9, "gt"))] == [1, 2]
