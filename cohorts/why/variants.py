"""The definition in parts: owners of one run that tell which step an event passed, and what ended an entry.

The engine itself judges every part, so that what is told is what it does: no rule, limit, tie or exit is decided twice.
    EVENTS     primary events in observation; the additional criteria (first) and the rules as bits of the mask
    OBSERVED   what the required observation and the primary limit leave
    ASKED      what the additional criteria and the qualified limit leave of that
    GIVEN      the definition itself
    ENDS       what the rules and the expression limit leave, as entries of their own: when each ends
    OWN_END    the same with no reason to end but the offset; DRUG_END: but the drug; from CENSORING on: but one censoring event
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from cohorts.needs import closure
from cohorts.plan.nodes import Check, Definition, DrugExit, Group, Keep, OffsetExit, Person, Plan, Rule, Scan

EVENTS, OBSERVED, ASKED, GIVEN, ENDS, OWN_END, DRUG_END, CENSORING = range(8)
APART = -1_000_000  # days of padding under which no two entries touch
BITS = 60  # of a mask


def parts(plan: Plan) -> Plan:
    """The plan of one definition as the owners above."""
    (given,) = plan.definitions
    bare = replace(
        given, additional=None, qualified_limit="all", rules=(), limit="all", exit=None, censoring=(), era_pad=APART,
        from_date=None, to_date=None,
    )  # fmt: skip
    asked = replace(bare, additional=given.additional, qualified_limit=given.qualified_limit)
    left = replace(asked, rules=given.rules, limit=given.limit)
    owners = [
        all_events(given, bits(given)), bare, asked, given, replace(left, exit=given.exit, censoring=given.censoring),
        replace(left, exit=given.exit if isinstance(given.exit, OffsetExit) else None),
        replace(left, exit=given.exit if isinstance(given.exit, DrugExit) else None),
        *(replace(left, censoring=(stream,)) for stream in given.censoring),
    ]  # fmt: skip
    return replace(plan, definitions=tuple(owners))


def bits(given: Definition) -> tuple[Rule, ...]:
    """The additional criteria, if there are any, then the rules."""
    additional = (Rule("", given.additional),) if given.additional is not None else ()
    return (*additional, *given.rules)


def all_events(given: Definition, rules: tuple[Rule, ...]) -> Definition:
    """Every primary event in observation, judged by these rules."""
    return Definition(
        name=given.name, primary=given.primary, prior_days=0, post_days=0, primary_limit="all", additional=None,
        qualified_limit="all", rules=rules, limit="all", exit=None, censoring=(), era_pad=0, from_date=None, to_date=None,
    )  # fmt: skip


def judged_by(plan: Plan, questions: Sequence[Check | Person]) -> Plan:
    """The plan that puts each question to every primary event: question n is bit n % BITS of owner n // BITS."""
    (given,) = plan.definitions
    groups = [Group("ALL", 0, checks=(q,)) if isinstance(q, Check) else Group("ALL", 0, people=(q,)) for q in questions]
    chunks = [groups[start : start + BITS] for start in range(0, len(groups), BITS)]
    owners = [all_events(given, tuple(Rule("", group) for group in several)) for several in chunks]
    return replace(plan, definitions=tuple(owners))


RECORDS, ENTRY = 0, 1


def entry_events(plan: Plan) -> Plan:
    """The primary events (owner ENTRY, if there are any `outside`), and the records that they are chosen from (RECORDS)."""
    (given,) = plan.definitions
    streams = list(plan.streams)
    scans = _scans(plan, given.primary)
    bare = [Scan(scan.kind, scan.concept_set, scan.source_set) for scan in scans]
    streams += [scan for scan in dict.fromkeys(bare) if scan not in streams]
    records = tuple(streams.index(scan) for scan in dict.fromkeys(bare))
    owners = [replace(all_events(given, ()), primary=numbers) for numbers in (records, outside(plan)) if numbers]
    return replace(plan, definitions=tuple(owners), streams=tuple(streams))


def outside(plan: Plan) -> tuple[int, ...]:
    """The primary streams whose events may lie outside of observation: all but observation periods."""
    return tuple(number for number in plan.definitions[0].primary if not _is_period(plan, number))


def _scans(plan: Plan, numbers: Iterable[int]) -> list[Scan]:
    """The scans that these streams are chosen from; what kept events have around them is not."""
    found: list[Scan] = []
    for number in numbers:
        stream = plan.streams[number]
        if isinstance(stream, Scan):
            found.append(stream)
        elif isinstance(stream, Keep):
            found += _scans(plan, [stream.stream])
        else:
            found += _scans(plan, stream.streams)
    return found


def _is_period(plan: Plan, number: int) -> bool:
    streams = (plan.streams[one] for one in closure(plan, [number]))
    return any(isinstance(stream, Scan) and stream.kind == "ObservationPeriod" for stream in streams)
