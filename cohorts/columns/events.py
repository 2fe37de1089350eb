"""The events of a stream, in order of person and day."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from cohorts.columns.keys import Days, Flags, Whole

NO_ID = np.int64(np.iinfo(np.int64).min)  # an id that is not known


@dataclass(frozen=True)
class Counted:
    """A value that an occurrence count looks at, and whether it is known."""

    value: npt.NDArray[np.generic]
    known: Flags

    def __getitem__(self, rows: npt.NDArray[np.generic]) -> Self:
        return type(self)(self.value[rows], self.known[rows])


@dataclass(frozen=True)
class Events:
    """Rows in order of key (person, start). What nobody looks at is None.

    person: numbers of `Observed`. end: MISSING where unknown. visit: NO_ID where unknown. sort: the day that decides
    what is first or last, where it is not the start (a user-defined period is shown instead of it).
    """

    key: Whole
    person: Days
    start: Days
    end: Days | None = None
    event_id: Whole | None = None
    visit: Whole | None = None
    sort: Days | None = None
    counted: Counted | None = None

    def __len__(self) -> int:
        return len(self.key)

    def take(self, rows: npt.NDArray[np.generic]) -> Self:
        """These rows (positions in ascending order, or flags)."""
        columns = {field.name: getattr(self, field.name) for field in fields(self)}
        taken = {name: column[rows] for name, column in columns.items() if column is not None}
        return replace(self, **taken)

    @property
    def ends(self) -> Days:
        """`end`, for streams that have it."""
        assert self.end is not None
        return self.end

    @property
    def ids(self) -> Whole:
        """`event_id`, for streams that have it."""
        assert self.event_id is not None
        return self.event_id
