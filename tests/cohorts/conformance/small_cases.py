"""Small CDMs, a definition and the rows it has to find: one for each thing in which engines like to differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.cohorts.small import (
    Json,
    concept_set,
    condition,
    conditions,
    definition,
    drug,
    drugs,
    group,
    occurs,
    window,
)


@dataclass(frozen=True)
class Case:
    """What has to be found: `person | start | end`, a line each."""

    tables: Mapping[str, Any]
    definition: Json
    rows: str


def measurements(lines: str) -> Json:
    """MEASUREMENT from `id | person | date | value | low | high`."""
    head = "measurement_id | person_id | measurement_date | value_as_number | range_low | range_high | measurement_concept_id"
    return {"measurement": f"{head}\n" + "\n".join(f"{line} | 10" for line in lines.strip().splitlines())}


def measurement(**attributes: Any) -> Json:
    return {"Measurement": {"CodesetId": 1} | attributes}


def stopped(*reasons: str | None) -> Json:
    """Drug exposures of persons 1, 2, ... with these stop reasons."""
    import pyarrow as pa

    count = len(reasons)
    people = pa.array(range(1, count + 1), pa.int64())
    day = pa.array(["2011-01-01"] * count).cast(pa.date32())
    far = pa.array(["2019-12-31"] * count).cast(pa.date32())
    return {
        "person": pa.table({"person_id": people, "year_of_birth": pa.array([1950] * count, pa.int64())}),
        "observation_period": pa.table(
            {"observation_period_id": people, "person_id": people, "observation_period_start_date": day,
             "observation_period_end_date": far, "period_type_concept_id": people}
        ),
        "drug_exposure": pa.table(
            {"drug_exposure_id": people, "person_id": people, "drug_concept_id": pa.array([20] * count, pa.int64()),
             "drug_exposure_start_date": day, "drug_exposure_end_date": day, "stop_reason": pa.array(reasons, pa.string())}
        ),
    }  # fmt: skip


def stop_reason(text: str, op: str = "contains") -> Json:
    return definition(drug(StopReason={"Text": text, "Op": op}))


def persons(*found: int) -> str:
    return "\n".join(f"{person} | 2011-01-01 | 2011-01-01" for person in found)


ONE = conditions("1 | 1 | 10 | 2012-02-28 | 2012-03-01")
PAIR = conditions("""
    1 | 1 | 10 | 2011-01-01 | 2011-01-05
    2 | 2 | 10 | 2011-01-01 | 2011-01-05""")
BACKSLASH, NEWLINE = "a\\b", "two\nlines"
REASONS = stopped("100% done", "100x done", BACKSLASH, "it's over", NEWLINE, "환자 거부", "", None, "_")

CASES: Mapping[str, Case] = {
    # dates
    "days are added over a leap day": Case(
        ONE, definition(condition()) | {"EndStrategy": {"DateOffset": {"DateField": "StartDate", "Offset": 2}}},
        "1 | 2012-02-28 | 2012-03-01",
    ),
    "days are taken off over a new year": Case(
        conditions("1 | 1 | 10 | 2012-01-10 | 2012-01-10"),
        definition(condition(DateAdjustment={"StartWith": "START_DATE", "StartOffset": -10, "EndWith": "END_DATE", "EndOffset": 0})),
        "1 | 2011-12-31 | 2012-01-10",
    ),
    "days between are counted over a leap day": Case(
        {"visit_occurrence": """
        visit_occurrence_id | person_id | visit_concept_id | visit_start_date | visit_end_date | visit_type_concept_id
                          1 |         1 |               10 |       2012-02-28 |     2012-03-01 |                     0
                          2 |         1 |               10 |       2013-02-28 |     2013-03-01 |                     0"""},
        definition({"VisitOccurrence": {"CodesetId": 1, "VisitLength": {"Value": 2, "Op": "eq"}}}),
        "1 | 2012-02-28 | 2012-03-01",
    ),
    "age is the year of the date less the year of birth": Case(
        conditions("""
        1 | 1 | 10 | 2011-12-31 | 2012-01-01
        2 | 1 | 10 | 2012-01-01 | 2012-01-02"""),
        definition(condition(Age={"Value": 62, "Op": "eq"})), "1 | 2012-01-01 | 2012-01-02",
    ),
    "days supply makes an end": Case(
        drugs("1 | 1 | 20 | 2012-02-28 | - | 2"), definition(drug()), "1 | 2012-02-28 | 2012-03-01"
    ),
    # numbers
    "a ratio of whole numbers has digits": Case(
        measurements("""
        1 | 1 | 2011-01-01 | 3 | 2 | 9
        2 | 1 | 2012-01-01 | 3 | 0 | 9
        3 | 1 | 2013-01-01 | 3 | - | 9"""),
        definition(measurement(RangeLowRatio={"Value": 1.4, "Extent": 1.6, "Op": "bt"})), "1 | 2011-01-01 | 2011-01-02",
    ),
    "a range is written with four digits": Case(
        measurements("""
        1 | 1 | 2011-01-01 | 2.0000 | - | -
        2 | 1 | 2012-01-01 | 2.0001 | - | -"""),
        definition(measurement(ValueAsNumber={"Value": 2.00004, "Op": "eq"})), "1 | 2011-01-01 | 2011-01-02",
    ),
    "a number below zero is compared": Case(
        measurements("""
        1 | 1 | 2011-01-01 | -1.5 | - | -
        2 | 1 | 2012-01-01 | -0.5 | - | -"""),
        definition(measurement(ValueAsNumber={"Value": -1.0, "Op": "lt"})), "1 | 2011-01-01 | 2011-01-02",
    ),
    "not between leaves out what is unknown": Case(
        measurements("""
        1 | 1 | 2011-01-01 | 1 | - | -
        2 | 1 | 2012-01-01 | 5 | - | -
        3 | 1 | 2013-01-01 | - | - | -"""),
        definition(measurement(ValueAsNumber={"Value": 4, "Extent": 6, "Op": "!bt"})), "1 | 2011-01-01 | 2011-01-02",
    ),
    # texts
    "a percent sign is any text": Case(REASONS, stop_reason("100%done"), persons(1, 2)),
    "an underscore is one character of any script": Case(REASONS, stop_reason("환_ 거부", "startsWith"), persons(6)),
    "an underscore is not nothing": Case(REASONS, stop_reason("_", "startsWith"), persons(1, 2, 3, 4, 5, 6, 9)),
    "a backslash is a backslash": Case(REASONS, stop_reason("a\\b"), persons(3)),
    "a backslash does not take the meaning from a percent sign": Case(REASONS, stop_reason("a\\%", "startsWith"), persons(3)),
    "an apostrophe ends no text": Case(REASONS, stop_reason("it's"), persons(4)),
    "any text goes over lines": Case(REASONS, stop_reason("two%lines"), persons(5)),
    "what is not there does not fail to match": Case(REASONS, stop_reason("o", "!contains"), persons(3, 6, 7, 9)),
    "letters have their case": Case(REASONS, stop_reason("It's"), ""),
    # concepts
    "an unknown concept is outside an empty set only": Case(
        {"person": "person_id | gender_concept_id | year_of_birth\n1 | - | 1950\n2 | 8507 | 1980", **PAIR},
        definition(
            condition(GenderCS={"CodesetId": 9, "IsExclusion": True}),
            ConceptSets=[concept_set(1, 10), {"id": 9, "name": "", "expression": {"items": []}}],
        ),
        "1 | 2011-01-01 | 2011-01-05\n2 | 2011-01-01 | 2011-01-05",
    ),
    "an unknown concept is not outside a set": Case(
        {"person": "person_id | gender_concept_id | year_of_birth\n1 | - | 1950\n2 | 8507 | 1980", **PAIR},
        definition(condition(GenderCS={"CodesetId": 2, "IsExclusion": True})), "2 | 2011-01-01 | 2011-01-05",
    ),
    "a mapped concept comes with its target, an invalid descendant does not come": Case(
        conditions("""
        1 | 1 | 21 | 2011-01-01 | 2011-01-02
        2 | 1 | 12 | 2012-01-01 | 2012-01-02
        3 | 2 | 11 | 2013-01-01 | 2013-01-02"""),
        definition(condition(), ConceptSets=[{"id": 1, "name": "", "expression": {"items": [
            {"concept": {"CONCEPT_ID": 20}, "includeMapped": True},
            {"concept": {"CONCEPT_ID": 10}, "includeDescendants": True}]}}]),
        "1 | 2011-01-01 | 2011-01-02\n2 | 2013-01-01 | 2013-01-02",
    ),
    # order and ties
    "equal dates go to the smaller id, first as last": Case(
        conditions("""
        3 | 1 | 10 | 2011-01-01 | 2011-01-09
        2 | 1 | 10 | 2011-01-01 | 2011-01-05
        1 | 1 | 10 | 2010-12-01 | 2010-12-05"""),
        definition(condition(), limit="Last"), "1 | 2011-01-01 | 2011-01-05",
    ),
    "an unknown end comes after every end": Case(
        {"condition_era": """
        condition_era_id | person_id | condition_concept_id | condition_era_start_date | condition_era_end_date
                       1 |         1 |                   10 |               2011-01-01 |                      -""",
         **drugs("1 | 1 | 20 | 2011-01-01 | 2011-01-03 | -")},
        definition({"ConditionEra": {"CodesetId": 1}}, drug(), limit="First"), "1 | 2011-01-01 | 2011-01-03",
    ),
    "the same event in two criteria is one entry": Case(
        ONE, definition(condition(), condition(), limit="All"), "1 | 2012-02-28 | 2012-03-01"
    ),
    # counts
    "unknown values are no distinct value": Case(
        PAIR | {"drug_exposure": """
        drug_exposure_id | person_id | drug_concept_id | drug_exposure_start_date | drug_exposure_end_date | refills
                       1 |         1 |              20 |               2011-01-01 |             2011-01-02 |       1
                       2 |         1 |              20 |               2011-01-02 |             2011-01-02 |       -
                       3 |         2 |              20 |               2011-01-01 |             2011-01-02 |       1
                       4 |         2 |              20 |               2011-01-02 |             2011-01-02 |       2"""},
        definition(condition(), rules=[group(occurs(drug(), 2, 2, distinct="REFILLS"))]), "2 | 2011-01-01 | 2011-01-05",
    ),
    "nobody is left out for what never happened": Case(
        PAIR | drugs("1 | 1 | 20 | 2011-01-01 | 2011-01-02 | -"),
        definition(condition(), rules=[group(occurs(drug(), 0, 0))]), "2 | 2011-01-01 | 2011-01-05",
    ),
    "an unknown index end bounds no window that would hold": Case(
        {"condition_era": """
        condition_era_id | person_id | condition_concept_id | condition_era_start_date | condition_era_end_date
                       1 |         1 |                   10 |               2011-01-01 |                      -
                       2 |         2 |                   10 |               2011-01-01 |             2011-01-05""",
         **drugs("1 | 1 | 20 | 2011-01-02 | 2011-01-03 | -\n2 | 2 | 20 | 2011-01-02 | 2011-01-03 | -")},
        definition({"ConditionEra": {"CodesetId": 1}}, rules=[group(occurs(drug(), start=window(30, 30, UseIndexEnd=True)))])
        | {"EndStrategy": None},
        "2 | 2011-01-01 | 2019-12-31",
    ),
    "overlapping observation periods count a nested match twice": Case(
        {"observation_period": """
        observation_period_id | person_id | observation_period_start_date | observation_period_end_date | period_type_concept_id
                            1 |         1 |                    2010-01-01 |                  2012-01-01 |                      0
                            2 |         1 |                    2010-06-01 |                  2012-06-01 |                      0
                            3 |         2 |                    2010-01-01 |                  2012-01-01 |                      0""",
         **PAIR, **drugs("1 | 1 | 20 | 2011-01-02 | 2011-01-03 | -\n2 | 2 | 20 | 2011-01-02 | 2011-01-03 | -")},
        definition(condition(CorrelatedCriteria=group(occurs(drug(), 0, 2), kind="ANY"))), "1 | 2011-01-01 | 2011-01-05",
    ),
    # exits and eras
    "the earlier of two ends, one of them unknown": Case(
        PAIR | drugs("1 | 1 | 20 | 2011-01-03 | 2011-01-04 | -"),
        definition(condition(), CensoringCriteria=[drug()]), "1 | 2011-01-01 | 2011-01-03\n2 | 2011-01-01 | 2011-01-05",
    ),
    "entries that touch when padded become one": Case(
        conditions("""
        1 | 1 | 10 | 2011-01-01 | 2011-01-05
        2 | 1 | 10 | 2011-02-01 | 2011-02-05
        3 | 1 | 10 | 2011-06-01 | 2011-06-05"""),
        definition(condition(), CollapseSettings={"CollapseType": "ERA", "EraPad": 27}),
        "1 | 2011-01-01 | 2011-02-05\n1 | 2011-06-01 | 2011-06-05",
    ),
    "a drug era bridges gaps and keeps its offset": Case(
        PAIR | drugs("""
        1 | 1 | 20 | 2010-12-25 | 2011-01-01 | -
        2 | 1 | 20 | 2011-01-04 | 2011-01-10 | -
        3 | 1 | 20 | 2011-03-01 | 2011-03-10 | -"""),
        definition(condition())
        | {"EndStrategy": {"CustomEra": {"DrugCodesetId": 2, "GapDays": 3, "Offset": 2, "DaysSupplyOverride": 6}}},
        "1 | 2011-01-01 | 2011-01-12\n2 | 2011-01-01 | 2019-12-31",
    ),
    "the window cuts both ends": Case(
        conditions("""
        1 | 1 | 10 | 2011-01-01 | 2011-12-31
        2 | 2 | 10 | 2012-01-10 | 2012-03-05"""),
        definition(condition(), CensorWindow={"StartDate": "2011-02-01", "EndDate": "2011-03-01"}),
        "1 | 2011-02-01 | 2011-03-01",
    ),
    "eras made of events have a first": Case(
        conditions("""
        1 | 1 | 10 | 2011-01-01 | 2011-01-05
        2 | 1 | 10 | 2011-01-08 | 2011-01-09
        3 | 1 | 10 | 2011-06-01 | 2011-06-05"""),
        definition({"CustomEra": {"CriteriaList": [condition()], "GapDays": 3, "First": True}}),
        "1 | 2011-01-01 | 2011-01-05",
    ),
    "a user-defined period is shown instead of the period": Case(
        {}, definition({"ObservationPeriod": {"UserDefinedPeriod": {"StartDate": "2011-05-01", "EndDate": "2011-06-01"}}}),
        "1 | 2011-05-01 | 2011-06-01\n2 | 2011-05-01 | 2011-06-01",
    ),
    # nothing at all
    "an empty table gives no rows": Case(conditions("1 | 1 | 99 | 2011-01-01 | 2011-01-02"), definition(condition()), ""),
}  # fmt: skip
