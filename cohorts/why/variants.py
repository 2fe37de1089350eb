"""The definition in parts: owners of one run that tell which step an event passed.

The engine itself judges every part, so that what is told is what it does: no rule, limit or tie is decided twice.
    EVENTS     primary events in observation; the additional criteria (first) and the rules as bits of the mask
    OBSERVED   what the required observation and the primary limit leave
    ASKED      what the additional criteria and the qualified limit leave of that
    LEFT       what the rules and the expression limit leave of that
    GIVEN      the definition itself
"""

from __future__ import annotations

from dataclasses import replace

from cohorts.needs import closure
from cohorts.plan.nodes import Definition, Plan, Rule, Scan

EVENTS, OBSERVED, ASKED, LEFT, GIVEN = range(5)


def parts(plan: Plan) -> Plan:
    """The plan of one definition as the five owners above."""
    (given,) = plan.definitions
    bare = replace(given, additional=None, qualified_limit="all", rules=(), limit="all", exit=None, censoring=())
    asked = replace(bare, additional=given.additional, qualified_limit=given.qualified_limit)
    owners = {
        EVENTS: replace(bare, prior_days=0, post_days=0, primary_limit="all", rules=bits(given)),
        OBSERVED: bare,
        ASKED: asked,
        LEFT: replace(asked, rules=given.rules, limit=given.limit, from_date=None, to_date=None),
        GIVEN: given,
    }
    return replace(plan, definitions=tuple(owners[number] for number in sorted(owners)))


def bits(given: Definition) -> tuple[Rule, ...]:
    """The additional criteria, if there are any, then the rules."""
    additional = (Rule("", given.additional),) if given.additional is not None else ()
    return (*additional, *given.rules)


def entry_events(plan: Plan) -> Plan | None:
    """The plan of the primary events alone, without those that are observation periods; None if none is left."""
    (given,) = plan.definitions
    primary = tuple(number for number in given.primary if not _is_period(plan, number))
    if not primary:
        return None
    bare = Definition(
        name=given.name, primary=primary, prior_days=0, post_days=0, primary_limit="all", additional=None,
        qualified_limit="all", rules=(), limit="all", exit=None, censoring=(), era_pad=0, from_date=None, to_date=None,
    )  # fmt: skip
    return replace(plan, definitions=(bare,))


def _is_period(plan: Plan, number: int) -> bool:
    streams = (plan.streams[one] for one in closure(plan, [number]))
    return any(isinstance(stream, Scan) and stream.kind == "ObservationPeriod" for stream in streams)
