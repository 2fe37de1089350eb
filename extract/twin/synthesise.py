"""From a profile to tables: everything is drawn by chance from the profile's numbers, nothing else is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cdm.errors import BadInput
from extract.tables import COHORT
from extract.twin.profile import FORMAT, Profile

Ints = NDArray[np.int64]
Any64 = NDArray[Any]
DAY = np.timedelta64(1, "D")


def synthesise(profile: Profile, people: int, seed: int, out: Path) -> None:
    """Write <table>.parquet, cohort.parquet and columns.json of `people` made-up people into the new folder `out`.

    The same profile, number and seed give the same tables. Raises BadInput for a profile of too few people.
    """
    if profile.get("format") != FORMAT or not profile["people"] or not profile["tables"].get(COHORT):
        raise BadInput(
            "the profile tells of too few people to make a twin of; a larger release, or a smaller threshold, is needed"
        )
    random = np.random.default_rng(seed)
    out.mkdir(parents=True)
    subjects = np.arange(1, people + 1, dtype=np.int64)
    index = _index_days(profile["tables"][COHORT]["columns"], people, random)
    owners = {
        name: _owners(told["rows"], subjects, random)
        for name, told in sorted(profile["tables"].items())
        if name != COHORT
    }
    starts = {name: np.cumsum([0, *(len(o) for o in owners.values())])[n] for n, name in enumerate(owners)}
    actions = []
    for name, told in sorted(profile["tables"].items()):
        made = _Made(told, subjects if name == COHORT else owners[name], index, random, owners, starts, name)
        pq.write_table(made.table(), out / f"{name}.parquet")
        actions += [
            {"table": name, "column": column, "action": "synthetic", "reason": "drawn from aggregates"}
            for column, _ in told["schema"]
        ]
    (out / "columns.json").write_text(json.dumps(actions), encoding="utf-8")


def _index_days(columns: Mapping[str, Any], people: int, random: np.random.Generator) -> Any64:
    years = columns["index_date"]["values"] or [[2020, 1]]
    year = _weighted(years, people, random)
    first = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]")
    return np.asarray(first + random.integers(0, 365, people) * DAY)


def _owners(rows: list[list[int]], subjects: Ints, random: np.random.Generator) -> Ints:
    """Give the person of each row of a table, in order."""
    if not rows:
        return np.array([], np.int64)
    weights = np.array([w for _, _, w in rows], float)
    chosen = random.choice(len(rows), len(subjects), p=weights / weights.sum())
    low, high = (np.array([r[side] for r in rows])[chosen] for side in (0, 1))
    return np.repeat(subjects, random.integers(low, high + 1))


def _weighted(values: list[list[Any]], n: int, random: np.random.Generator) -> Any64:
    weights = np.array([w for *_, w in values], float)
    chosen = random.choice(len(values), n, p=weights / weights.sum())
    return np.array([v[0] for v in values])[chosen]


class _Made:
    """One table under way."""

    def __init__(
        self, told: Profile, owner: Ints, index: Any64, random: np.random.Generator,
        owners: Mapping[str, Ints], starts: Mapping[str, int], name: str,
    ) -> None:  # fmt: skip
        self.told, self.owner, self.random, self.owners, self.starts, self.name = (
            told,
            owner,
            random,
            owners,
            starts,
            name,
        )
        self.index = index[owner - 1] if len(owner) else index[:0]
        self.made: dict[str, Any64] = {}
        self.unknown: dict[str, NDArray[np.bool_]] = {}
        self.rows = len(owner)

    def table(self) -> pa.Table:
        kinds = dict(self.told["columns"])
        # An end follows from its start and a number from its concept, so those come first.
        order = sorted(kinds, key=lambda c: (kinds[c]["kind"] == "number", kinds[c].get("from") == "start"))
        columns = {column: self._column(column, kinds[column]) for column in order}
        types = {column: _type(name) for column, name in self.told["schema"]}
        made = [
            columns[column].cast(kind) if column in columns else pa.array([None] * self.rows, kind)
            for column, kind in types.items()
        ]
        found: pa.Table = pa.Table.from_arrays(made, names=list(types))
        return found

    def _column(self, column: str, told: Profile) -> pa.Array[Any]:
        values = getattr(self, f"_{told['kind']}")(column, told)
        if values is None:
            return pa.array([None] * self.rows, pa.null())
        self.made[column] = values
        missing = (self.random.random(self.rows) < told.get("null", 0.0)) | self.unknown.pop(
            column, np.zeros(self.rows, bool)
        )
        made: pa.Array[Any] = pa.array(values, mask=missing)
        return made

    def _person(self, column: str, told: Profile) -> Any64:
        return self.owner

    def _key(self, column: str, told: Profile) -> Any64:
        if self.name == COHORT:  # pairs: a case and the control after it
            return np.asarray((np.arange(self.rows) // 2 + 1).astype(np.int64))
        return np.asarray(np.arange(self.rows, dtype=np.int64) + self.starts[self.name] + 1)

    def _reference(self, column: str, told: Profile) -> Any64 | None:
        """A row of the same person, the first they have; nothing where they have none."""
        theirs = self.owners.get(told["table"])
        if theirs is None or not len(theirs):
            return None
        place = np.searchsorted(theirs, self.owner)
        found = theirs[np.minimum(place, len(theirs) - 1)] == self.owner
        self.unknown[column] = ~found
        return np.asarray(place + self.starts[told["table"]] + 1, np.int64)

    def _nothing(self, column: str, told: Profile) -> None:
        return None

    def _year(self, column: str, told: Profile) -> Any64:
        return self.index

    def _date(self, column: str, told: Profile) -> Any64 | None:
        if not told["bins"]:
            return None
        weights = np.array([w for _, _, w in told["bins"]], float)
        chosen = self.random.choice(len(weights), self.rows, p=weights / weights.sum())
        low, high = (np.array([b[side] for b in told["bins"]])[chosen] for side in (0, 1))
        days = self.random.integers(low, high + 1)
        start = next((v for c, v in self.made.items() if c.endswith("_start_date")), self.index)
        day = (start if told["from"] == "start" else self.index) + days * DAY
        other = next(
            (v for c, v in self.made.items() if c in (column.replace("_datetime", "_date"),) and c != column), None
        )
        if other is not None:  # the datetime of a day that is drawn already
            day = other
        if "datetime" not in column:
            return np.asarray(day.astype("datetime64[D]"))
        seconds = self.random.integers(1, 86_399, self.rows) if told["timed"] else np.zeros(self.rows, np.int64)
        return np.asarray(day.astype("datetime64[D]").astype("datetime64[us]") + seconds * np.timedelta64(1, "s"))

    def _values(self, column: str, told: Profile) -> Any64 | None:
        if not told["values"]:
            return None
        if self.name == COHORT and column == "role":
            return np.where(np.arange(self.rows) % 2 == 0, "case", "control")
        return _weighted(told["values"], self.rows, self.random)

    def _number(self, column: str, told: Profile) -> Any64 | None:
        """Between the quantiles of the row's concept; nothing where the profile tells none."""
        if not told["quantiles"]:
            return None
        values = np.full(self.rows, np.nan)
        concept = self.made.get(told["by"]) if told["by"] else None
        for key, points in told["quantiles"]:
            mine = np.ones(self.rows, bool) if concept is None else concept == key
            at = self.random.random(int(mine.sum())) * (len(points) - 1)
            values[mine] = np.interp(at, np.arange(len(points)), points)
        rounded = np.array([float(f"{v:.3g}") for v in np.unique(values[~np.isnan(values)])])
        exact = np.unique(values[~np.isnan(values)])
        values[~np.isnan(values)] = rounded[np.searchsorted(exact, values[~np.isnan(values)])]
        self.unknown[column] = np.isnan(values)
        return values


_TYPES: Mapping[str, pa.DataType] = {
    "date32[day]": pa.date32(), "timestamp[us]": pa.timestamp("us"), "double": pa.float64(), "float": pa.float32(), "bool": pa.bool_(),
    "int8": pa.int8(), "int16": pa.int16(), "int32": pa.int32(), "int64": pa.int64(), "string": pa.string(),
    "large_string": pa.large_string(),
}  # fmt: skip


def _type(name: str) -> pa.DataType:
    """Read the name of a type. Raises BadInput for one that no release has."""
    if name not in _TYPES:
        raise BadInput(f"the profile names the type '{name}', which no release's table has")
    return _TYPES[name]
