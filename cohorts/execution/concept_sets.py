"""The members of concept sets, resolved once per state of the vocabulary.

Resolving reads the whole of CONCEPT_ANCESTOR (some 80 million rows in a full vocabulary) for any set with descendants,
so what was found is kept: one small file a set, in a folder whose name tells the vocabulary's state.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np

from cdm.arrays import table
from cohorts.columns.keys import Whole
from cohorts.execution.arrow import ask, whole
from cohorts.plan.nodes import SetItem
from cohorts.sql import vocabulary

Items = tuple[SetItem, ...]


@dataclass
class ConceptSets:
    """Resolved sets of one state of one vocabulary. folder: where they are kept; None: in memory alone."""

    folder: Path | None = None
    _known: dict[Items, Whole] = field(default_factory=dict)

    def resolve(self, con: duckdb.DuckDBPyConnection, sets: Sequence[Items]) -> list[Whole]:
        """The concept ids of each set, ascending, by the vocabulary in schema `cdm` where they are not known yet."""
        unknown = [one for one in dict.fromkeys(sets) if one not in self._known and not self._kept(one)]
        for one, members in zip(unknown, resolve(con, unknown), strict=True):
            self._known[one] = members
            self._keep(one, members)
        return [self._known[one] for one in sets]

    def _kept(self, one: Items) -> bool:
        """Whether a set could be read from its file; a damaged file is one that is not there."""
        if self.folder is None:
            return False
        try:
            members = np.load(self.folder / _name(one), allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return False
        if members.dtype != np.int64 or members.ndim != 1:
            return False
        self._known[one] = members
        return True

    def _keep(self, one: Items, members: Whole) -> None:
        """Write a set's file under another name first, so that no half of it is ever read."""
        if self.folder is None:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.folder, suffix=".part", delete=False) as file:
                np.save(file, members, allow_pickle=False)
            Path(file.name).replace(self.folder / _name(one))
        except OSError:  # a full or read-only disk costs the next run its time, and nothing else
            self.folder = None


def _name(one: Items) -> str:
    return hashlib.sha256(repr(one).encode()).hexdigest() + ".npy"


def resolve(con: duckdb.DuckDBPyConnection, sets: Sequence[Items]) -> list[Whole]:
    """The concept ids of each set, ascending, by the vocabulary in schema `cdm`."""
    items = [(number, item) for number, one in enumerate(sets) for item in one]
    if not items:
        return [np.empty(0, np.int64) for _ in sets]
    con.register(
        "set_item",
        table(
            {
                "set_id": np.array([number for number, _ in items], np.int32),
                "concept_id": np.array([item.concept for _, item in items], np.int64),
                "excluded": np.array([item.excluded for _, item in items], np.bool_),
                "descendants": np.array([item.descendants for _, item in items], np.bool_),
                "mapped": np.array([item.mapped for _, item in items], np.bool_),
            }
        ),
    )
    sql = vocabulary.members(
        descendants=any(item.descendants for _, item in items), mapped=any(item.mapped for _, item in items)
    )
    found = ask(con, sql)
    con.unregister("set_item")
    set_id, concept = whole(found["set_id"]), whole(found["concept_id"])
    bounds = np.searchsorted(set_id, np.arange(len(sets) + 1))
    return [concept[low:high] for low, high in pairwise(bounds)]
