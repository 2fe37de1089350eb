"""What the attributes of a demographic criterion ask of the person on the index date."""

from __future__ import annotations

from cohorts.criteria.declare import Rule, concepts, dates, numbers
from cohorts.plan.filters import AGE_AT_START, END, START, Column

DEMOGRAPHICS: tuple[Rule, ...] = (
    numbers("age", AGE_AT_START),
    concepts("gender", Column("person", "gender_concept_id")),
    concepts("race", Column("person", "race_concept_id")),
    concepts("ethnicity", Column("person", "ethnicity_concept_id")),
    dates("occurrence_start_date", START),
    dates("occurrence_end_date", END),
)
