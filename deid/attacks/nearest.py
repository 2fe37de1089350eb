"""Linking and inferring: who of the release looks most like a person of whom something is known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from deid.attacks.seen import Floats, Seen

Bools = NDArray[np.bool_]
AT_ONCE = 1 << 16
"""Distances at a time, for the processor's cache."""
CLOSE = 1e-9


def linked(targets: Seen, released: Seen) -> float:
    """Expected links: by what others may know and by the records alone the same released person is the nearest.

    Of several who are equally near one is taken at random.
    """
    return sum(
        float((one & other).sum(axis=1) @ (1 / (one.sum(axis=1) * other.sum(axis=1))))
        for one, other in zip(
            _nearest(targets, released, targets.public), _nearest(targets, released, ~targets.public), strict=True
        )
    )


def inferred(targets: Seen, released: Seen, secret: int) -> float:
    """Expected right guesses of one column: the value of the released person who is nearest by all others."""
    others = np.ones(len(targets.names), np.bool_)
    others[secret] = False
    right, at = 0.0, 0
    for near in _nearest(targets, released, others):
        truth = targets.values[at : at + len(near), secret, None]
        right += float(((released.values[:, secret] == truth) & near).sum(axis=1) @ (1 / near.sum(axis=1)))
        at += len(near)
    return right


def _nearest(targets: Seen, released: Seen, by: Bools) -> Iterator[Bools]:
    """For parts of the targets who of the release is nearest to each (several, where equally near): arrays n x released.

    Gower's distance: of a number the difference as a part of its range, of a category 0 or 1; 1 where one is not told.
    """
    pairs = [_comparable(targets, released, n) for n in np.flatnonzero(by).tolist()]
    step = max(AT_ONCE // max(len(released.values), 1), 1)
    for at in range(0, len(targets.values), step):
        far = np.zeros((min(step, len(targets.values) - at), len(released.values)))
        for mine, theirs, ordered in pairs:
            part = mine[at : at + step, None]
            if not ordered:
                far += part != theirs
                continue
            apart = np.subtract(part, theirs)
            np.abs(apart, out=apart)
            far += np.where(np.isnan(apart), 1.0, apart) if np.isnan(apart).any() else apart
        yield far <= far.min(axis=1, keepdims=True) + CLOSE


def _comparable(targets: Seen, released: Seen, n: int) -> tuple[Floats, Floats, bool]:
    """One column of both, a number as a part of its range, and whether it is one."""
    mine, theirs, ordered = targets.values[:, n], released.values[:, n], bool(targets.ordered[n])
    both = np.append(mine, theirs)
    told = both[~np.isnan(both)]
    wide = (float(np.ptp(told)) if ordered and len(told) else 0.0) or 1.0
    return mine / wide, np.ascontiguousarray(theirs / wide), ordered
