"""Sex and age of people at their first event."""

from __future__ import annotations

import numpy as np

from cohorts.columns.events import NO_ID
from cohorts.columns.filters import People, year
from cohorts.columns.keys import Days, starts

COLUMNS = ("gender_concept_id", "year_of_birth")
BAND = 10  # years
_UNKNOWN = -1
_OLDEST = 200

Stratum = tuple[int, int]  # gender_concept_id (0: unknown), first year of the age band (-1: unknown)


def strata(person: Days, start: Days, people: People) -> dict[Stratum, int]:
    """How many people of each sex and ten-year age band; rows in order of person, a person's first one counts."""
    first = starts(person)
    person, start = person[first], start[first]
    sex = people.columns["gender_concept_id"][person]
    born = people.columns["year_of_birth"][person]
    age = np.clip(year(start) - born, 0, _OLDEST)
    band = np.where(born == NO_ID, _UNKNOWN, age // BAND * BAND)
    codes, counts = np.unique(np.where(sex == NO_ID, 0, sex) * (2 * _OLDEST) + band + 1, return_counts=True)
    return {
        (int(code) // (2 * _OLDEST), int(code) % (2 * _OLDEST) - 1): int(count)
        for code, count in zip(codes, counts, strict=True)
    }
