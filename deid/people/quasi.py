"""The quasi-identifiers of the drawn people: values, hierarchies, and what is released at each level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deid.hierarchies import SUPPRESSED, Hierarchy
from deid.policy.model import QuasiIdentifier, Settings

BANDS = (1, 5, 10, 20, 40)
UNKNOWN = "unknown"
Int64 = NDArray[np.int64]
Texts = NDArray[np.str_]


@dataclass(frozen=True)
class Birth:
    """Birth years for release.

    years: int64, one for each person, -1 where unknown. top: people so old that they share one band at every level.
    first_year: no one else is born before it. band: the width of the narrowest band, in years.
    """

    years: Int64
    top: NDArray[np.bool_]
    first_year: int
    band: int

    def widths(self) -> tuple[int, ...]:
        """List the band widths of levels 1, 2, ...; the CDM wants a year, so there is no level without one."""
        return tuple(width for width in BANDS if width >= self.band)

    def released(self, level: int) -> Int64:
        """Give each person's year of birth as released at a level: the middle of the band, or -1.

        The oldest get the middle of the band below everyone else's. Level 0, the year itself, is never
        released.
        """
        width = self.widths()[level - 1]
        middle = self.years // width * width + width // 2
        top = self.first_year // width * width - width + width // 2
        return np.where(self.years < 0, -1, np.where(self.top, top, middle))


@dataclass(frozen=True)
class Quasi:
    """One quasi-identifier of the drawn people.

    importance: weight of telling it finely.
    hierarchy: its levels. value: int64 index of each person's value in it. lowest: the finest level that
    may leave.
    """

    hierarchy: Hierarchy
    value: Int64
    lowest: int = 0
    importance: float = 1


def birth(years: Int64, last_year: Int64, settings: Settings) -> Birth:
    """Band birth years (-1: unknown); all who are shown at an age above `top_age` share one band.

    last_year: the last calendar year in which the release shows the person, true or shifted, the later of both.
    """
    top = (years >= 0) & (last_year - years > settings.top_age)
    others = years[(years >= 0) & ~top]
    # Below everyone else's band, and so low that each of them still seems older than the top age.
    first = min(int(others.min(initial=9999)), int(last_year[top].min(initial=9999)) - settings.top_age)
    return Birth(years, top, first, settings.birth_year_band)


def birth_year(found: Birth) -> Quasi:
    """Make the quasi-identifier of birth: the year itself, which is never released, and the bands."""
    pairs, first, value = np.unique(np.stack([found.years, found.top]), axis=1, return_index=True, return_inverse=True)
    bands = range(1, len(found.widths()) + 1)
    levels = [
        _labels(pairs[0], pairs[1]),
        *(_labels(found.released(level)[first], pairs[1]) for level in bands),
    ]
    return Quasi(Hierarchy.of("birth_year", list(zip(*levels, strict=True))), value.astype(np.int64), lowest=1)


def _labels(years: Int64, top: Int64) -> list[str]:
    """Name years in words: 1952, 1912 or earlier, unknown."""
    texts = np.where(top > 0, np.char.add(years.astype(str), " or earlier"), years.astype(str))
    return [str(text) for text in np.where(years < 0, UNKNOWN, texts)]


def flat(name: QuasiIdentifier, values: Texts, *, generalises: bool) -> Quasi:
    """Make a quasi-identifier that is told or suppressed; one that is never coarsened has a single level."""
    labels, value = np.unique(values, return_inverse=True)
    rows = [[str(label), SUPPRESSED] if generalises else [str(label)] for label in labels]
    return Quasi(Hierarchy.of(name, rows), value.astype(np.int64))
