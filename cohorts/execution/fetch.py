"""What the CDM answers for streams: one statement per branch, its rows as they came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cdm.arrays import flags, numbers, table, texts
from cohorts.columns.keys import Whole
from cohorts.execution.arrow import ask, small, whole
from cohorts.execution.widths import Widths
from cohorts.plan.filters import InSet
from cohorts.plan.nodes import Scan
from cohorts.plan.uses import Use
from cohorts.sql import scans
from cohorts.sql.conditions import Bound
from cohorts.sql.source_codes import values


@dataclass(frozen=True)
class Fetched:
    """The rows of one branch."""

    branch: scans.Branch
    shape: scans.Layout
    rows: pa.Table

    def persons(self, streams: set[int]) -> Whole:
        """The person_id of every row of some of the streams; people may repeat."""
        found = whole(self.rows["person_id"])
        if streams >= {number for number, _ in self.branch.streams}:
            return found
        if not self.branch.several:
            return found[:0]
        return found[np.isin(small(self.rows["stream"]), sorted(streams))]


class Fetcher:
    """Asks schema `cdm` of an engine. sets: the members of each concept set of the plan; used: what each stream has to carry."""

    def __init__(self, con: duckdb.DuckDBPyConnection, sets: Sequence[Whole], used: tuple[Use, ...]) -> None:
        self._con = con
        self._sets = sets
        self._used = used
        self._widths = Widths(con)

    def fetch(
        self, given: Sequence[tuple[int, Scan]], who: Whole | None = None, span: tuple[int, int] | None = None
    ) -> list[Fetched]:
        """The rows of these streams; who: person_ids whom alone the engine is to tell of."""
        branches = scans.branches(given)
        if who is not None:
            tables = {branch.domain.table for branch in branches}
            self._show("who", {"person_id": self._widths.fit(who, [(table, "person_id") for table in tables])})
        if any(isinstance(condition, InSet) for _, scan in given for condition in scan.filters):
            number = np.repeat(np.arange(len(self._sets)), [len(one) for one in self._sets])
            self._show("member", {"set_id": number.astype(np.int32), "concept_id": np.concatenate(self._sets)})
        limits = scans.Limits(who is not None, span)
        found = [self._branch(branch, limits) for branch in branches]
        if who is not None:
            self._con.unregister("who")
        return found

    def _show(self, name: str, columns: Mapping[str, npt.NDArray[np.generic]]) -> None:
        self._con.register(name, table(columns))

    def _branch(self, branch: scans.Branch, limits: scans.Limits) -> Fetched:
        shape = scans.layout(branch, self._used)
        self._select(branch)
        bound = Bound()
        return Fetched(branch, shape, ask(self._con, scans.select(branch, shape, bound, limits), bound))

    def _select(self, branch: scans.Branch) -> None:
        if branch.by != "all":
            self._show("selection", self._concepts(branch, source=branch.by == "source"))
        elif branch.several:
            self._show("selection", {"stream": np.array([number for number, _ in branch.streams], np.int16)})
        if branch.by == "both":
            self._show("selection_source", self._concepts(branch, source=True))
        if branch.coded:
            self._values("selection_value", branch, source=branch.by == "source")
            self._values("selection_source_value", branch, source=True)

    def _values(self, name: str, branch: scans.Branch, *, source: bool) -> None:
        """Source values that are as good as a concept of the (source) set."""
        coded = [
            (n, code) for n, scan in branch.streams for code in (scan.source_codes if source else scan.concept_codes)
        ]
        codes: dict[str, pa.Array[Any]] = {
            "stream": numbers(np.array([number for number, _ in coded], np.int16)),
            "code": texts([code.text for _, code in coded]),
            "prefix": flags(np.array([code.prefix for _, code in coded], np.bool_)),
        }
        self._con.register("codes", pa.table(codes))
        assert branch.domain.source_value is not None
        found = ask(self._con, values("codes", branch.domain.table, branch.domain.source_value))
        self._con.register(name, found)
        self._con.unregister("codes")

    def _concepts(self, branch: scans.Branch, *, source: bool) -> dict[str, npt.NDArray[np.generic]]:
        column = branch.domain.source[1] if source and branch.domain.source else branch.domain.concept
        assert column is not None
        streams, concepts = [], []
        for number, scan in branch.streams:
            concept_set = scan.source_set if source else scan.concept_set
            assert concept_set is not None
            members = self._widths.fit(self._sets[concept_set], [(branch.domain.table, column)])
            streams.append(np.full(len(members), number, np.int16))
            concepts.append(members)
        return {"stream": np.concatenate(streams), "concept_id": np.concatenate(concepts)}
