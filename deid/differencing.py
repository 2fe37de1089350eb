"""Two releases, one from the other: how many people are in one and not in the other, found from keyed person sets.

Whoever holds an earlier release (or its counts) and this one can subtract. A group that remains and is smaller than k is as
good as a release of those few people. A person set holds no id, but each person's number under a key of the hospital alone;
it never leaves the hospital, and what the board is told of two sets has passed `told`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from deid.permutation import permute

EVERYBODY = "all"
TOGETHER = "*"


@dataclass(frozen=True)
class Difference:
    """A release and an earlier one ('*': all earlier ones together), for a role or for 'all'.

    shared: people in both. added: in this one only. left: in the earlier one only. None: withheld. small: which of added
    and left is a group of 1 to k - 1 people while others are shared, so that subtracting singles it out.
    """

    against: str
    role: str
    shared: int | None
    added: int | None
    left: int | None
    small: tuple[str, ...]


def person_set(crosswalk: Path, cohort: Path, key: bytes) -> pl.DataFrame:
    """Name the people of a release by their keyed numbers: columns member (int64), role, subject_id; sorted.

    crosswalk: person_id, subject_id, kept. cohort: subject_id, role, as the release holds it. key: 32 bytes of the hospital
    alone, the same for all its releases.
    """
    people = pl.read_parquet(crosswalk, columns=["person_id", "subject_id", "kept"]).filter("kept")
    people = people.sort("person_id")
    ids = np.ascontiguousarray(people["person_id"].to_numpy(), dtype=np.int64)
    keyed = people.with_columns(pl.Series("member", permute(key, ids)))
    roles = pl.read_parquet(cohort, columns=["subject_id", "role"])
    return keyed.join(roles, on="subject_id").select("member", "role", "subject_id").unique().sort("member", "role")


def differences(new: pl.DataFrame, earlier: Mapping[str, pl.DataFrame], k: int) -> tuple[Difference, ...]:
    """Compare a release's person set with each earlier one, and with all of them together where there are several.

    k: the least size of a group that may be told from another by subtracting. In order of name, then of role.
    """
    compared = dict(sorted(earlier.items()))
    if len(compared) > 1:
        compared[TOGETHER] = pl.concat(earlier[name] for name in sorted(earlier)).unique()
    roles = sorted(new["role"].unique().to_list())
    return tuple(
        _difference(name, role, _members(new, role), _members(old, role), k)
        for name, old in compared.items()
        for role in (EVERYBODY, *roles)
    )


def _members(people: pl.DataFrame, role: str) -> pl.DataFrame:
    chosen = people if role == EVERYBODY else people.filter(pl.col("role") == role)
    return chosen.select("member").unique()


def _difference(against: str, role: str, new: pl.DataFrame, old: pl.DataFrame, k: int) -> Difference:
    shared = new.join(old, on="member", how="semi").height
    found = {"added": new.height - shared, "left": old.height - shared}
    small = tuple(name for name, people in found.items() if shared and 0 < people < k)
    return Difference(against, role, shared, found["added"], found["left"], small)


def told(found: Difference, threshold: int) -> Difference:
    """Withhold what the board may not learn: where any of the three is below the threshold, all three.

    With the sizes of both releases known, any one of the three gives the others away. Which group is small is told: that is
    the verdict, and says no more than that it is between 1 and k - 1.
    """
    counts = (found.shared, found.added, found.left)
    if any(count is None or 0 < count < threshold for count in counts):
        return replace(found, shared=None, added=None, left=None)
    return found
