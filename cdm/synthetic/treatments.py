"""What is done for them: drug_exposure, drug_era, procedure_occurrence, device_exposure."""

from __future__ import annotations

from cdm.synthetic.canaries import Canaries
from cdm.synthetic.catalogue import number
from cdm.synthetic.diagnoses import eras
from cdm.synthetic.recipe import Recipe
from cdm.synthetic.vocabulary import EDI_DRUG_ID, EDI_PROCEDURE_ID, PRODUCT_ID

SETTING = "(r.setting = 'any' OR (r.setting = 'in') = (f.concept <> 9202))"
# What a deterioration brings: kind (or any), catalogue key, share, minutes after it, days.
RESCUE_DRUGS = (
    ("vaso", "norepinephrine", 1.0, 0, 2), ("vaso", "vasopressin", 0.3, 90, 1), ("arrest", "epinephrine", 0.95, 1, 1),
    ("arrest", "norepinephrine", 0.6, 45, 2), ("icu", "norepinephrine", 0.3, 200, 2), ("icu", "dopamine", 0.06, 160, 1),
    ("vent", "propofol", 0.7, 10, 2), ("vent", "midazolam", 0.4, 15, 2), ("any", "piperacillin", 0.4, -300, 6),
)  # fmt: skip
RESCUE_PROCEDURES = (
    ("arrest", "cpr", 1.0, 2), ("arrest", "intubation", 0.8, 12), ("arrest", "ventilation", 0.75, 20), ("vent", "intubation", 0.85, 5),
    ("vent", "ventilation", 1.0, 0), ("icu", "ventilation", 0.25, 500), ("icu", "dialysis", 0.08, 900), ("icu", "ecmo", 0.01, 700),
)  # fmt: skip


def create_treatments() -> tuple[str, ...]:
    """`exposures` and `acts`: what is given and done, by id; due: minutes after midnight of the visit's first day.

    Ids are visit_id * 256 + n: orders for a diagnosis below 192, what a deterioration brings from 192 on.
    """
    carried = "visit_id, person_id, h, concept, stay, start, begin, stop"
    prescribed = f"""
        SELECT visit_id * 256 + slot * 24 + r.nth AS id, {carried}, r.drug AS item, r.days,
               CASE WHEN f.stay AND r.days < 5 THEN least(begin + pick(h, 300 + r.nth, 600), stop - 1)
                    ELSE begin + 5 + pick(h, 300 + r.nth, 12) END AS due
        FROM findings f JOIN (
            SELECT c.n AS dx, d.n AS drug, p.setting, p.percent, p.days, row_number() OVER (PARTITION BY c.n ORDER BY p.n) - 1 AS nth
            FROM prescriptions p JOIN conditions c ON c.key = p.condition JOIN drugs d ON d.key = p.drug) r ON r.dx = f.dx
        WHERE slot < 4 AND {SETTING} AND u(h, 200 + slot * 24 + r.nth) * 100 < r.percent * CASE WHEN slot = 0 THEN 1.0 ELSE 0.6 END"""
    ordered = f"""
        SELECT visit_id * 256 + slot * 24 + r.nth AS id, {carried}, r.act AS item, 0 AS days,
               least(begin + r.day * 1440 + 15 + pick(h, 500 + r.nth, 200), greatest(begin, stop - 5)) AS due
        FROM findings f JOIN (
            SELECT c.n AS dx, d.n AS act, o.setting, o.percent, o.day, row_number() OVER (PARTITION BY c.n ORDER BY o.n) - 1 AS nth
            FROM orders o JOIN conditions c ON c.key = o.condition JOIN procedures d ON d.key = o.procedure) r ON r.dx = f.dx
        WHERE slot = 0 AND {SETTING} AND u(h, 400 + r.nth) * 100 < r.percent"""
    rescue_drugs = " UNION ALL ".join(
        f"""SELECT visit_id * 256 + {192 + n} AS id, {carried}, {number("drugs", key)} AS item, {days} AS days,
                   greatest(begin, begin + event + {minutes}) AS due
            FROM visits WHERE event IS NOT NULL AND {_kind(kind)} AND event + {minutes} < stop - begin AND u(h, {600 + n}) < {share}"""
        for n, (kind, key, share, minutes, days) in enumerate(RESCUE_DRUGS)
    )
    rescue_acts = " UNION ALL ".join(
        f"""SELECT visit_id * 256 + {192 + n} AS id, {carried}, {number("procedures", key)} AS item, 0 AS days,
                   begin + event + {minutes} AS due
            FROM visits WHERE event IS NOT NULL AND {_kind(kind)} AND event + {minutes} < stop - begin AND u(h, {700 + n}) < {share}"""
        for n, (kind, key, share, minutes) in enumerate(RESCUE_PROCEDURES)
    )
    return (
        f"CREATE TABLE exposures AS {prescribed} UNION ALL {rescue_drugs} ORDER BY id",
        f"CREATE TABLE acts AS {ordered} UNION ALL {rescue_acts} ORDER BY id",
    )


def recipes(canaries: Canaries) -> tuple[Recipe, ...]:
    """drug_exposure, drug_era, procedure_occurrence, device_exposure."""
    return (_drug_exposure(canaries), _drug_era(), _procedure(canaries), _device(canaries))


def _kind(kind: str) -> str:
    return "true" if kind == "any" else f"event_kind = '{kind}'"


