"""What is measured and when: the latent table `moments`, and the table measurement."""

from __future__ import annotations

from cdm.synthetic.canaries import Canaries
from cdm.synthetic.catalogue import load
from cdm.synthetic.recipe import Recipe
from cdm.synthetic.vocabulary import MEASUREMENT_ID

PANELS = {"vital": 0, "intensive": 1, "daily": 2, "lab": 3, "coagulation": 4, "clinic": 5}
RAMP = 24 * 60  # minutes before a deterioration in which the signs turn


def create_moments() -> str:
    """`moments`: one row a time at which a panel is measured, by moment (visit_id * 1024 + place in the visit).

    due: minutes after admission. panel: see PANELS. grave: 0 well .. 1 at a deterioration.

    Ward: vital signs every eight hours; every two in the day before and half a day after a deterioration; blood on
    every second day; GCS daily in intensive care and for a fifth of the others. Clinic: some patients, once.
    """
    grave = f"""CASE WHEN event IS NULL OR due < event - {RAMP} THEN 0.0 WHEN due <= event THEN (due - event + {RAMP}) / {RAMP}.0
                     ELSE greatest(0.25, 1.0 - (due - event) / 4320.0) END"""
    return f"""
    CREATE TABLE moments AS
    WITH stays AS (SELECT visit_id, person_id, h, ph, start, begin, stop - begin AS whole, event, icu_from, icu_to, age, concept
              FROM visits WHERE stay),
    rounds AS (
        SELECT *, unnest(range(1 + whole // 480)) AS nth FROM stays),
    close AS (SELECT *, unnest(range(18)) AS nth FROM stays WHERE event IS NOT NULL),
    timed AS (
        SELECT * EXCLUDE (nth), nth AS seq, nth * 480 + 15 + pick(h, 1000 + nth, 90) AS due, 0 AS panel FROM rounds
        UNION ALL SELECT * EXCLUDE (nth), 200 + nth, event - {RAMP} + nth * 120 + 10 + pick(h, 1300 + nth, 40), 0 FROM close
        UNION ALL SELECT * EXCLUDE (nth), 260 + nth, event - {RAMP} + nth * 120 + 10 + pick(h, 1300 + nth, 40), 1
            FROM close WHERE nth >= 6 AND nth % 3 = 0
        UNION ALL SELECT * EXCLUDE (nth), 300 + nth, nth * 480 + 25 + pick(h, 1000 + nth, 90), 2 FROM rounds
            WHERE nth % 3 = 1 AND (icu_from IS NOT NULL OR u(h, 1600) < 0.2)
        UNION ALL SELECT * EXCLUDE (nth), 500 + nth, nth * 480 + 60 + pick(h, 1700 + nth, 120), 3 FROM rounds WHERE nth % 6 = 0
        UNION ALL SELECT * EXCLUDE (nth), 700 + nth, event - 600 + nth * 40, 3 FROM close WHERE nth = 9
        UNION ALL SELECT * EXCLUDE (nth), 800 + nth, nth * 480 + 60 + pick(h, 1700 + nth, 120), 4
            FROM rounds WHERE nth % 12 = 0 AND u(h, 1601) < 0.5
        UNION ALL SELECT visit_id, person_id, h, ph, start, begin, stop - begin, NULL, NULL, NULL, age, concept, 0, pick(h, 1602, 15), 5
            FROM visits WHERE NOT stay AND u(h, 1603) < CASE WHEN concept = 9203 THEN 0.9 ELSE 0.2 END)
    SELECT visit_id * 1024 + seq AS moment, visit_id, person_id, h, ph, start, begin, due, panel, concept, {grave} AS grave
    FROM timed WHERE due >= 0 AND due < whole
    ORDER BY moment
    """


def create_panels() -> tuple[str, ...]:
    """`measured`: the catalogue with its bounds; `panels` (panel, things): the rows of it that are measured together."""
    panels = " ".join(f"WHEN '{kind}' THEN {number}" for kind, number in PANELS.items())
    return (
        """CREATE TABLE measured AS
           SELECT * EXCLUDE (key, kind), mean * 0.12 AS floor, ([1.0, 10.0, 100.0, 1000.0])[1 + decimals]::DOUBLE AS scale,
                  CASE unit WHEN '%' THEN 100.0 WHEN '{score}' THEN high ELSE 1e9 END AS ceiling
           FROM measurements ORDER BY n""",
        f"""CREATE TABLE panels AS
            SELECT panel, list(n ORDER BY n) AS things
            FROM (SELECT CASE kind {panels} END AS panel, n FROM measurements WHERE kind <> 'clinic'
                  UNION ALL SELECT {PANELS["clinic"]}, n FROM measurements WHERE outpatient > 0)
            GROUP BY panel ORDER BY panel""",
    )


def recipe(canaries: Canaries) -> Recipe:
    """The table measurement: measurement_id = moment * 32 + row of the catalogue."""
    table, key = "measurement", "key"
    bounded = "value IS NOT NULL AND panel IN (3, 4, 5)"
    return Recipe(
        table,
        {
            "measurement_id": "id",
            "person_id": "person_id",
            "measurement_concept_id": _listed("concept_id"),
            "measurement_date": "CAST(moment AS DATE)",
            "measurement_datetime": "moment",
            "measurement_time": canaries.alone(table, "measurement_time", key),
            "measurement_type_concept_id": "CASE WHEN panel IN (3, 4) THEN 32856 ELSE 32817 END",
            "value_as_number": "value",
            "unit_concept_id": f"CASE WHEN value IS NOT NULL THEN {_listed('unit_concept_id')} END",
            "range_low": f"CASE WHEN {bounded} THEN {_listed('low')} END",
            "range_high": f"CASE WHEN {bounded} THEN {_listed('high')} END",
            "visit_occurrence_id": "visit_id",
            "measurement_source_value": canaries.sometimes(table, "measurement_source_value", _listed("code"), key),
            "measurement_source_concept_id": f"{MEASUREMENT_ID} + n",
            "unit_source_value": canaries.sometimes(
                table, "unit_source_value", f"CASE WHEN value IS NOT NULL THEN {_listed('unit')} END", key
            ),
            "value_source_value": canaries.sometimes(
                table,
                "value_source_value",
                "CASE WHEN value IS NULL THEN '검체부적합' WHEN panel = 4 THEN CAST(value AS VARCHAR) END",
                key,
            ),
        },
        # Drawn outside of CASE: DuckDB computes a common subexpression once only where it is always needed.
        """(
            SELECT id, person_id, visit_id, n, panel, key, moment, CASE WHEN key % 61 > 0 THEN drawn END AS value FROM (
                SELECT id, person_id, visit_id, n, panel, key, clock(start, begin + due) AS moment,
                       round(greatest(floor, least(ceiling, mean + spread * (0.3 * bell(draw(ph, 2000 + n)) + 0.28 * bell(key))
                                                            + shift * grave)) * scale) / scale AS drawn
                FROM (SELECT m.*, moment * 32 + n AS id, below(h, moment % 1024 * 32 + n) AS key
                      FROM (SELECT *, unnest(things) AS n FROM moments JOIN panels USING (panel)) m)
                JOIN measured USING (n)
                WHERE panel <> 5 OR (draw(key, 1) * 100 >> 32) < outpatient)
            ORDER BY person_id, id)""",
        ordered=True,
    )


def _listed(column: str) -> str:
    """SQL: the catalogue's value for row `n`."""
    values = [
        "NULL" if v is None else f"'{v}'" if isinstance(v, str) else str(v)
        for v in load("measurements")[column].to_pylist()
    ]
    return f"([{', '.join(values)}])[1 + n]"
