"""Which diagnosis a visit has: the catalogue's weights as a table to draw from by sex, age and kind of visit."""

from __future__ import annotations

SLOTS = 512
KINDS = {"outpatient": 0, "emergency": 1, "inpatient": 2, "chronic": 3}


def slot(kind: str, sex: str, band: str, drawn: str) -> str:
    """SQL: the place in `choices` of a draw below SLOTS; `kind` is SQL for one of the numbers in KINDS."""
    return f"(((({kind}) * 2 + {sex}) * 10 + {band}) * {SLOTS} + {drawn})"


def create_choices(base: int) -> str:
    """`choices` (slot, dx): for each kind of visit, sex and age decade, SLOTS places shared out by weight.

    dx is the row of the catalogue's diagnosis. `base` is the hospital's own number: it moves every weight by up to a
    third, which gives each hospital another case mix.
    """
    weights = " UNION ALL ".join(
        f"SELECT {number} AS kind, n AS dx, sex AS for_sex, age_from, age_to, {kind} AS weight FROM conditions"
        for kind, number in KINDS.items()
    )
    return f"""
    CREATE TABLE choices AS
    WITH weights AS (
        SELECT kind, dx, for_sex, age_from, age_to, CAST(weight * (670 + 660 * u({base}::UBIGINT, kind * 1000 + dx)) AS BIGINT) AS weight
        FROM ({weights}) WHERE weight > 0),
    fitting AS (
        SELECT kind, sex, band, dx, weight FROM weights, (SELECT range AS sex FROM range(2)), (SELECT range AS band FROM range(10))
        WHERE age_from < band * 10 + 10 AND age_to > band * 10 AND (for_sex IS NULL OR (for_sex = 'F') = (sex = 1))),
    shared AS (
        SELECT kind, sex, band, dx, sum(weight) OVER before / CAST(sum(weight) OVER whole AS DOUBLE) AS upto
        FROM fitting
        WINDOW whole AS (PARTITION BY kind, sex, band), before AS (PARTITION BY kind, sex, band ORDER BY dx)),
    places AS (
        SELECT kind, sex, band, dx, CAST(round(upto * {SLOTS}) AS BIGINT) AS upto,
               coalesce(lag(CAST(round(upto * {SLOTS}) AS BIGINT)) OVER (PARTITION BY kind, sex, band ORDER BY dx), 0) AS since
        FROM shared)
    SELECT {slot("kind", "sex", "band", "place")} AS slot, dx
    FROM (SELECT kind, sex, band, dx, unnest(range(since, upto)) AS place FROM places)
    ORDER BY slot
    """
