"""One look at every row whole, on each side, from which most of what follows is known without another.

Each row is hashed with its person's new key, its dates (the extracted ones moved by the person's offset) and every value
that the policy keeps. Where the sums of these hashes agree, all that is compared of these columns agrees, person by person
and column by column, and need not be counted a second time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cdm.arrays import table
from quality.measure import engine
from quality.measure.contract import WHOLE, counted_whole
from quality.measure.engine import WORD, batches, quote, repeats, row
from quality.measure.opened import Opened, TableView
from quality.measure.people import NOBODY, kept_values, row_key
from quality.verdict import Metric

Numbers = npt.NDArray[np.generic]


@dataclass(frozen=True)
class WholeRows:
    """What the look found. same: the sums of both sides agree, and so do the numbers of rows.

    extracted: rows of those who stayed. rows: released rows. repeated: those that repeat another in person, days and kept
    values; added: more of them than were extracted. repeated_keys: those whose key another has, None where there is no whole
    number to tell.
    """

    same: bool
    extracted: int
    rows: int
    repeated: int
    added: int
    repeated_keys: int | None

    def metrics(self, view: TableView) -> list[Metric]:
        """Give the figures of repeated rows, where there is enough in a row to tell rows apart, and of repeated keys."""
        found = []
        if self.repeated_keys is not None:
            key = row_key(view) or ""
            found.append(Metric("contract.key_unique", view.name, key, self.repeated_keys, self.rows))
        if view.table.start_date in view.shared and view.acted("keep"):
            found.append(Metric("completeness.duplicates", view.name, "", self.repeated, self.rows))
            found.append(Metric("completeness.no_added_duplicates", view.name, "", self.added, self.rows))
        return found


@dataclass(frozen=True)
class _Side:
    """What one side holds. total: the sum of the hashes, modulo 2^64; days: the hashes without times."""

    rows: int
    total: int
    days: Numbers
    keys: Numbers


def whole_rows(opened: Opened, view: TableView, dates: Mapping[str, str]) -> WholeRows:
    """Look at a table of people's rows. `dates`: column -> precision at which it is compared.

    Leaves the tables `deid_rows` and `raw_rows` in the engine: one row for each person (person_id, as that side knows it;
    NOBODY where there is none) with rows, mean_key (infinite where no key is filled), hashes (their sum, modulo 2^64) and
    place (the first row's). Takes 16 bytes for each released row.
    """
    what, con = f"the table {view.name}", opened.con
    raw = _side(opened, view, dates, moved=True)
    deid = _side(opened, view, dates, moved=False)
    same = (raw.rows, raw.total) == (deid.rows, deid.total)
    repeated = repeats(deid.days)
    before = repeated
    if repeated and not same:
        before = engine.repeated(con, f"SELECT days FROM ({_rows(view, dates, moved=True)})", what)
    unique = repeats(deid.keys) if counted_whole(view, row_key(view) or "") else None
    return WholeRows(same, raw.rows, deid.rows, repeated, max(0, repeated - before), unique)


def _side(opened: Opened, view: TableView, dates: Mapping[str, str], *, moved: bool) -> _Side:
    what, con = f"the table {view.name}", opened.con
    (most,) = (0,) if moved else row(con, f"SELECT count(*) FROM deid.{quote(view.name)}", what)
    days, keys = np.empty(most, np.uint64), np.empty(most, np.int64)
    runs, rows, filled, total = [_runs(_NO_ROWS, 0)], 0, 0, 0
    for batch in batches(con, _hashed(view, dates, moved=moved), what):
        found = {name: np.from_dlpack(column) for name, column in zip(batch.schema.names, batch.columns, strict=True)}
        hashes = found["whole"]
        runs.append(_runs(found, rows))
        if not moved:
            days[rows : rows + len(hashes)] = found["days"]
            key = found["key"] if found["filled"].all() else found["key"][found["filled"] == 1]
            keys[filled : filled + len(key)] = key
            filled += len(key)
        rows, total = rows + len(hashes), (total + int(hashes.sum(dtype=np.uint64))) % WORD
    con.register("raw_rows" if moved else "deid_rows", _people(runs))
    return _Side(rows, total, days, keys[:filled])


Runs = Mapping[str, Numbers]
_NO_ROWS: Runs = {
    "person": np.empty(0, np.int64),
    "filled": np.empty(0, np.uint8),
    "key": np.empty(0, np.int64),
    "whole": np.empty(0, np.uint64),
}


def _runs(found: Mapping[str, Numbers], before: int) -> Runs:
    """Sum up each run of rows of one person. Files are sorted by person, so runs are few; in any other order they are many."""
    people = found["person"]
    starts = _starts(people)
    return {
        "person": people[starts],
        "place": before + starts,
        "rows": np.diff(np.append(starts, len(people))),
        "keys": _summed(found["filled"].astype(np.int64), starts),
        "key_sum": _summed(found["key"].astype(np.float64), starts),
        "hashes": _summed(found["whole"], starts),
    }


def _people(runs: Sequence[Runs]) -> pa.Table:
    """Sum up the runs of each person. Sums of hashes wrap, as whole numbers do in NumPy: they are modulo 2^64."""
    whole = {name: np.concatenate([run[name] for run in runs]) for name in runs[0]}
    order = np.argsort(whole["person"], kind="stable")
    whole = {name: column[order] for name, column in whole.items()}
    starts = _starts(whole["person"])
    keys, key_sum = _summed(whole["keys"], starts), _summed(whole["key_sum"], starts)
    summed = {
        "person_id": whole["person"][starts],
        "place": whole["place"][starts],  # the sort is stable: a person's first run comes first
        "rows": _summed(whole["rows"], starts),
        "hashes": _summed(whole["hashes"], starts),
        "mean_key": np.divide(key_sum, keys, out=np.full(len(keys), np.inf), where=keys > 0),
    }
    return table(summed)


def _starts(people: Numbers) -> npt.NDArray[np.int64]:
    """The first place of each run of equal numbers."""
    differs = np.ones(len(people), bool)
    differs[1:] = people[1:] != people[:-1]
    return np.flatnonzero(differs)


def _summed(values: npt.NDArray[Any], starts: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """The sum of each run. There may be none."""
    return np.add.reduceat(values, starts) if len(starts) else values[:0]


def _hashed(view: TableView, dates: Mapping[str, str], *, moved: bool) -> str:
    """SQL of what is streamed of a row: its person, key, and the hashes of `_rows`."""
    times = "".join(f", time_{number}" for number in range(len(_finer(dates))))
    # How often extracted rows repeat one another is asked only where something differs.
    days = "" if moved else "days, "
    return f"SELECT person, key, filled, {days}hash(days{times}) AS whole FROM ({_rows(view, dates, moved=moved)})"


def _rows(view: TableView, dates: Mapping[str, str], *, moved: bool) -> str:
    """SQL of a row's person, key, one hash with the days of its dates, and its times."""
    person = f"CAST(t.{quote(view.person or '')} AS BIGINT)"
    name = row_key(view)
    key = "NULL" if name is None else f"t.{quote(name)}"
    kind = "BIGINT" if name is None or view.deid[name] in WHOLE else "DOUBLE"
    shifted = " + p.offset_days" if moved else ""
    days = [f"CAST(t.{quote(date)} AS DATE){shifted}" for date in view.acted("shift")]
    columns = [
        f"coalesce({person}, {NOBODY}) AS person",
        f"coalesce(CAST({key} AS {kind}), 0) AS key",
        f"CAST({key} IS NOT NULL AS UTINYINT) AS filled",
        f"hash({', '.join(['p.subject_id' if moved else person, *kept_values(view), *days])}) AS days",
        *(
            f"{_time(name, precision)} AS time_{number}"
            for number, (name, precision) in enumerate(_finer(dates).items())
        ),
    ]
    stayed = f" JOIN raw_people p ON p.person_id = t.{quote(view.person or '')}" if moved else ""
    return f"SELECT {', '.join(columns)} FROM {'raw' if moved else 'deid'}.{quote(view.name)} t{stayed}"


def _time(name: str, precision: str) -> str:
    """SQL of the time of day of a datetime column, whose day stands in the hash of days: a shift by days leaves it as it is."""
    return f"TRY_CAST(date_trunc('{precision}', CAST(t.{quote(name)} AS TIMESTAMP)) AS TIME)"


def _finer(dates: Mapping[str, str]) -> dict[str, str]:
    return {name: precision for name, precision in dates.items() if precision != "day"}
