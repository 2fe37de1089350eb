"""The combination of levels found is the best of all, by a search that looks at every one, record by record."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import product
from math import log2, prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deid.hierarchies import Hierarchy
from deid.lattice.cells import Cells, Entries, blocks, group, roll_up
from deid.lattice.metrics import metric
from deid.lattice.privacy import Closeness, DistinctL, EntropyL, Model, Privacy, RecursiveL, judge
from deid.lattice.search import search

ROWS = {
    "sex": [["a", "*"], ["b", "*"]],
    "place": [["u", "north", "*"], ["v", "north", "*"], ["w", "south", "*"], ["x", "south", "*"], ["y", "south", "*"]],
    "age": [["1", "1-2", "1-4", "*"], ["2", "1-2", "1-4", "*"], ["3", "3-4", "1-4", "*"], ["4", "3-4", "1-4", "*"],
            ["5", "5-6", "5-8", "*"], ["6", "5-6", "5-8", "*"], ["7", "7-8", "5-8", "*"]],
}  # fmt: skip
TREE = [["flu", "lung", "*"], ["asthma", "lung", "*"], ["ulcer", "gut", "*"], ["colitis", "gut", "*"]]
HIERARCHIES = tuple(Hierarchy.of(name, rows) for name, rows in ROWS.items())
ILLS = [row[0] for row in TREE]
METRICS = ["loss-am", "loss-gm", "discernibility", "average-class-size", "nonuniform-entropy"]
MODELS = ["none", "distinct-l", "entropy-l", "recursive-l", "t-equal", "t-hierarchical"]


@dataclass(frozen=True)
class Person:
    """Places of the values in the hierarchies' rows, and of the illness in the tree."""

    values: tuple[int, int, int]
    ill: int


PEOPLE = st.lists(
    st.builds(Person, st.tuples(st.integers(0, 1), st.integers(0, 4), st.integers(0, 6)), st.integers(0, 3)),
    min_size=1,
    max_size=24,
)


def cells(people: list[Person], largest: int = 12) -> Cells:
    """Every distinct combination, counted."""
    parts = blocks(HIERARCHIES, largest)
    seen = sorted({p.values for p in people})
    place = {values: number for number, values in enumerate(seen)}
    ills = Counter((place[p.values], p.ill) for p in people)
    codes = [np.array([np.ravel_multi_index([v[m] for m in part.members], part.shape) for v in seen]) for part in parts]
    return Cells(
        HIERARCHIES,
        (0, 0, 0),
        parts,
        tuple(codes),
        np.array([sum(p.values == v for p in people) for v in seen], dtype=float),
        (
            Entries(
                np.array([cell for cell, _ in ills]),
                np.array([ill for _, ill in ills]),
                np.array(list(ills.values()), dtype=float),
                len(ILLS),
            ),
        ),
    )


def model(name: str, parameters: dict[str, Any], people: list[Person]) -> tuple[tuple[int, Model], ...]:
    overall = np.bincount([p.ill for p in people], minlength=len(ILLS)).astype(float)
    tree = Hierarchy.of("ill", TREE)
    match name:
        case "distinct-l":
            return ((0, DistinctL(parameters["l"])),)
        case "entropy-l":
            return ((0, EntropyL(parameters["l"] + 0.5)),)
        case "recursive-l":
            return ((0, RecursiveL(parameters["c"], parameters["l"])),)
        case "t-equal":
            return ((0, Closeness.equal(parameters["t"], overall)),)
        case "t-hierarchical":
            return ((0, Closeness.hierarchical(parameters["t"], overall, tree)),)
    return ()


@settings(max_examples=250, derandomize=True, deadline=None)
@given(
    PEOPLE,
    st.integers(1, 4),
    st.sampled_from([0.0, 0.1, 0.3, 1.0]),
    st.sampled_from(METRICS),
    st.sampled_from(MODELS),
    st.fixed_dictionaries(
        {"l": st.integers(1, 3), "c": st.sampled_from([0.7, 2.0]), "t": st.sampled_from([0.0003, 0.21, 0.41])}
    ),
)
def test_nothing_is_better_than_what_the_search_finds(
    people: list[Person], k: int, limit: float, name: str, kind: str, parameters: dict[str, Any]
) -> None:
    given_cells = cells(people)
    privacy = Privacy(k, model(kind, parameters, people))
    allowed = float(np.floor(limit * len(people) + 1e-9))
    found = search(given_cells, privacy, metric(name, given_cells, privacy), allowed)
    every = {
        levels: judged
        for levels in product(range(2), range(3), range(4))
        if (judged := by_hand(people, levels, k, name, kind, parameters))[1] <= allowed
    }
    if not every:
        assert found is None
        return
    assert found is not None
    assert found.loss == pytest.approx(min(loss for loss, _ in every.values()), rel=1e-9, abs=1e-9)
    assert (found.loss, found.verdict.suppressed) == (
        pytest.approx(every[found.levels][0], abs=1e-9),
        every[found.levels][1],
    )
    assert found.checked <= found.total == 24


