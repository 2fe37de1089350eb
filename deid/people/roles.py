"""Cases and controls among people who look alike: a group of cases alone tells of each of them what they have."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from deid.lattice.privacy import Closeness, DistinctL, EntropyL, Model, RecursiveL
from deid.people.sets import Sets
from deid.policy.model import RolePrivacy

Int64 = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class RolesTold:
    """What released groups tell.

    one_role: people in a group of cases alone or of controls alone. fewest: the fewest roles of a group (distinct l).
    farthest: the largest distance of a group's shares to those of all (equal t).
    """

    one_role: int
    fewest: int
    farthest: float

    def to_json(self) -> dict[str, object]:
        """Give it as plain JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Roles:
    """case: whether each person is a case of some set. model: what every group must reach; None: nothing."""

    case: Mask
    model: Model | None

    @classmethod
    def of(cls, sets: Sets, people: int, asked: RolePrivacy | None = None) -> Roles:
        """Take the roles of `people` people out of their matched sets; who is in none is a control."""
        case = np.zeros(people, dtype=bool)
        case[sets.person[sets.case]] = True
        return cls(case, _model(asked or RolePrivacy(), _overall(case)))

    def missing(self, found: Int64, kept: Mask, count: int) -> Mask:
        """Tell of each of `count` classes whether its people who stay lack what the model asks."""
        if self.model is None:
            return np.zeros(count, dtype=bool)
        counts = self._counts(found, kept, count)
        there = counts.sum(axis=1) > 0
        lacks = np.zeros(count, dtype=bool)
        lacks[there] = self.model.judge(counts[there]) > 0
        return lacks

    def told(self, found: Int64, kept: Mask) -> RolesTold:
        """Measure the groups as released."""
        counts = self._counts(found, kept, int(found.max(initial=0)) + 1)
        counts = counts[counts.sum(axis=1) > 0]
        if not counts.size:
            return RolesTold(0, 0, 0.0)
        distinct = (counts > 0).sum(axis=1)
        far = Closeness.equal(0.0, _overall(self.case)).distance(counts)
        return RolesTold(int(counts[distinct == 1].sum()), int(distinct.min()), float(far.max()))

    def _counts(self, found: Int64, kept: Mask, count: int) -> NDArray[np.float64]:
        role = self.case[kept].astype(np.int64)
        return np.bincount(found[kept] * 2 + role, minlength=2 * count).reshape(count, 2).astype(np.float64)


def _overall(case: Mask) -> NDArray[np.float64]:
    return np.array([float((~case).sum()), float(case.sum())])


def _model(asked: RolePrivacy, overall: NDArray[np.float64]) -> Model | None:
    match asked.model:
        case "distinct-l":
            return DistinctL(float(asked.l or 0))
        case "entropy-l":
            return EntropyL(float(asked.l or 0))
        case "recursive-l":
            return RecursiveL(float(asked.c or 0), int(asked.l or 0))
        case "t-equal":
            return Closeness.equal(float(asked.t or 0), overall)
        case _:
            return None
