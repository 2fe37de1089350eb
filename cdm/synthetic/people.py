"""Who the patients are: the latent table `people`."""

from __future__ import annotations

from cdm.synthetic.catalogue import load
from cdm.synthetic.choices import KINDS, SLOTS, slot

# Patients of a Korean general hospital by age decade, percent.
DECADES = (9, 6, 9, 11, 14, 17, 17, 11, 5, 1)
LAST_DAY = "DATE '2024-12-31'"
MOST_VISITS = 30  # ids leave room for 32


def create_people(persons: int, base: int) -> str:
    """`people`: one row a person, ascending by person_id.

    h: key of the person's draws. sex: 0 man, 1 woman. born, lived (days up to the last day), age (then). from_date,
    days (under observation), gap (days between two periods; 0 for one period), visits, share (days of observation
    that belong to one visit), split (the visit with which a second period begins), last_date. frailty: 0..1.
    c1, c2, c3: long-term diagnoses (rows of the catalogue) or NULL. region: row of the catalogue.
    """
    decades = ", ".join(str(decade) for decade, share in enumerate(DECADES) for _ in range(share))
    regions = load("regions")
    places = [
        str(n)
        for n, weight in zip(*(regions[c].to_pylist() for c in ("n", "weight")), strict=True)
        for _ in range(weight)
    ]
    chronic = [
        f"CASE WHEN u(h, {salt}) < {least} + age / {years} THEN "
        f"{slot(str(KINDS['chronic']), 'sex', 'least(9, age // 10)', f'pick(h, {salt + 1}, {SLOTS})')} END"
        for salt, least, years in ((12, 0.06, 120.0), (14, 0.0, 170.0), (16, 0.0, 260.0))
    ]
    return f"""
    CREATE TABLE people AS
    WITH keyed AS (SELECT range AS i, mix((range + {base})::UBIGINT) AS h FROM range({persons})),
    born AS (
        SELECT i, h, CASE WHEN u(h, 1) < 0.49 THEN 0 ELSE 1 END AS sex,
               40 + [{decades}][1 + pick(h, 2, 100)] * 3652 + pick(h, 5, 3652) AS lived,
               {LAST_DAY} - (CASE WHEN u(h, 3) < 0.72 THEN 0 ELSE pick(h, 4, 1400) END)::INTEGER AS last_date
        FROM keyed),
    seen AS (SELECT *, least(lived, 380 + pick(h, 6, 2700)) AS days, lived // 365 AS age FROM born),
    busy AS (
        SELECT *, greatest(1, least({MOST_VISITS}, days // 30,
                      1 + CAST(floor((7 + age * 0.3) * u(h, 7) * u(h, 7)) AS BIGINT))) AS visits
        FROM seen),
    spaced AS (
        SELECT *, greatest(1, days // visits) AS share, 1 + (visits * 6) // 10 AS split,
               CASE WHEN u(h, 8) < 0.1 AND visits > 2 AND lived > days + 1000 THEN 380 + pick(h, 9, 500) ELSE 0 END AS gap,
               {chronic[0]} AS s1, {chronic[1]} AS s2, {chronic[2]} AS s3
        FROM busy)
    SELECT 10000000 + i * 7 + pick(h, 10, 7) AS person_id, h, sex, last_date - lived::INTEGER AS born, lived, age,
           last_date - (days + gap)::INTEGER AS from_date, days, gap, visits, share, split, last_date, u(h, 11) AS frailty,
           a.dx AS c1, nullif(b.dx, a.dx) AS c2, CASE WHEN c.dx IS DISTINCT FROM a.dx AND c.dx IS DISTINCT FROM b.dx THEN c.dx END AS c3,
           [{", ".join(places)}][1 + pick(h, 19, {len(places)})] AS region
    FROM spaced
    LEFT JOIN choices a ON a.slot = s1
    LEFT JOIN choices b ON b.slot = s2
    LEFT JOIN choices c ON c.slot = s3
    ORDER BY person_id
    """
