"""The factors and scales of a design as SQL over the CDM.

Every expression is over `p` (person), `i` (the index rows) and `m` (the declared covariates that were measured).
"""

from __future__ import annotations

from cohorts.draw.declared import SCALES, Caliper, Covariate
from cohorts.draw.spec import DrawSpec

PERSON = ("person_id", "gender_concept_id", "year_of_birth")
FACTOR_COLUMNS: dict[str, tuple[str, ...]] = {
    "race": ("race_concept_id",),
    "ethnicity": ("ethnicity_concept_id",),
    "region": ("location_id",),
}
UNIT_COLUMNS: dict[str, tuple[str, ...]] = {
    "years": (),
    "months": ("month_of_birth",),
    "days": ("month_of_birth", "day_of_birth"),
}
VISITS = ("person_id", "visit_concept_id", "visit_start_date", "visit_end_date")

# The places of a day's visits, the most intensive first (OMOP concepts of the Visit domain).
SETTINGS = (
    ("inpatient", (9201, 8717, 32037)),
    ("emergency and inpatient", (262,)),
    ("emergency", (9203, 8870)),
    ("outpatient", (9202, 581477)),
)


def needed(spec: DrawSpec) -> dict[str, tuple[str, ...]]:
    """Table -> columns of the CDM that choosing and matching read."""
    person = [*PERSON]
    for factor in spec.match:
        person += FACTOR_COLUMNS.get(factor, ())
    person += (str(c.column) for c in used_covariates(spec) if c.table == "person")
    for caliper in spec.calipers:
        if caliper.on == "birth":
            person += UNIT_COLUMNS[caliper.counted_in]
    columns: dict[str, tuple[str, ...]] = {
        "person": tuple(dict.fromkeys(person)),
        "observation_period": ("person_id", "observation_period_start_date", "observation_period_end_date"),
    }
    if "region" in spec.match:
        columns["location"] = ("location_id", "state")
    if "care_setting" in spec.match:
        columns["visit_occurrence"] = VISITS
    return columns


def used_covariates(spec: DrawSpec) -> list[Covariate]:
    """The declared covariates that are matched on."""
    used = {*spec.match, *(c.on for c in spec.calipers)}
    return [c for c in spec.covariates if c.name in used]


def _value(covariate: Covariate) -> str:
    """Write a declared covariate in SQL: NULL where a person has no value."""
    if covariate.table == "person":
        return f"p.{covariate.column}"
    return f"(CASE WHEN isnan(m.{covariate.name}) THEN NULL ELSE m.{covariate.name} END)"


def factor(name: str, spec: DrawSpec) -> str:
    """Write one matching factor in SQL; an unknown value is a level of its own."""
    for covariate in spec.covariates:
        if covariate.name == name:
            return f"coalesce({_value(covariate)}::BIGINT, -1)"
    return {
        "sex": "coalesce(p.gender_concept_id, 0)",
        "birth_year": f"p.year_of_birth // {spec.birth_year_band} * {spec.birth_year_band}",
        "index_year": "year(i.index_date)",
        "race": "coalesce(p.race_concept_id, 0)",
        "ethnicity": "coalesce(p.ethnicity_concept_id, 0)",
        "region": "coalesce(l.state, '')",
        "care_setting": "coalesce(v.setting, 'none')",
    }[name]


def label(name: str, value: object, spec: DrawSpec) -> str:
    """How a level of a factor is written in a report."""
    if name == "birth_year" and isinstance(value, int) and spec.birth_year_band > 1:
        return f"{value}-{value + spec.birth_year_band - 1}"
    declared = {c.name: c for c in spec.covariates}.get(name)
    if declared and declared.value == "present":
        return "yes" if value else "no"
    return "unknown" if declared and value == -1 else str(value)


def joins(spec: DrawSpec) -> str:
    """Join the tables beside `i` (person_id, index_date) and `p` that the factors look at."""
    text = "JOIN cdm.person p ON p.person_id = i.person_id AND p.year_of_birth IS NOT NULL"
    if "region" in spec.match:
        text += " LEFT JOIN (SELECT location_id, min(state) AS state FROM cdm.location GROUP BY 1) l"
        text += " ON l.location_id = p.location_id"
    if "care_setting" in spec.match:
        text += f" LEFT JOIN ({setting()}) v ON v.person_id = i.person_id AND v.index_date = i.index_date"
    if any(c.table != "person" for c in used_covariates(spec)):
        text += " JOIN measured m ON m.person_id = i.person_id AND m.index_date = i.index_date"
    return text


def setting() -> str:
    """Where each person of `i` was on the index date: the most intensive of the visits that hold it."""
    places = " ".join(
        f"WHEN visit_concept_id IN ({', '.join(map(str, concepts))}) THEN {rank}"
        for rank, (_, concepts) in enumerate(SETTINGS)
    )
    names = " ".join(f"WHEN {rank} THEN '{name}'" for rank, (name, _) in enumerate(SETTINGS))
    return f"""
        SELECT person_id, index_date,
            CASE min(CASE {places} ELSE {len(SETTINGS)} END) {names} ELSE 'other' END AS setting
        FROM cdm.visit_occurrence JOIN (SELECT DISTINCT person_id, index_date FROM i) USING (person_id)
        WHERE index_date BETWEEN visit_start_date AND coalesce(visit_end_date, visit_start_date)
        GROUP BY 1, 2"""


def scale(caliper: Caliper, spec: DrawSpec) -> str:
    """Write a caliper's scale in SQL: an integer; of a covariate a number, NaN where a person has no value.

    An unknown month counts as July, an unknown day as the first.
    """
    if caliper.on not in SCALES:
        covariate = next(c for c in spec.covariates if c.name == caliper.on)
        return f"coalesce({_value(covariate)}::DOUBLE, 'NaN'::DOUBLE)"
    if caliper.on == "birth":
        return {
            "years": "p.year_of_birth::INTEGER",
            "months": "(p.year_of_birth * 12 + coalesce(p.month_of_birth, 7))::INTEGER",
            "days": """(coalesce(
                TRY(make_date(p.year_of_birth, coalesce(p.month_of_birth, 7), coalesce(p.day_of_birth, 1))),
                TRY(make_date(p.year_of_birth, p.month_of_birth, 1)), make_date(p.year_of_birth, 7, 1)
            ) - DATE '1970-01-01')::INTEGER""",
        }[caliper.counted_in]
    if caliper.on == "index_date":
        return "(i.index_date - DATE '1970-01-01')::INTEGER"
    return "(i.index_date - i.observed_from)::INTEGER"


def width(caliper: Caliper) -> int:
    """Half the width of the box on a scale of dates."""
    return int(caliper.within) if caliper.on == "birth" else caliper.days
