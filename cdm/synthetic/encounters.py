"""person, observation_period, death, payer_plan_period, visit_occurrence, visit_detail."""

from __future__ import annotations

from cdm.synthetic.canaries import Canaries
from cdm.synthetic.identity import hospital_number
from cdm.synthetic.recipe import Recipe
from cdm.synthetic.vocabulary import KCD_ID

PROVIDERS = 240
WARDS = 40  # care sites 101 .. 140; departments are 1 .. 19, intensive care 141 .. 143, emergency 150

# One row a stretch of a stay: nth 0 emergency room, 1 ward, 2 intensive care, 3 ward again; since, upto: minutes after
# admission; before: nth of the stretch before. A ward stretch of no length is left out.
DETAILS = """(
    SELECT *, lag(nth) OVER (PARTITION BY visit_id ORDER BY nth) AS before FROM (
        SELECT *, unnest([0, 1, 2, 3]) AS nth, unnest([0, in_er, icu_from, icu_to]) AS since,
               unnest([in_er, CASE WHEN icu_from IS NULL THEN whole ELSE greatest(icu_from, in_er) END, icu_to, whole]) AS upto
        FROM (SELECT *, stop - begin AS whole,
                     CASE WHEN concept = 262 THEN least(180 + pick(h, 95, 420), stop - begin, coalesce(icu_from, stop - begin))
                          ELSE 0 END AS in_er
              FROM visits WHERE stay))
    WHERE since IS NOT NULL AND upto > since)"""


def recipes(canaries: Canaries) -> tuple[Recipe, ...]:
    """Who they are and when they came."""
    return (
        _person(canaries),
        _observation_period(),
        _death(canaries),
        _payer(canaries),
        _visit(canaries),
        _detail(canaries),
    )


def _person(canaries: Canaries) -> Recipe:
    return Recipe(
        "person",
        {
            "person_id": "person_id",
            "gender_concept_id": "CASE WHEN sex = 0 THEN 8507 ELSE 8532 END",
            "year_of_birth": "year(born)",
            "month_of_birth": "month(born)",
            "day_of_birth": "day(born)",
            "birth_datetime": "clock(born, pick(h, 90, 1440))",
            "race_concept_id": "CASE WHEN u(h, 91) < 0.985 THEN 8515 ELSE 0 END",
            "ethnicity_concept_id": "38003564",
            "location_id": "1 + region",
            "provider_id": f"1 + pick(h, 92, {PROVIDERS})",
            "care_site_id": "1 + pick(h, 93, 19)",
            "person_source_value": canaries.sometimes("person", "person_source_value", hospital_number(), "h"),
            "gender_source_value": canaries.sometimes(
                "person", "gender_source_value", "CASE WHEN sex = 0 THEN 'M' ELSE 'F' END", "h"
            ),
            "gender_source_concept_id": "0",
            "race_source_value": canaries.sometimes(
                "person", "race_source_value", "CASE WHEN u(h, 91) < 0.985 THEN '내국인' ELSE '외국인' END", "h"
            ),
            "race_source_concept_id": "0",
            "ethnicity_source_value": canaries.alone("person", "ethnicity_source_value", "h"),
            "ethnicity_source_concept_id": "0",
        },
        "people",
    )


def _observation_period() -> Recipe:
    first = "from_date + (split * share)::INTEGER - 1"
    return Recipe(
        "observation_period",
        {
            "observation_period_id": "person_id * 2 + nth",
            "person_id": "person_id",
            "observation_period_start_date": f"CASE WHEN nth = 0 THEN from_date ELSE {first} + gap::INTEGER + 1 END",
            "observation_period_end_date": f"""CASE WHEN nth = 0 AND gap > 0 THEN {first}
                ELSE greatest(from_date, coalesce(died, last_date)) END""",
            "period_type_concept_id": "32817",
        },
        "(SELECT *, unnest(range(CASE WHEN gap > 0 THEN 2 ELSE 1 END)) AS nth FROM people LEFT JOIN fates USING (person_id))",
    )


def _death(canaries: Canaries) -> Recipe:
    return Recipe(
        "death",
        {
            "person_id": "person_id",
            "death_date": "died",
            "death_datetime": "clock(died, minute)",
            "death_type_concept_id": "CASE WHEN ward THEN 32817 ELSE 32885 END",
            "cause_concept_id": "coalesce(c.concept_id, 0)",
            "cause_source_value": canaries.sometimes(
                "death", "cause_source_value", "coalesce(c.kcd, 'R99')", "mix(person_id::UBIGINT)"
            ),
            "cause_source_concept_id": f"coalesce({KCD_ID} + c.n, 0)",
        },
        "fates LEFT JOIN conditions c ON c.n = fates.dx",
    )


