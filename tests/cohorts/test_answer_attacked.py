"""An attacker with a complete published answer, or with two: integer programming over all of its numbers at once.

The attacker is written from what the answer says of itself (docs/explanation), not from the product's own relations: steps of
an attrition fall, the eligible come out of the cohort, levels add up, a stratum lies in each of its levels.
"""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from cohorts.attrition import Attrition, Step
from cohorts.draw.pool import Pool, Side
from cohorts.draw.spec import DrawSpec
from cohorts.feasibility import assess

FEW = settings(max_examples=15, deadline=None, derandomize=True)
SEXES, BANDS = ("8507", "8532"), ("1940-1949", "1950-1959")
GRID = tuple({"sex": sex, "birth_year": band} for sex, band in product(SEXES, BANDS))
SPEC = DrawSpec(cases=1000, controls=2000, match=("sex", "birth_year"), birth_year_band=10)
THRESHOLD = 10
counts = st.lists(st.sampled_from([0, 1, 3, 9, 10, 14, 25, 60]), min_size=4, max_size=4)


def side(strata, first=0):
    n, none = len(strata), np.empty((len(strata), 0), np.int64)
    return Side(np.arange(first, first + n), np.array(strata, np.int64), np.zeros(n, np.int64), none, none)


def pool_of(cases, controls, outside):
    """Only strata that have a case exist."""
    there = [n for n, count in enumerate(cases) if count]
    code = {n: at for at, n in enumerate(there)}
    mine = [code[n] for n in there for _ in range(cases[n])]
    theirs = [code.get(n, -1) for n, count in enumerate(controls) for _ in range(count)] + [-1] * outside
    return Pool(side(mine), side(theirs, 10_000), tuple(GRID[n] for n in there))


class Attacker:
    """Unknowns by name, each with what is known of it, and what is known of sums of them."""

    def __init__(self):
        self.names, self.low, self.high, self.rows = {}, [], [], []

    def unknown(self, name, told=None, hidden=False):
        self.names[name] = len(self.names)
        value = None if told is None else told.get("count")
        self.low.append(value if value is not None else 1 if hidden else 0)
        self.high.append(value if value is not None else np.inf)
        return name

    def told(self, name, count):
        return self.unknown(name, count, hidden=count["count"] is None)

    def equal(self, whole, parts):
        self.rows.append(({whole: -1} | dict.fromkeys(parts, 1), 0, 0))

    def at_least(self, more, less, factor=1):
        self.rows.append(({more: factor, less: -1}, 0, np.inf))

    def reach(self, weights):
        """Least and largest value of a sum of unknowns."""
        cost = np.zeros(len(self.names))
        for name, k in weights.items():
            cost[self.names[name]] = k
        matrix = np.zeros((len(self.rows), len(cost)))
        for r, (row, _, _) in enumerate(self.rows):
            for name, k in row.items():
                matrix[r, self.names[name]] += k
        limits = LinearConstraint(matrix, [r[1] for r in self.rows], [r[2] for r in self.rows])
        ends = []
        for sign in (1, -1):
            got = milp(
                sign * cost, constraints=limits, bounds=Bounds(self.low, self.high), integrality=np.ones(len(cost))
            )
            ends.append(np.inf if got.x is None else float(cost @ got.x))
        return ends


def read(attacker, answer, prefix=""):
    """Everything that the JSON of an answer tells, and that its layout implies."""
    for role, side_ in (("case", "cases"), ("control", "controls")):
        eligible = attacker.told(f"{prefix}{role} eligible", answer["eligible"][role])
        steps = [
            attacker.told(f"{prefix}{role} step {n}", s["people"])
            for n, s in enumerate(answer["attrition"].get(role, ()))
        ]
        for before, after in pairwise([*steps, eligible]):
            attacker.at_least(before, after)
        level = {}
        for row in answer["levels"]:
            key = row["factor"], row["level"]
            level[key] = attacker.told(f"{prefix}{role} {key[0]} {key[1]}", row[side_])
        for factor in SPEC.match:
            attacker.equal(eligible, [name for (f, _), name in level.items() if f == factor])
        attacker.equal(level["sex", "other"], [level["birth_year", "other"]])
        strata(attacker, answer, prefix, role, side_, level)
    sets, pairs = (
        attacker.told(f"{prefix}{name}", answer["expected"][key])
        for name, key in (("sets", "cases"), ("pairs", "controls"))
    )
    attacker.at_least(f"{prefix}case eligible", sets)
    attacker.at_least(f"{prefix}control eligible", pairs)
    attacker.at_least(pairs, sets)
    attacker.at_least(sets, pairs, factor=2)


