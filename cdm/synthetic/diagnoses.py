"""What the patients have: the latent table `findings`, and condition_occurrence and condition_era of it."""

from __future__ import annotations

from cdm.synthetic.canaries import Canaries
from cdm.synthetic.catalogue import number
from cdm.synthetic.recipe import Recipe
from cdm.synthetic.vocabulary import KCD_ID, SUBTYPE_ID, SUBTYPES

# What a deterioration is coded as, by its kind: (catalogue key, share).
COMPLICATIONS = (
    ("arrest", "cardiac_arrest", 1.0),
    ("vent", "respiratory_failure", 0.7),
    ("vaso", "septic_shock", 0.45),
    ("icu", "sepsis", 0.3),
)

# One row in eight is coded with a subtype, so that a concept set without descendants misses people.
CONCEPT = f"""CASE WHEN c.concept_id > 0 AND (f.h >> 5) % 8 = slot THEN {SUBTYPE_ID} + c.n * {SUBTYPES} + ((f.h >> 9) % {SUBTYPES})::INTEGER
                   ELSE c.concept_id END"""


def create_findings() -> str:
    """`findings`: one row a diagnosis of a visit, by finding_id (visit_id * 8 + slot), with the visit's columns.

    dx: row of the catalogue. due: minutes after midnight of the visit's first day. slot: 0 the main diagnosis, 1-3
    long-term ones, 4 a complication.
    """
    complications = " ".join(
        f"WHEN event_kind = '{kind}' AND u(h, 70) < {share} THEN {number('conditions', key)}"
        for kind, key, share in COMPLICATIONS
    )
    carried = "visit_id, person_id, h, concept, stay, start, begin, stop, days, icu_from"
    shown = f"visit_id * 8 + {{slot}} AS finding_id, {carried}, {{due}} AS due, {{slot}} AS slot, {{dx}} AS dx"
    chronic = " UNION ALL ".join(
        f"SELECT {shown.format(slot=i, due='begin', dx=f'c{i}')} FROM visits WHERE c{i} IS NOT NULL AND c{i} <> dx AND u(h, {70 + i}) < 0.4"
        for i in (1, 2, 3)
    )
    return f"""
    CREATE TABLE findings AS
    SELECT {shown.format(slot=0, due="begin", dx="dx")} FROM visits
    UNION ALL {chronic}
    UNION ALL SELECT * FROM (
        SELECT {shown.format(slot=4, due="begin + event", dx=f"CASE {complications} END")} FROM visits WHERE event IS NOT NULL)
        WHERE dx IS NOT NULL
    ORDER BY finding_id
    """


def recipes(canaries: Canaries) -> tuple[Recipe, ...]:
    """condition_occurrence, condition_era."""
    table = "condition_occurrence"
    return (
        Recipe(
            table,
            {
                "condition_occurrence_id": "finding_id",
                "person_id": "person_id",
                "condition_concept_id": CONCEPT,
                "condition_start_date": "start + (due // 1440)::INTEGER",
                "condition_start_datetime": "clock(start, due)",
                "condition_end_date": "CASE WHEN stay THEN start + (stop // 1440)::INTEGER END",
                "condition_end_datetime": "CASE WHEN stay THEN clock(start, stop) END",
                "condition_type_concept_id": "32817",
                "condition_status_concept_id": "CASE WHEN slot = 0 THEN 32902 ELSE 32908 END",
                "condition_status_source_value": canaries.sometimes(
                    table, "condition_status_source_value", "CASE WHEN slot = 0 THEN '주상병' ELSE '부상병' END", "f.h"
                ),
                "stop_reason": canaries.alone(table, "stop_reason", "f.h"),
                "provider_id": "1 + pick(f.h, 80, 240)",
                "visit_occurrence_id": "visit_id",
                "visit_detail_id": """CASE WHEN stay THEN visit_id * 4
                    + CASE WHEN icu_from = 0 THEN 2 WHEN concept = 262 THEN 0 ELSE 1 END END""",
                "condition_source_value": canaries.sometimes(
                    table, "condition_source_value", "c.kcd", "f.h + slot::UBIGINT"
                ),
                "condition_source_concept_id": f"{KCD_ID} + c.n",
            },
            "findings f JOIN conditions c ON c.n = f.dx",
        ),
        Recipe(
            "condition_era",
            {
                "condition_era_id": "row_number() OVER (ORDER BY person_id, concept_id, since)",
                "person_id": "person_id",
                "condition_concept_id": "concept_id",
                "condition_era_start_date": "since",
                "condition_era_end_date": "upto",
                "condition_occurrence_count": "rows",
            },
            eras(
                f"""SELECT person_id, {CONCEPT} AS concept_id, start + (due // 1440)::INTEGER AS since,
                           greatest(start + (due // 1440)::INTEGER,
                                    CASE WHEN stay THEN start + (stop // 1440)::INTEGER ELSE start + 1 END) AS upto
                    FROM findings f JOIN conditions c ON c.n = f.dx WHERE c.concept_id > 0"""
            ),
        ),
    )


def eras(spans: str, gap: int = 30) -> str:
    """SQL: spans (person_id, concept_id, since, upto) no more than `gap` days apart made one, as OHDSI's eras are."""
    return f"""(
        SELECT person_id, concept_id, min(since) AS since, max(upto) AS upto, count(*) AS rows,
               max(upto) - min(since) - sum(upto - since) AS uncovered
        FROM (SELECT *, sum(CASE WHEN since <= reached + {gap} THEN 0 ELSE 1 END) OVER
                        (PARTITION BY person_id, concept_id ORDER BY since, upto ROWS UNBOUNDED PRECEDING) AS era
              FROM (SELECT *, max(upto) OVER (PARTITION BY person_id, concept_id ORDER BY since, upto
                                              ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
                    FROM ({spans})))
        GROUP BY person_id, concept_id, era)"""
