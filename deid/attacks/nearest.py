"""Linking and inferring: who of the release looks most like a person of whom something is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deid.attacks.seen import Floats, Seen

Bools = NDArray[np.bool_]
AT_ONCE = 1 << 22
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


def _nearest(targets: Seen, released: Seen, by: Bools) -> list[Bools]:
    """For parts of the targets who of the release is nearest to each (several, where equally near): arrays n x released.

    Gower's distance: of a number the difference as a part of its range, of a category 0 or 1; 1 where one is not told.
    """
    columns = np.flatnonzero(by).tolist()
    step = max(AT_ONCE // max(len(released.values), 1), 1)
    found = []
    for at in range(0, len(targets.values), step):
        part = targets.values[at : at + step]
        far = np.zeros((len(part), len(released.values)))
        for n in columns:
            far += _apart(part[:, n, None], released.values[None, :, n], bool(targets.ordered[n]), targets, released, n)
        found.append(far <= far.min(axis=1, keepdims=True) + CLOSE)
    return found


def _apart(one: Floats, other: Floats, ordered: bool, targets: Seen, released: Seen, n: int) -> Floats:
    if not ordered:
        different: Floats = (one != other).astype(np.float64)
        return different
    both = np.append(targets.values[:, n], released.values[:, n])
    told = both[~np.isnan(both)]
    wide = float(np.ptp(told)) if len(told) else 0.0
    apart: Floats = np.nan_to_num(np.abs(one - other) / (wide or 1.0), nan=1.0)
    return apart
