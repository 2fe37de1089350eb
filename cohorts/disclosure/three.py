"""Three answers that tell a handful: a whole and two parts of it, combined by inclusion and exclusion.

"How many have A?", "how many have B?", "how many have A or B?" tell how many have both: |A| + |B| - |A or B|. And a whole less two
parts that share nobody tells who is in neither. Each number may be large, and so may every difference of two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cohorts.disclosure.cells import Tables

Hashes = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Group:
    """People who were counted, in the new question, an earlier one, or both.

    name: of the cell that tells them, the new one where there is one; hashes: their smallest keyed hashes, ascending; whole:
    whether these are all of them; new, told: whether the new question counts them, and whether an earlier one has told them;
    round_to: what it was rounded to then.
    """

    name: str
    count: int
    hashes: Hashes
    whole: bool
    new: bool
    told: bool
    round_to: int | None = None

    @property
    def known(self) -> int:
        """Up to which hash their people are known."""
        return 2**64 - 1 if self.whole else int(self.hashes[-1])


def link_three(tables: Tables, groups: Sequence[Group], threshold: int) -> None:
    """Add to `tables` what a whole and two parts would tell, of which one is new and another was told before.

    Where the parts together exceed the whole by 1 to threshold - 1, as many people are in both parts if the parts make up the
    whole; where they fall short of it, as many are in neither if the parts share nobody. Whoever asked knows which holds. Hashes
    that prove the contrary clear the three. `suppress` then withholds new cells as needed.
    """
    for whole, one, other in triples(_different(groups), threshold):
        off = one.count + other.count - whole.count
        for g in (whole, one, other):
            if not g.new:
                tables.known(g.name, g.count, g.round_to)
        latent = f"{one.name} and {other.name} in {whole.name}"
        tables.latent[latent] = abs(off)
        tables.sensitive.add(latent)
        sign = 1 if off > 0 else -1
        tables.relate({one.name: sign, other.name: sign, whole.name: -sign, latent: -1})


def _different(groups: Sequence[Group]) -> list[Group]:
    """Each set of people once, by count and then by name."""
    seen: dict[tuple[int, bytes], Group] = {}
    for g in groups:
        key = g.count, g.hashes.tobytes()
        other = seen.get(key)
        seen[key] = (
            g
            if other is None
            else replace(other if other.new else g, new=g.new or other.new, told=g.told or other.told)
        )
    return sorted((g for g in seen.values() if g.count), key=lambda g: (g.count, g.name))


def triples(groups: Sequence[Group], threshold: int) -> Iterator[tuple[Group, Group, Group]]:
    """Wholes with two parts that nearly add up to them, new and told ones mixed, unless the hashes clear them.

    groups: by count. Of two parts the smaller comes first.
    """
    inside = _inside(groups)
    counts = np.array([g.count for g in groups], np.int64)
    for w, whole in enumerate(groups):
        part = np.flatnonzero(inside[:, w])
        part = part[part != w]
        off = counts[part][:, None] + counts[part][None, :] - whole.count
        near = np.triu((np.abs(off) < threshold) & (off != 0), 1)
        for n, m in zip(*np.nonzero(near), strict=True):
            three = (whole, groups[part[n]], groups[part[m]])
            if (
                any(g.new for g in three)
                and any(g.told for g in three)
                and not all(g.told for g in three)
                and _tells(*three)
            ):
                yield three


def _inside(groups: Sequence[Group]) -> Flags:
    """Which groups (rows) may lie inside which others (columns): no hash proves the contrary. groups: by count."""
    everyone = np.unique(np.concatenate([g.hashes for g in groups])) if groups else np.empty(0, np.uint64)
    member = np.stack([_bits(everyone, g.hashes) for g in groups]) if groups else np.empty((0, 0), np.uint8)
    out = np.zeros((len(groups), len(groups)), bool)
    for n, g in enumerate(groups):
        outside = _bits(everyone, everyone[everyone <= np.uint64(g.known)]) & ~member[n]
        out[: n + 1, n] = ~(member[: n + 1] & outside).any(axis=1)
    return out


def _bits(everyone: Hashes, some: Hashes) -> npt.NDArray[np.uint8]:
    """Who of everyone is among some, a bit each."""
    flags = np.zeros(len(everyone), bool)
    flags[np.searchsorted(everyone, some)] = True
    return np.packbits(flags)


def _tells(whole: Group, one: Group, other: Group) -> bool:
    """Whether two parts of a whole that exceed it may make it up, or two that fall short of it may share nobody."""
    known = np.uint64(min(one.known, other.known))
    if one.count + other.count < whole.count:
        return not len(np.intersect1d(one.hashes[one.hashes <= known], other.hashes[other.hashes <= known]))
    known = min(known, np.uint64(whole.known))
    covered = np.union1d(one.hashes, other.hashes)
    return bool(np.isin(whole.hashes[whole.hashes <= known], covered).all())


def groups_of(
    counts: Mapping[str, int], sketches: Mapping[str, Sequence[int]], size: int, names: Mapping[str, str], *, new: bool
) -> list[Group]:
    """Groups of one question. names: cell -> name in the tables; size: of a sketch that does not hold everybody."""
    found = []
    for cell, name in names.items():
        if cell in sketches:
            hashes = np.array(sketches[cell], np.uint64)
            found.append(Group(name, counts[cell], hashes, len(hashes) < size, new, not new))
    return found
