"""Who may be drawn: the eligible cases and controls of a cohort, as arrays for the matching."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from cdm.source import Source
from cohorts.draw.candidates import Ints, Small
from cohorts.draw.cohort_file import CohortFile
from cohorts.draw.covariates import most_of
from cohorts.draw.declared import SCALES
from cohorts.draw.eligible import IndexRows
from cohorts.draw.factors import label, width
from cohorts.draw.index_reader import IndexReader
from cohorts.draw.spec import DrawSpec


@dataclass(frozen=True)
class Side:
    """Eligible people of one role, in no particular order.

    person: person_id; stratum: code of the matching stratum, -1 where no case has it; day: index date in days
    since 1970 (of a control with its case's date: the first day on which it may serve); lo, hi: n x D (equal
    for cases).
    """

    person: Ints
    stratum: Small
    day: Small
    lo: Small
    hi: Small

    def people(self) -> int:
        """Count the different people."""
        ordered = np.sort(self.person)  # np.unique hashes, which costs ten times as much
        return int((ordered[1:] != ordered[:-1]).sum()) + int(len(ordered) > 0)

    def rows(self, some: npt.NDArray[Any]) -> Side:
        """Give some of the rows: by their places, or by flags."""
        return Side(self.person[some], self.stratum[some], self.day[some], self.lo[some], self.hi[some])


@dataclass(frozen=True)
class Pool:
    """Who may be drawn.

    cases, controls: the two sides; strata: per stratum code, factor -> level as text; members: role -> people of the
    whole cohort, eligible or not.
    """

    cases: Side
    controls: Side
    strata: tuple[dict[str, str], ...]
    members: dict[str, Ints] = field(default_factory=dict)


def open_pool(con: duckdb.DuckDBPyConnection, source: Source, cohort: Path, spec: DrawSpec) -> Pool:
    """Read the cohort and find who is eligible under `spec`. Leaves temporary tables in `con`.

    Raises BadInput when the file is not a cohort, or does not hold the pool.
    """
    file = CohortFile.of(con, cohort, spec.pool, bool(spec.controls))
    members = {"case": file.cases.people(), "control": file.controls.people()}
    # A filter of people costs more than it saves where they are most of the database.
    reader = IndexReader(con, source, spec, file, most_of(source, sum(map(len, members.values()))))
    if not spec.match and not spec.calipers:
        cases = [_unfactored(rows, spec) for rows in reader.sides(True, known=True)]
        controls = [_unfactored(rows, spec) for rows in reader.sides(False, known=True)]
        together = _joined(cases)
        return Pool(together, _joined(controls), ({},) if len(together.person) else (), members)
    for n, rows in enumerate(reader.sides(True)):
        reader.make_member(rows)
        con.execute(f"{'INSERT INTO case_member' if n else 'CREATE OR REPLACE TEMP TABLE case_member AS'} FROM member")
    strata = _strata(con, spec)
    ranks = _ranks(con, spec)
    case_side = _side(con, spec, "case_member", ranks)
    controls = []
    for rows in reader.sides(False):
        reader.make_member(rows)
        controls.append(_side(con, spec, "member", ranks))
    return Pool(case_side, _joined(controls), strata, members)


def _unfactored(rows: IndexRows, spec: DrawSpec) -> Side:
    """Make the side of a design that matches on nothing of the CDM: one stratum."""
    times = [(rows.lo, rows.hi)][: spec.index_from_case]
    lo, hi = ([pair[n] for pair in times] for n in (0, 1))
    n = len(rows.person)
    return Side(rows.person, np.zeros(n, np.int32), rows.day, _matrix(n, lo), _matrix(n, hi))


def _strata(con: duckdb.DuckDBPyConnection, spec: DrawSpec) -> tuple[dict[str, str], ...]:
    """Make table `stratum`: codes of the cases' strata."""
    names = [f"f{n}" for n in range(len(spec.match))]
    listed, ordered = ", ".join(names) or "0 AS f0", ", ".join(names) or "f0"
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE stratum AS
        SELECT row_number() OVER (ORDER BY {ordered}) - 1 AS stratum, *
        FROM (SELECT DISTINCT {listed} FROM case_member)"""
    )
    rows = con.execute(f"SELECT {', '.join(names) or '0'} FROM stratum ORDER BY stratum").fetchall()
    return tuple({name: label(name, row[n], spec) for n, name in enumerate(spec.match)} for row in rows)


Ranks = dict[str, npt.NDArray[np.float64]]


def _ranks(con: duckdb.DuckDBPyConnection, spec: DrawSpec) -> Ranks:
    """Sort the cases' values of each scale that has no whole steps: there a point is a rank among them, a box a range."""
    ranks = {}
    for n, caliper in enumerate(spec.calipers):
        if caliper.on not in SCALES:
            got = con.execute(f"SELECT DISTINCT s{n} AS v FROM case_member WHERE NOT isnan(s{n})").fetchnumpy()
            ranks[f"s{n}"] = np.sort(np.asarray(got["v"], np.float64))
    return ranks


