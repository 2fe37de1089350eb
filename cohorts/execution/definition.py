"""One definition, from its primary events to its cohort."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from cohorts.columns import entries as limits
from cohorts.columns import exits, rules
from cohorts.columns.entries import Entries
from cohorts.columns.eras import Intervals, joined, ordered
from cohorts.columns.groups import Surroundings, group_holds
from cohorts.columns.keys import FIRST_DAY, LAST_DAY, Whole, people
from cohorts.execution.streams import Streams
from cohorts.plan.nodes import Definition, DrugExit, OffsetExit
from cohorts.plan.uses import primary_use, ties_matter

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Found:
    """What came of a definition: its steps one after the other, and its cohort.

    primary: after the primary limit. qualified: after additional criteria and the qualified limit, in order of person
    and start date. judged: which rules those keep; None where the definition has none. included: after the rules and
    the expression limit.
    """

    primary: Entries
    qualified: Entries
    judged: rules.Judged | None
    included: Entries
    cohort: Intervals


def find(given: Definition, primary: Entries, streams: Streams) -> Found:
    """Everything after the primary events. `streams` has all that the definition looks at."""
    around = streams.surroundings
    qualified = limits.by_start(_asked(given, primary, around), ties=ties_matter(given))
    included, judged = _judged(given, qualified, around)
    chosen = limits.limited(included, given.limit, included.start)
    included = included if chosen is None else included.take(chosen)
    return Found(primary, qualified, judged, included, _cohort(given, included, streams))


def primary_events(given: Definition, streams: Streams) -> Entries:
    """The primary events after their limit."""
    use, ties = primary_use(given, whole=streams.reader.whole), ties_matter(given)
    events = [streams[number] for number in given.primary]
    first = given.primary_limit == "first"
    found = limits.primary(events, streams.observed, given.prior_days, given.post_days, use, ties=ties, first=first)
    chosen = limits.limited(found, given.primary_limit, found.sort)
    return found if chosen is None else found.take(chosen)


def _asked(given: Definition, primary: Entries, around: Surroundings) -> Entries:
    found = primary
    if given.additional is not None:
        found = limits.kept(found, group_holds(given.additional, found.index, around))
    if given.qualified_limit == "all":
        return found
    found = limits.by_start(found, ties=True)
    chosen = limits.limited(found, given.qualified_limit, found.start)
    return found if chosen is None else found.take(chosen)


def _judged(given: Definition, qualified: Entries, around: Surroundings) -> tuple[Entries, rules.Judged | None]:
    if not given.rules:
        return qualified, None
    index = qualified.index
    judged = rules.Judged(qualified.person, [group_holds(rule.group, index, around) for rule in given.rules])
    return limits.kept(qualified, judged.all), judged


def _cohort(given: Definition, included: Entries, streams: Streams) -> Intervals:
    """Entries that end, collapsed into eras and cut to the censor window."""
    ends = exits.earliest(included, _candidates(given, included, streams))
    leaves = ends != exits.NEVER
    person, start, end = included.person, included.start.astype(np.int64), ends
    if not leaves.all():
        person, start, end = person[leaves], start[leaves], end[leaves]
    if people(person) < len(person):
        eras = joined(ordered(person, start, end + given.era_pad))
        person, start, end = eras.person, eras.start, eras.end - given.era_pad
    if given.from_date or given.to_date:
        first = (given.from_date - _EPOCH).days if given.from_date else FIRST_DAY
        last = (given.to_date - _EPOCH).days if given.to_date else LAST_DAY
        start, end = np.maximum(start, first), np.minimum(end, last)
        inside = start <= end
        person, start, end = person[inside], start[inside], end[inside]
    return Intervals(person, start, end)


def _candidates(given: Definition, included: Entries, streams: Streams) -> list[Whole]:
    found = [included.op_end.astype(np.int64)]
    if isinstance(given.exit, OffsetExit):
        found = [exits.offset(given.exit, included)]
    if isinstance(given.exit, DrugExit):
        eras = exits.drug_eras(given.exit, [streams[number] for number in given.exit.streams])
        found.append(exits.drug(included, eras, disjoint=given.exit.gap >= 0))
    if given.censoring:
        found.append(exits.censored(included, [streams[number] for number in given.censoring]))
    return found
