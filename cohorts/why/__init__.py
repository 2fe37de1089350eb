"""Why a person is, or is not, in a cohort: every entry event, where it was let in or kept out, and what ended it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import duckdb

from cdm.engine import Limits
from cdm.errors import BadInput
from cdm.source import Source
from cohorts.expression import Expression
from cohorts.plan.build import build
from cohorts.plan.nodes import Plan
from cohorts.prose.groups import Speaker
from cohorts.prose.names import names_of
from cohorts.prose.words import CONCEPTS
from cohorts.why import facts, judge, questions, reasons, variants
from cohorts.why.facts import Event
from cohorts.why.judge import Because
from cohorts.why.reasons import Speakers
from cohorts.why.steps import Step
from cohorts.why.text import lines
from cohorts.why.told import Entry, Outcome, Reason, Row, Why

__all__ = ["Entry", "Outcome", "Reason", "Row", "Step", "Why", "lines", "why", "why_all"]


def why(source: Source, expression: Expression, person_id: int, *, limits: Limits | None = None) -> Why:
    """Which steps and rules let each entry event of a person in, or kept it out, and why.

    person_id: as the CDM has it. Only this person's rows are read. Raises `BadInput` if the CDM has no such person, or
    cannot answer the definition.
    """
    (told,) = why_all(source, expression, [person_id], limits=limits)
    return told


def why_all(
    source: Source, expression: Expression, people: Sequence[int], *, fully: bool = True, limits: Limits | None = None
) -> tuple[Why, ...]:
    """`why` of a few people at once, in order of person_id; not `fully`: without what was found in broken rules."""
    plan = build({"cohort": expression})
    names = names_of(expression)
    speakers = Speakers(Speaker("en", names), Speaker("ko", names))
    try:
        with facts.opened(source, _plans(plan, expression), people, limits) as con:
            found = facts.found(con, plan, people)
            because = _because(con, plan, expression, found, speakers) if fully else _silent
            return judge.told(plan.definitions[0], expression, found, speakers, because)
    except duckdb.Error as error:
        raise BadInput(
            f"why this person is in the cohort cannot be told on {source.url} ({type(error).__name__}); "
            "check the types of its tables"
        ) from None


def _plans(plan: Plan, expression: Expression) -> list[Plan]:
    """Everything that may be run to tell why."""
    every = questions.sheet(list(_trees(plan, expression, range(len(variants.bits(plan.definitions[0])))).values()))
    asked = [variants.judged_by(plan, every.questions)] if every.questions else []
    return [plan, variants.parts(plan), variants.entry_events(plan), *asked]


def _silent(event: Event, bit: int) -> tuple[Reason, ...]:
    del event, bit
    return ()


def _because(
    con: duckdb.DuckDBPyConnection, plan: Plan, expression: Expression, found: facts.Facts, speakers: Speakers
) -> Because:
    """Put the criteria of the rules that some event broke to all events."""
    trees = _trees(plan, expression, judge.broken_bits(plan.definitions[0], found))
    sheet = questions.sheet(list(trees.values()))
    answers = facts.answers(con, variants.judged_by(plan, sheet.questions)) if sheet.questions else {}

    def because(event: Event, bit: int) -> tuple[Reason, ...]:
        bits = answers.get(event.key, 0)
        told = tuple(
            reasons.of_criterion(leaf, sheet.answer(leaf, bits), event, _who(found, event.person_id), speakers)
            for leaf in questions.culprits(trees[bit], sheet, bits)
        )
        return told or (reasons.NEVER,)

    return because


def _trees(plan: Plan, expression: Expression, broken: Iterable[int]) -> dict[int, questions.Branch]:
    """Bit of the mask -> the criteria that it stands for."""
    additional = expression.additional_criteria
    groups = [rule.expression for rule in expression.inclusion_rules]
    groups = [additional, *groups] if additional is not None and plan.definitions[0].additional is not None else groups
    planned = [rule.group for rule in variants.bits(plan.definitions[0])]
    return {bit: questions.tree(groups[bit], planned[bit]) for bit in sorted(broken)}


def _who(found: facts.Facts, person: int) -> tuple[str, str]:
    """Who the person is, in English and Korean."""
    traits: Mapping[str, int | None] = found.traits.get(person, {})
    sex, born = traits.get("gender_concept_id"), traits.get("year_of_birth")
    en, ko = list[str](), list[str]()
    if born is not None:
        en.append(f"born in {born}")
        ko.append(f"{born}년 출생")
    if sex is not None:
        words = CONCEPTS.get(sex, (f"sex {sex}", f"성별 {sex}"))
        en.append(words[0])
        ko.append(words[1])
    for name, words in (("race", ("race", "인종")), ("ethnicity", ("ethnicity", "민족"))):
        if (value := traits.get(f"{name}_concept_id")) is not None:
            en.append(f"{words[0]} {value}")
            ko.append(f"{words[1]} {value}")
    return ", ".join(en), ", ".join(ko)