def _side(con: duckdb.DuckDBPyConnection, spec: DrawSpec, member: str, ranks: Ranks) -> Side:
    on = " AND ".join(f"m.f{n} = t.f{n}" for n in range(len(spec.match))) or "true"
    scales = "".join(f", s{n}" for n in range(len(spec.calipers)))
    found = con.execute(
        f"""
        SELECT m.person_id::BIGINT AS person_id, coalesce(stratum, -1)::INTEGER AS stratum,
            (index_date - DATE '1970-01-01')::INTEGER AS day, (free_from - DATE '1970-01-01')::INTEGER AS free_from,
            (free_to - DATE '1970-01-01')::INTEGER AS free_to{scales}
        FROM {member} m LEFT JOIN stratum t ON {on}"""
    ).fetchnumpy()
    got: dict[str, Any] = {name: np.asarray(values) for name, values in found.items()}
    lows, highs = [], []
    for n, caliper in enumerate(spec.calipers):
        low, high = _box(got[f"s{n}"], caliper.within, width(caliper), member == "case_member", ranks.get(f"s{n}"))
        lows.append(low)
        highs.append(high)
    if spec.index_from_case:
        lows.append(got["free_from"])
        highs.append(got["free_to"])
    n = len(got["day"])
    return Side(got["person_id"], got["stratum"], got["day"], _matrix(n, lows), _matrix(n, highs))


def _box(
    at: npt.NDArray[Any], within: float, steps: int, of_cases: bool, ranks: npt.NDArray[np.float64] | None
) -> tuple[Small, Small]:
    """Say from where to where a person reaches on one scale; a case is where it is."""
    if ranks is None:
        half = 0 if of_cases else steps
        return (at - half).astype(np.int32), (at + half).astype(np.int32)
    unknown = np.isnan(at)
    slack = 0.0 if of_cases else within + 1e-9 * max(1.0, within)
    low = np.searchsorted(ranks, at - slack, "left")
    high = np.searchsorted(ranks, at + slack, "right") - 1
    # No value lies within no caliper: a point below every box, a box that holds nothing.
    low = np.where(unknown, -1 if of_cases else 1, low)
    high = np.where(unknown, -1 if of_cases else 0, high)
    return low.astype(np.int32), high.astype(np.int32)


def _matrix(rows: int, columns: list[Small]) -> Small:
    if not columns:
        return np.empty((rows, 0), np.int32)
    return np.stack(columns, axis=1)


def _joined(parts: list[Side]) -> Side:
    """Put the parts together, column by column; each part's column is let go as soon as it stands in the whole."""
    columns = [[getattr(part, name) for part in parts] for name in ("person", "stratum", "day", "lo", "hi")]
    parts.clear()
    whole = []
    while columns:
        whole.append(np.concatenate(columns.pop(0)))
    return Side(*whole)
