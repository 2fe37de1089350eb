"""What an ATLAS cohort definition means: slow, small, and written to be read.

Plain Python over lists of rows, from a definition's JSON to the cohort's rows. It shares no code with the engine that it
checks, and nothing here is clever. Read it in this order:

    concept_sets   which concepts a set holds
    comparisons    when a value fits a range, a text filter, a concept-set selection
    kinds          the kinds of criteria: their table, their dates, what their attributes look at
    criteria       the events of one criterion
    eras           events that touch become one
    windows        which events lie in the window around an index event
    groups         how many must: counts, groups, demographics, nesting
    entries        primary events and the three limits
    exits          when an entry ends: strategies and censoring
    definition     all of it, and the attrition that ATLAS shows

Where circe-be has its own ways, the place says so. Where it leaves the choice among equals to the database, an order is
given; it is Naru's, and `docs/explanation/circe-differences.md` lists it.
"""

from tests.cohorts.reference.definition import Cohort, cohort
from tests.cohorts.reference.setting import Hospital

__all__ = ["Cohort", "Hospital", "cohort"]
