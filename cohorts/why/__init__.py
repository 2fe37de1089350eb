"""Why a person is, or is not, in a cohort: every entry event, and where it was let in or kept out."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from cdm.engine import Limits
from cdm.errors import BadInput
from cdm.source import Source
from cohorts.expression import Expression
from cohorts.plan.build import build
from cohorts.why import facts, judge
from cohorts.why.steps import Step
from cohorts.why.told import Entry, Outcome, Why

__all__ = ["Entry", "Outcome", "Step", "Why", "why", "why_all"]


def why(source: Source, expression: Expression, person_id: int, *, limits: Limits | None = None) -> Why:
    """Which steps and rules let each entry event of a person in, or kept it out.

    person_id: as the CDM has it. Raises `BadInput` if the CDM has no such person, or cannot answer the definition.
    """
    (told,) = why_all(source, expression, [person_id], limits=limits)
    return told


def why_all(
    source: Source, expression: Expression, people: Sequence[int], *, limits: Limits | None = None
) -> tuple[Why, ...]:
    """`why` of a few people at once, in order of person_id."""
    plan = build({"cohort": expression})
    try:
        with facts.opened(source, plan, people, limits) as con:
            return judge.told(plan.definitions[0], facts.found(con, plan, people))
    except duckdb.Error as error:
        raise BadInput(
            f"why this person is in the cohort cannot be told on {source.url} ({type(error).__name__}); "
            "check the types of its tables"
        ) from None