def strata(attacker, answer, prefix, role, side_, level):
    """A cell for every combination of levels; whoever asked may know which combinations hold nobody (worst case: all of them)."""
    if not answer["strata"]:
        return
    listed = {tuple(s["levels"].values()): s for s in answer["strata"] if s["levels"]}
    cells = {
        key: attacker.told(f"{prefix}{role} {key}", listed[key][side_])
        if key in listed
        else attacker.unknown(f"{prefix}{role} {key}")
        for key in product(SEXES, BANDS)
        if key in listed or key in attacker.possible
    }
    for n, factor in enumerate(SPEC.match):
        for value in {key[n] for key in cells}:
            attacker.equal(level[factor, value], [name for key, name in cells.items() if key[n] == value])
    rest = [s for s in answer["strata"] if not s["levels"]]
    if rest:
        other = attacker.told(f"{prefix}{role} other strata", rest[0][side_])
        attacker.equal(other, [name for key, name in cells.items() if key not in listed])


def secrets(cases, controls, outside):
    """Every count of people from 1 to 9 in or implied by the answer, as a sum of unknowns."""
    found = []
    for role, people in (("case", cases), ("control", [n if cases[k] else 0 for k, n in enumerate(controls)])):
        for key, n in zip(product(SEXES, BANDS), people, strict=True):
            found.append(({f"{role} {key}": 1}, n))
        for f, values in enumerate((SEXES, BANDS)):
            for value in values:
                total = sum(n for key, n in zip(product(SEXES, BANDS), people, strict=True) if key[f] == value)
                found.append(({f"{role} {SPEC.match[f]} {value}": 1}, total))
        found.append(
            ({f"{role} eligible": 1}, sum(people) + (outside_of(cases, controls, outside) if role == "control" else 0))
        )
    found.append(({"control sex other": 1}, outside_of(cases, controls, outside)))
    found.append(({"case step 0": 1, "case step 1": -1}, 3))
    found.append(({"case step 1": 1, "case eligible": -1}, 2))
    return [(weights, n) for weights, n in found if 0 < n < THRESHOLD]


def outside_of(cases, controls, outside):
    return outside + sum(n for k, n in enumerate(controls) if not cases[k])


@FEW
@given(counts, counts, st.sampled_from([0, 2, 40]))
def test_no_small_number_can_be_placed_from_all_tables_of_an_answer_at_once(cases, controls, outside):
    cases = [*cases[:-1], 60]
    eligible = sum(cases)
    steps = (Step("primary events", eligible + 5, eligible + 5), Step("cohort", eligible + 2, eligible + 2))
    answer = assess(pool_of(cases, controls, outside), {"case": Attrition("case", steps)}, SPEC, THRESHOLD).to_json()
    attacker = Attacker()
    attacker.possible = {key for key, n in zip(product(SEXES, BANDS), cases, strict=True) if n}
    read(attacker, answer)
    for weights, n in secrets(cases, controls, outside):
        if set(weights) <= set(attacker.names):
            low, high = attacker.reach(weights)
            assert low <= n <= high
            assert high >= THRESHOLD, (weights, n, high)
            assert high - low >= THRESHOLD // 2, (weights, n, low, high)


def men(first, last, earlier=()):
    """The answer about the people from id `first` to before `last`, all men born in the 1940s, and what it tells of them."""
    pool = Pool(side([0] * (last - first), first), side([0] * 500, 10_000), (GRID[0],))
    spec = DrawSpec(cases=1000, controls=1000, match=("sex",))
    answer = assess(pool, {}, spec, THRESHOLD, {}, [x.answered for x in earlier])
    told = [answer.eligible["case"], *(x.cases for x in answer.levels if x.level == "8507")]
    return answer, next((c.value for c in told if c.value), None), answer.sets.value


@FEW
@given(st.integers(60, 200), st.integers(0, 120), st.integers(60, 200))
def test_two_overlapping_questions_never_tell_who_is_in_one_alone_or_in_both(size, start, other):
    """Two stretches of people, and the one that spans both: the attacker knows how they lie."""
    answers, known = [], {}
    for name, (first, last) in {
        "a": (0, size),
        "b": (start, start + other),
        "union": (0, max(size, start + other)),
    }.items():
        if name == "union" and start > size:
            break
        answer, *told = men(first, last, answers)
        answers.append(answer)
        known[name] = told
    both = max(0, min(size, start + other) - start)
    atoms = {"a only": size - both, "b only": other - both, "both": both}
    attacker = Attacker()
    for name, n in atoms.items():
        attacker.unknown(name, {"count": 0} if n == 0 else None)
    for name, parts in {"a": ("a only", "both"), "b": ("b only", "both"), "union": tuple(atoms)}.items():
        if name in known:
            people, matched = known[name]
            attacker.unknown(name, {"count": people})
            attacker.equal(name, parts)
            if matched is not None:
                attacker.at_least(name, attacker.unknown(f"{name} matched", {"count": matched}))
    for name, n in atoms.items():
        if 0 < n < THRESHOLD:
            assert attacker.reach({name: 1})[1] >= THRESHOLD, (known, atoms)
