"""What a reader of docs/CHANGES.md can work out about few people: integer programming over everything that is told of a table.

Two readers: one who sees the document alone, and one who holds both packages and so knows how many came, left and changed in all.
The attackers are written from what the document says, not from the product's own relations. A line that is not there may be of nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from extract.compare import Difference, People
from extract.compare_codes import CodeBy, CodeChange
from extract.compare_rows import RowsBy, TableChange
from flows.attribution import Moved
from flows.changes_codes import code_causes
from flows.changes_groups import Groups
from flows.changes_people import people_told
from flows.changes_rows import rows_told
from flows.changes_withdrawn import told_apart

LEAST = 10
CELLS = [(who, cause, side)
         for who, causes, sides in (("came", ("cdm", "definition"), ("added",)),
                                    ("left", ("cdm", "definition", "withdrawal"), ("removed",)),
                                    ("stayed", ("cdm", "vocabulary"), ("added", "removed")))
         for cause in causes for side in sides]  # fmt: skip
COUNTS = st.lists(st.sampled_from([0, 0, 1, 3, 9, 10, 12, 40, 300]), min_size=len(CELLS), max_size=len(CELLS))
FEW = settings(max_examples=25, deadline=None, derandomize=True)

Cell = tuple[str, str, str]


@dataclass
class Attacker:
    """Unknown counts, and the sums of them that are told."""

    truth: dict[Cell, int]
    sums: list[tuple[dict[Cell | str, int], float, float]] = field(default_factory=list)

    def told(self, cells: list[Cell], text: str) -> None:
        if text != "*" and cells:
            number = int(text.replace(",", ""))
            self.sums.append((dict.fromkeys(cells, 1), number, number))

    def most(self, cell: Cell) -> float:
        names = list(dict.fromkeys([*self.truth, *(name for one, *_ in self.sums for name in one)]))
        matrix = np.array([[one.get(name, 0) for name in names] for one, *_ in self.sums]).reshape(-1, len(names))
        low, high = ([one[n] for one in self.sums] for n in (1, 2))
        cost = -np.array([name == cell for name in names], float)
        rules = [LinearConstraint(matrix, low, high)] if len(matrix) else []
        found = milp(cost, constraints=rules, bounds=Bounds(0, np.inf), integrality=np.ones(len(names)))
        return np.inf if found.x is None else float(found.x[names.index(cell)])


def truth_of(counts: list[int]) -> dict[Cell, int]:
    return {cell: count for cell, count in zip(CELLS, counts, strict=True) if count}


def groups_of(truth: dict[Cell, int], merged: tuple[tuple[str, str], ...] = ()) -> Groups:
    sizes = {(who, cause): count + 50 for (who, cause, _), count in truth.items() if who != "stayed"}
    return Groups(sizes, frozenset(merged) & sizes.keys(), 5000)


def change_of(truth: dict[Cell, int]) -> TableChange:
    keys = sorted({cell[:2] for cell in truth})
    by = [(*key, truth.get((*key, "added"), 0), truth.get((*key, "removed"), 0)) for key in keys]
    stayed = max((count for (who, *_), count in truth.items() if who == "stayed"), default=0)
    others = sum(count for (who, *_), count in truth.items() if who != "stayed")
    return TableChange(
        rows=(90_000, 90_000 + 3 * sum(b[2] - b[3] for b in by)),
        added=3 * sum(b[2] for b in by),
        removed=3 * sum(b[3] for b in by),
        people=others + stayed,
        stayed=stayed,
        by=tuple(RowsBy(who, cause, 3 * a, a, 3 * r, r) for who, cause, a, r in by),
    )


def inside(cell: Cell, who: str, causes: str, side: str) -> bool:
    return cell[0] == who and cell[2] == side and cell[1] in causes.split(" + ")


@FEW
@given(COUNTS)
@example([0, 0, 3, 300, 300, 0, 9, 0, 0])  # 3 and 9 hide each other, but not to whoever knows how many left
def test_no_few_people_are_placed_by_the_rows_of_a_table(counts: list[int]) -> None:
    truth = truth_of(counts)
    told = rows_told("t", change_of(truth), groups_of(truth), "cdm", LEAST)
    reader, known = Attacker(truth), {}
    for _, who, causes, _, added, _, removed in told.by_cause:
        for side, text in (("added", added), ("removed", removed)):
            cells = [cell for cell in truth if inside(cell, who, causes, side)]
            reader.told(cells, text)
            known.update(dict.fromkeys(cells, text))
    _, before, _, added_rows, removed_rows, people = told.whole
    assert "*" in (before, added_rows, removed_rows) or int(added_rows.replace(",", "")) == change_of(truth).added
    if people != "*":  # people are who came, who left, and those of `stayed` who have at least one of its counts
        others = [cell for cell in truth if cell[0] != "stayed"]
        stayed = [cell for cell in truth if cell[0] == "stayed"]
        number = int(people.replace(",", ""))
        reader.sums.append(({**dict.fromkeys(others, 1), "stayed": 1}, number, number))
        reader.sums += [({"stayed": 1, cell: -1}, 0, np.inf) for cell in stayed]
        reader.sums.append(({"stayed": -1, **dict.fromkeys(stayed, 1)}, 0, np.inf))
    for side, rows in (("added", added_rows), ("removed", removed_rows)):
        hidden = [n for cell, n in truth.items() if cell[2] == side and known.get(cell, "*") == "*"]
        if rows != "*" and hidden:  # what is left of the rows is theirs
            assert sum(hidden) >= LEAST
            assert len(hidden) > 1
    assert all(truth[cell] >= LEAST or reader.most(cell) >= LEAST for cell in truth)
    holder_cannot_place(truth, reader, known)


def holder_cannot_place(truth: dict[Cell, int], reader: Attacker, known: dict[Cell, str]) -> None:
    """Whoever holds both packages knows how many came and left in all; of a side of which nothing is told, she knows that alone."""
    sides = [[cell for cell in truth if cell[0] == who] for who in ("came", "left")]
    told = [cells for cells in sides if len(cells) > 1 and any(known.get(cell, "*") != "*" for cell in cells)]
    for cells in told:
        reader.told(cells, str(sum(truth[cell] for cell in cells)))
    for cell in (cell for cells in told for cell in cells):
        assert truth[cell] >= LEAST or reader.most(cell) >= LEAST


@FEW
@given(COUNTS, st.sampled_from([0, 60, 2000]))
@example([0, 0, 3, 300, 300, 0, 9, 0, 0], 2000)
def test_no_few_people_are_placed_by_who_carries_a_code(counts: list[int], before: int) -> None:
    truth = truth_of(counts)
    keys = sorted({cell[:2] for cell in truth})
    by = [CodeBy(*key, truth.get((*key, "added"), 0), truth.get((*key, "removed"), 0), 50) for key in keys]
    before = max(before, sum(one.lost for one in by))
    after = before + sum(one.gained - one.lost for one in by)
    if any(0 < n < LEAST for n in (before, after, abs(after - before))):
        return  # such a code is not told at all
    lines = code_causes(CodeChange("t", 1, (before, after), by=tuple(by)), groups_of(truth), LEAST)
    reader, known = Attacker(truth), {}
    for _, _, who, causes, gained, lost in lines:
        for side, text in (("added", gained), ("removed", lost)):
            cells = [cell for cell in truth if inside(cell, who, causes, side)]
            reader.told(cells, text)
            known.update(dict.fromkeys(cells, text))
    signs: dict[Cell | str, int] = {cell: 1 if cell[2] == "added" else -1 for cell in truth}
    reader.sums.append((signs, after - before, after - before))
    assert all(truth[cell] >= LEAST or reader.most(cell) >= LEAST for cell in truth)
    holder_cannot_place(truth, reader, known)


@FEW
@given(st.lists(st.sampled_from([1, 2, 3, 9, 10, 12, 40, 300]), min_size=2, max_size=3))
def test_no_few_people_are_placed_by_the_causes_of_who_left(counts: list[int]) -> None:
    causes = ("cdm", "definition", "withdrawal")[3 - len(counts) :]
    label = np.repeat(np.arange(len(counts)), counts)
    people = np.arange(len(label))
    nobody = np.empty(0, np.int64)
    found = People({"case": 900}, {"case": 900 - len(people)}, {}, {"case": people})
    told = people_told(found, Moved(causes, (nobody, nobody), (people, label)), LEAST)
    truth = {("left", cause, "removed"): count for cause, count in zip(causes, counts, strict=True)}
    reader, known = Attacker(truth), {}
    for cause, text in told.by_cause:
        cell = ("left", cause, "removed")
        known[cell] = text[1:]
        reader.told([cell], text[1:])
    otherwise = [cell for cell in truth if cell[1] != "withdrawal"]
    reader.told(otherwise, told.texts["removed otherwise"])
    reader.told([cell for cell in truth if cell not in otherwise], told.texts["removed withdrawal"])
    holder_cannot_place(truth, reader, known)
    hidden = {cause for cause, text in told.by_cause if text == "-*"}
    assert {cause for _, cause in told.groups.merged} == hidden


def test_one_or_two_who_withdrew_are_seen_nowhere_in_rows_and_codes() -> None:
    for withdrew in (1, 2, 9):
        counts = {("left", "withdrawal"): withdrew, ("left", "cdm"): 200, ("left", "definition"): 90}
        label = np.repeat(np.arange(3), list(counts.values()))
        moved = Moved(
            tuple(cause for _, cause in counts),
            (np.empty(0, np.int64), np.empty(0, np.int64)),
            (np.arange(len(label)), label),
        )
        found = People({"case": 900}, {"case": 900 - len(label)}, {}, {"case": np.arange(len(label))})
        groups = people_told(found, moved, LEAST).groups
        truth = {(*key, "removed"): n for key, n in counts.items()}
        lines = rows_told("t", change_of(truth), groups, "cdm", LEAST).by_cause
        assert not any(causes == "withdrawal" for _, _, causes, *_ in lines)
        told_with = [int(line[6]) for line in lines if "withdrawal" in line[2]]
        assert told_with
        assert min(told_with) >= 90 + withdrew
        # A table of theirs alone: not a line, and nothing of its rows.
        alone = rows_told("t", change_of({("left", "withdrawal", "removed"): withdrew}), groups, "cdm", LEAST)
        assert alone.by_cause == ()
        assert set(alone.whole[1:]) <= {"*", "0"}


@pytest.mark.parametrize("tables", [1, 12])
def test_what_is_told_of_who_withdrew_leaves_more_choices_than_the_square_root(tables: int) -> None:
    """Ten of twenty who left withdrew: of 184,756 choices of ten, 430 or more have the numbers that are told."""
    rng = np.random.default_rng(4)
    rows = {f"t{n}": (rng.random(20) < 0.5) * rng.integers(1, 3, 20) for n in range(tables)}
    changes = {name: _left(per_person) for name, per_person in rows.items()}
    nothing: People = People({}, {}, {}, {})
    groups = Groups({("left", "cdm"): 10, ("left", "withdrawal"): 10}, frozenset(), 500)
    apart = told_apart(Difference(nothing, changes, (), (), (), {}), (), groups)
    choices = np.zeros((184_756, 20), bool)
    for line, chosen in zip(choices, combinations(range(20), 10), strict=True):
        line[list(chosen)] = True
    left = np.ones(len(choices), bool)
    for name in apart:
        for numbers in (rows[name], rows[name] > 0):  # rows and people of the first ten
            left &= choices @ numbers.astype(int) == numbers[:10].sum()
    assert apart
    assert left.sum() >= 184_756**0.5
    assert len(apart) < 12
    everything = np.all([choices @ r == r[:10].sum() for r in rows.values()], axis=0).sum()
    assert tables == 1 or everything < 430  # had all tables been told


def _left(per_person: np.ndarray) -> TableChange:
    halves = {"withdrawal": per_person[:10], "cdm": per_person[10:]}
    by = tuple(RowsBy("left", cause, 0, 0, int(n.sum()), int((n > 0).sum())) for cause, n in halves.items())
    whole = int(per_person.sum())
    return TableChange((whole, 0), 0, whole, int((per_person > 0).sum()), 0, by)
