"""The criteria of the rules that events broke, put to the events one by one; what was found against what was asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cohorts.expression.groups import CorrelatedCriteria, CriteriaGroup, DemographicCriteria
from cohorts.plan.nodes import Check, Group, Person
from cohorts.plan.rounds import UNLIMITED

COUNTED_TO = 10  # how many more than asked are counted before it is 'or more'


@dataclass(frozen=True)
class Leaf:
    """One criterion of a rule: as the author wrote it, and as the plan has it."""

    given: CorrelatedCriteria | DemographicCriteria
    planned: Check | Person


@dataclass(frozen=True)
class Branch:
    """A group of a rule."""

    planned: Group
    leaves: tuple[Leaf, ...]
    branches: tuple[Branch, ...]


def tree(given: CriteriaGroup, planned: Group) -> Branch:
    """The author's group and the plan's, side by side."""
    criteria = [Leaf(one, two) for one, two in zip(given.criteria_list, planned.checks, strict=True)]
    people = [Leaf(one, two) for one, two in zip(given.demographic_criteria_list, planned.people, strict=True)]
    return Branch(
        planned,
        (*criteria, *people),
        tuple(tree(one, two) for one, two in zip(given.groups, planned.groups, strict=True)),
    )


def leaves(branch: Branch) -> Iterator[Leaf]:
    """Every criterion of a group, however deep."""
    yield from branch.leaves
    for inner in branch.branches:
        yield from leaves(inner)


def asked(leaf: Leaf) -> list[Check | Person]:
    """What is asked to know how a criterion came out: itself, then 'at least 1', 'at least 2' ..."""
    planned = leaf.planned
    if isinstance(planned, Person):
        return [planned]
    return [planned, *(replace(planned, op=2, count=number) for number in range(1, _most(planned) + 1))]


def _most(planned: Check) -> int:
    if planned.op == 2:
        return min(max(planned.count - 1, 0), 3 * COUNTED_TO)
    return min(max(planned.count, 0), 3 * COUNTED_TO) + COUNTED_TO


@dataclass(frozen=True)
class Answer:
    """How a criterion came out. found: how many records; more: at least so many; both None, False for a person's traits."""

    holds: bool
    found: int | None = None
    more: bool = False


@dataclass(frozen=True)
class Sheet:
    """All questions in order, and where those of each criterion begin."""

    questions: tuple[Check | Person, ...]
    begins: Mapping[int, int]  # id of the leaf -> number of its first question

    def answer(self, leaf: Leaf, bits: int) -> Answer:
        """What the answers of an event say of a criterion."""
        first = self.begins[id(leaf)]
        holds = bool(bits >> first & 1)
        planned = leaf.planned
        if isinstance(planned, Person):
            return Answer(holds)
        found = sum(bits >> first + number & 1 for number in range(1, _most(planned) + 1))
        return Answer(holds, found, more=found == _most(planned) and (planned.op != 2 or holds))


def sheet(several: Sequence[Branch]) -> Sheet:
    """The questions of some rules."""
    questions: list[Check | Person] = []
    begins: dict[int, int] = {}
    for branch in several:
        for leaf in leaves(branch):
            begins[id(leaf)] = len(questions)
            questions += asked(leaf)
    return Sheet(tuple(questions), begins)


def holds(branch: Branch, given: Sheet, bits: int) -> bool:
    """Whether a group holds, by its members' answers."""
    count = sum(given.answer(leaf, bits).holds for leaf in branch.leaves)
    count += sum(holds(inner, given, bits) for inner in branch.branches)
    low, high = _range(branch.planned)
    return low <= count <= high


def _range(group: Group) -> tuple[int, int]:
    if group.kind == "ALL" or group.size == 0:
        return group.size, group.size
    if group.kind == "ANY":
        return 1, UNLIMITED
    if group.kind == "AT_LEAST":
        return (0 if group.count == 0 else max(group.count, 1)), UNLIMITED
    return 0, group.count


def culprits(branch: Branch, given: Sheet, bits: int, wanted: bool = True) -> Iterator[Leaf]:
    """The criteria because of which a group does not come out as wanted."""
    too_many = branch.planned.kind == "AT_MOST"
    for leaf in branch.leaves:
        if given.answer(leaf, bits).holds == (too_many if wanted else not too_many):
            yield leaf
    for inner in branch.branches:
        if holds(inner, given, bits) == (too_many if wanted else not too_many):
            yield from culprits(inner, given, bits, wanted=not too_many if wanted else too_many)