def by_hand(
    people: list[Person], levels: tuple[int, ...], k: int, name: str, kind: str, parameters: dict[str, Any]
) -> tuple[float, int]:
    """Loss and left-out people of one combination, person by person."""
    label = {
        p: tuple(rows[v][level] for rows, v, level in zip(ROWS.values(), p.values, levels, strict=True)) for p in people
    }
    classes: dict[tuple[str, ...], list[Person]] = {}
    for p in people:
        classes.setdefault(label[p], []).append(p)
    left = {key: len(c) >= k and holds([p.ill for p in c], people, kind, parameters) for key, c in classes.items()}
    gone = sum(len(c) for key, c in classes.items() if not left[key])
    if name == "discernibility":
        return sum(len(c) ** 2 if left[key] else len(c) * len(people) for key, c in classes.items()), gone
    if name == "average-class-size":
        return len(people) / (sum(left.values()) + (gone > 0)), gone
    parts = []
    for at, rows in enumerate(ROWS.values()):
        if name == "nonuniform-entropy":
            value = Counter(p.values[at] for p in people)
            generalised = Counter(label[p][at] for p in people)
            lost = Counter(label[p][at] for p in people if not left[label[p]])
            parts.append(
                sum(log2(generalised[label[p][at]] / value[p.values[at]]) for p in people)
                + sum(log2(gone / lost[label[p][at]]) for p in people if not left[label[p]])
            )
        else:
            covered = [
                sum(row[levels[at]] == label[p][at] for row in rows) if left[label[p]] else len(rows) for p in people
            ]
            parts.append(sum((c - 1) / (len(rows) - 1) for c in covered) / len(people))
    if name == "loss-gm":
        return prod(1 + part for part in parts) ** (1 / len(parts)) - 1, gone
    return (sum(parts) if name == "nonuniform-entropy" else sum(parts) / len(parts)), gone


def holds(ills: list[int], people: list[Person], kind: str, parameters: dict[str, Any]) -> bool:
    """One class against one model, by its definition."""
    counts = sorted(Counter(ills).values(), reverse=True)
    wanted, size = parameters["l"], len(ills)
    if kind == "distinct-l":
        return len(counts) >= wanted
    if kind == "entropy-l":
        return sum(c / size * log2(size / c) for c in counts) >= log2(wanted + 0.5)
    if kind == "recursive-l":
        return len(counts) >= wanted and counts[0] < parameters["c"] * sum(counts[wanted - 1 :])
    share = [ills.count(i) / size - sum(p.ill == i for p in people) / len(people) for i in range(len(ILLS))]
    if kind == "t-equal":
        return sum(abs(s) for s in share) / 2 <= parameters["t"]
    if kind == "t-hierarchical":
        # What cannot be balanced within lung or gut (half the height) goes through the root.
        inside = sum(min(abs(a), abs(b)) for a, b in (share[:2], share[2:]) if a * b < 0)
        return inside / 2 + abs(share[0] + share[1]) <= parameters["t"]
    return True


@settings(max_examples=60, derandomize=True, deadline=None)
@given(PEOPLE, st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(0, 3)), st.integers(1, 200))
def test_merged_cells_have_the_same_classes(people: list[Person], levels: tuple[int, ...], largest: int) -> None:
    whole = cells(people, largest)
    merged = roll_up(whole, levels)
    assert merged.size == len(
        {tuple(row[v][lv] for row, v, lv in zip(ROWS.values(), p.values, levels, strict=True)) for p in people}
    )
    coarser = tuple(max(level, 1) for level in levels)
    for privacy in (Privacy(2), Privacy(1, ((0, DistinctL(2)),)), Privacy(2, ((0, EntropyL(1.5)),))):
        one, other = judge(group(whole, coarser), privacy), judge(group(merged, coarser), privacy)
        assert (one.suppressed, one.surely) == (other.suppressed, other.surely)


def test_keys_too_many_to_number_are_ranked() -> None:
    hierarchies = tuple(Hierarchy.of(f"q{i}", [[str(v), "*"] for v in range(1500)]) for i in range(7))
    parts = blocks(hierarchies)
    assert [part.members for part in parts] == [(i,) for i in range(7)]
    codes = tuple(np.array([0, 1499, 0, 7]) for _ in parts)
    found = group(Cells(hierarchies, (0,) * 7, parts, codes, np.ones(4)), (0,) * 7)
    assert sorted(found.sizes[found.sizes > 0]) == [1, 1, 2]
    assert found.member[0] == found.member[2]