def _payer(canaries: Canaries) -> Recipe:
    table = "payer_plan_period"
    return Recipe(
        table,
        {
            "payer_plan_period_id": "person_id",
            "person_id": "person_id",
            "payer_plan_period_start_date": "from_date",
            "payer_plan_period_end_date": "greatest(from_date, coalesce(died, last_date))",
            "payer_concept_id": "0",
            "payer_source_value": canaries.sometimes(
                table,
                "payer_source_value",
                "CASE WHEN u(h, 94) < 0.95 THEN '국민건강보험' ELSE '의료급여 1종' END",
                "h",
            ),
            "plan_source_value": canaries.alone(table, "plan_source_value", "h"),
            "sponsor_source_value": canaries.alone(table, "sponsor_source_value", "h"),
            "family_source_value": canaries.alone(table, "family_source_value", "h"),
            "stop_reason_source_value": canaries.alone(table, "stop_reason_source_value", "h"),
        },
        "people LEFT JOIN fates USING (person_id)",
    )


def _visit(canaries: Canaries) -> Recipe:
    table = "visit_occurrence"
    return Recipe(
        table,
        {
            "visit_occurrence_id": "visit_id",
            "person_id": "person_id",
            "visit_concept_id": "concept",
            "visit_start_date": "start",
            "visit_start_datetime": "clock(start, begin)",
            "visit_end_date": "start + days::INTEGER",
            "visit_end_datetime": "clock(start, stop)",
            "visit_type_concept_id": "32827",
            "provider_id": f"1 + pick(v.h, 80, {PROVIDERS})",
            "care_site_id": "d.n + 1",
            "visit_source_value": canaries.sometimes(
                table,
                "visit_source_value",
                "CASE concept WHEN 9202 THEN 'O' WHEN 9203 THEN 'E' WHEN 9201 THEN 'I' ELSE 'EI' END",
                "v.h",
            ),
            "visit_source_concept_id": "0",
            "admitted_from_concept_id": "CASE WHEN stay THEN 8536 ELSE 0 END",
            "admitted_from_source_value": canaries.sometimes(
                table, "admitted_from_source_value", "CASE WHEN stay THEN '자택' END", "v.h"
            ),
            "discharged_to_concept_id": "CASE WHEN fatal THEN 4216643 WHEN stay THEN 8536 ELSE 0 END",
            "discharged_to_source_value": canaries.sometimes(
                table, "discharged_to_source_value", "CASE WHEN fatal THEN '사망' WHEN stay THEN '귀가' END", "v.h"
            ),
            "preceding_visit_occurrence_id": "CASE WHEN k > 0 THEN visit_id - 1 END",
        },
        "visits v JOIN conditions c ON c.n = v.dx JOIN departments d ON d.code = c.department",
    )


def _detail(canaries: Canaries) -> Recipe:
    table = "visit_detail"
    return Recipe(
        table,
        {
            "visit_detail_id": "visit_id * 4 + nth",
            "person_id": "person_id",
            "visit_detail_concept_id": "CASE nth WHEN 0 THEN 9203 WHEN 2 THEN 32037 ELSE 8717 END",
            "visit_detail_start_date": "start + ((begin + since) // 1440)::INTEGER",
            "visit_detail_start_datetime": "clock(start, begin + since)",
            "visit_detail_end_date": "start + ((begin + upto) // 1440)::INTEGER",
            "visit_detail_end_datetime": "clock(start, begin + upto)",
            "visit_detail_type_concept_id": "32827",
            "provider_id": f"1 + pick(h, 80, {PROVIDERS})",
            "care_site_id": f"CASE nth WHEN 0 THEN 150 WHEN 2 THEN 141 + pick(h, 96, 3) ELSE 101 + pick(h, 97 + nth, {WARDS}) END",
            "visit_detail_source_value": canaries.sometimes(
                table,
                "visit_detail_source_value",
                f"CASE nth WHEN 0 THEN 'ER' WHEN 2 THEN 'ICU' ELSE 'W' || CAST(31 + pick(h, 97 + nth, {WARDS}) AS VARCHAR) END",
                "h",
            ),
            "visit_detail_source_concept_id": "0",
            "admitted_from_source_value": canaries.alone(table, "admitted_from_source_value", "h + nth::UBIGINT"),
            "discharged_to_source_value": canaries.alone(table, "discharged_to_source_value", "h + nth::UBIGINT"),
            "preceding_visit_detail_id": "CASE WHEN since > 0 THEN visit_id * 4 + before END",
            "visit_occurrence_id": "visit_id",
        },
        DETAILS,
    )