def _drug_exposure(canaries: Canaries) -> Recipe:
    table, key = "drug_exposure", "e.h + id::UBIGINT % 256"
    return Recipe(
        table,
        {
            "drug_exposure_id": "id",
            "person_id": "person_id",
            # Half of the rows name the product, half its ingredient.
            "drug_concept_id": f"CASE WHEN d.concept_id > 0 AND (e.h >> 11) % 2 = 0 THEN {PRODUCT_ID} + d.n ELSE d.concept_id END",
            "drug_exposure_start_date": "start + (due // 1440)::INTEGER",
            "drug_exposure_start_datetime": "clock(start, due)",
            "drug_exposure_end_date": "start + (due // 1440)::INTEGER + (days - 1)::INTEGER",
            "drug_exposure_end_datetime": "clock(start, due // 1440 * 1440 + (days - 1) * 1440 + 1439)",
            "drug_type_concept_id": "CASE WHEN stay THEN 32818 ELSE 32838 END",
            "stop_reason": canaries.alone(table, "stop_reason", key),
            "quantity": "CASE WHEN d.route = 'PO' THEN days * (1 + pick(e.h, 81, 3)) ELSE 1 + pick(e.h, 81, 2) END",
            "days_supply": "days",
            "sig": canaries.sometimes(
                table,
                "sig",
                "CASE WHEN d.route = 'PO' THEN '1일 ' || CAST(1 + pick(e.h, 82, 3) AS VARCHAR) || '회 식후 30분' END",
                key,
            ),
            "route_concept_id": "CASE d.route WHEN 'PO' THEN 4132161 WHEN 'IV' THEN 4171047 WHEN 'SC' THEN 4142048 ELSE 45956874 END",
            "lot_number": canaries.alone(table, "lot_number", key),
            "provider_id": "1 + pick(e.h, 80, 240)",
            "visit_occurrence_id": "visit_id",
            "drug_source_value": canaries.sometimes(table, "drug_source_value", "d.edi", key),
            "drug_source_concept_id": f"{EDI_DRUG_ID} + d.n",
            "route_source_value": canaries.sometimes(table, "route_source_value", "d.route", key),
            "dose_unit_source_value": canaries.sometimes(table, "dose_unit_source_value", "d.unit", key),
        },
        "exposures e JOIN drugs d ON d.n = e.item",
    )


def _drug_era() -> Recipe:
    return Recipe(
        "drug_era",
        {
            "drug_era_id": "row_number() OVER (ORDER BY person_id, concept_id, since)",
            "person_id": "person_id",
            "drug_concept_id": "concept_id",
            "drug_era_start_date": "since",
            "drug_era_end_date": "upto",
            "drug_exposure_count": "rows",
            "gap_days": "greatest(0, uncovered)",
        },
        eras(
            "SELECT person_id, concept_id, start + (due // 1440)::INTEGER AS since,"
            " start + (due // 1440)::INTEGER + (days - 1)::INTEGER AS upto"
            " FROM exposures e JOIN drugs d ON d.n = e.item WHERE concept_id > 0"
        ),
    )


def _procedure(canaries: Canaries) -> Recipe:
    table, key = "procedure_occurrence", "a.h + id::UBIGINT % 256"
    return Recipe(
        table,
        {
            "procedure_occurrence_id": "id",
            "person_id": "person_id",
            "procedure_concept_id": "p.concept_id",
            "procedure_date": "start + (due // 1440)::INTEGER",
            "procedure_datetime": "clock(start, due)",
            "procedure_end_date": "start + ((due + 10) // 1440)::INTEGER",
            "procedure_end_datetime": "clock(start, due + 10)",
            "procedure_type_concept_id": "32833",
            "modifier_concept_id": "0",
            "quantity": "1",
            "provider_id": "1 + pick(a.h, 83, 240)",
            "visit_occurrence_id": "visit_id",
            "procedure_source_value": canaries.sometimes(table, "procedure_source_value", "p.edi", key),
            "procedure_source_concept_id": f"{EDI_PROCEDURE_ID} + p.n",
            "modifier_source_value": canaries.alone(table, "modifier_source_value", key),
        },
        "acts a JOIN procedures p ON p.n = a.item",
    )


def _device(canaries: Canaries) -> Recipe:
    table = "device_exposure"
    tube = number("procedures", "intubation")
    return Recipe(
        table,
        {
            "device_exposure_id": "id",
            "person_id": "person_id",
            "device_concept_id": "4097216",
            "device_exposure_start_date": "start + (due // 1440)::INTEGER",
            "device_exposure_start_datetime": "clock(start, due)",
            "device_exposure_end_date": "start + (stop // 1440)::INTEGER",
            "device_exposure_end_datetime": "clock(start, greatest(due, stop))",
            "device_type_concept_id": "32817",
            "unique_device_id": canaries.always(
                table, "unique_device_id", "'(01)0880' || lpad(CAST(pick(h, 84, 1000000) AS VARCHAR), 9, '0')"
            ),
            "production_id": canaries.always(table, "production_id", "'LOT' || CAST(pick(h, 85, 9999) AS VARCHAR)"),
            "quantity": "1",
            "visit_occurrence_id": "visit_id",
            "device_source_value": canaries.sometimes(
                table, "device_source_value", "'M2031' || CAST(pick(h, 86, 9) AS VARCHAR)", "h"
            ),
            "device_source_concept_id": "0",
            "unit_source_value": canaries.always(table, "unit_source_value", "'EA'"),
        },
        f"(SELECT * FROM acts WHERE item = {tube})",
    )
