"""How many people an attacker singles out who knows a few of their events: the linkage curve.

The attacker knows n events of one person who is in the release (a code, and the day on which it was recorded) and looks
for the people whose rows fit all n; who is the only one, is singled out. Known events are drawn at random from those the
release shows of a person, as de Montjoye et al. (Unique in the Crowd, 2013) do with traces of mobility.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import duckdb
import numpy as np
import pyarrow as pa

from cdm.errors import GateRefused
from deid.dates import SEASON, YEAR
from deid.keys import GrantKeys
from deid.permutation import Int64, random_words
from deid.policy import Policy

Knowledge = Literal["exact", "shifted", "near", "codes"]
KNOWLEDGE: tuple[Knowledge, ...] = get_args(Knowledge)
MOST = 5  # known events
PEOPLE = 500  # attacked: the standard error of a share is then at most 2.3 percentage points
GATED: tuple[Knowledge, int] = ("shifted", 3)
NEAR = 15  # days by which an attacker of knowledge "near" may be wrong


@dataclass(frozen=True)
class Point:
    """One point of the curve.

    knowledge: exact: the day itself, against dates that were not moved; shifted: the day itself, against dates that were
    moved, each person's by an unknown number of days; near: a day at most 15 days off, against dates not moved; codes: no
    day at all. known: events. people: attacked, of whom at least so many events are shown. singled_out: of these.
    """

    knowledge: Knowledge
    known: int
    people: int
    singled_out: int

    @property
    def share(self) -> float:
        """Singled out, of those attacked; 0 where nobody was."""
        return self.singled_out / self.people if self.people else 0.0

    def to_json(self) -> dict[str, object]:
        """Give it as plain JSON."""
        return {"knowledge": self.knowledge, "known": self.known, "people": self.people, "share": round(self.share, 4)}


@dataclass(frozen=True)
class Shift:
    """What is public of the date shift: at most so many days, in whole steps, never 0, maybe near whole years only."""

    days: int
    step: int = 1
    season: bool = False


def attack(con: duckdb.DuckDBPyConnection, events: str, policy: Policy, keys: GrantKeys) -> tuple[Point, ...]:
    """Measure the curve of one release; events as `linkage_curve` takes them.

    Raises GateRefused where three known events single out more people than the policy allows.
    """
    settings = policy.settings
    shift = Shift(settings.shift_days, 7 if settings.keep_weekday else 1, settings.keep_season)
    curve = linkage_curve(con, events, keys.order, shift)
    worst = next(point for point in curve if (point.knowledge, point.known) == GATED)
    if worst.share > settings.linkage_limit:
        raise GateRefused(
            f"{worst.known} known events with their days single out {worst.share:.0%} of the people, the policy allows "
            f"{settings.linkage_limit:.0%} (settings.linkage_limit); extract fewer tables, coarser codes, or in another tier"
        )
    return curve


def linkage_curve(
    con: duckdb.DuckDBPyConnection,
    events: str,
    key: bytes,
    shift: Shift,
    *,
    people: int = PEOPLE,
    knowledge: Sequence[Knowledge] = KNOWLEDGE,
) -> tuple[Point, ...]:
    """Attack so many people, drawn by `key`, with 1 to 5 known events each.

    events: a table or view (person_id BIGINT, code BIGINT: as released, day DATE: as the hospital wrote it, released_day
    DATE). Points in order of `knowledge`, then of the number of known events.
    """
    con.execute(
        f"CREATE TEMP TABLE linkage_events AS SELECT DISTINCT person_id, code, day, released_day FROM {events} "
        "WHERE code IS NOT NULL AND day IS NOT NULL AND released_day IS NOT NULL"
    )
    con.register("linkage_known", _known(con, key, people))
    curve = tuple(point for one in knowledge for point in _points(con, one, shift))
    con.unregister("linkage_known")
    con.execute("DROP TABLE linkage_events")
    return curve


def _known(con: duckdb.DuckDBPyConnection, key: bytes, people: int) -> pa.Table:
    """Draw the people and what is known of each: target (the person), nth (1 to 5), code, day."""
    found = con.execute("SELECT DISTINCT person_id FROM linkage_events ORDER BY 1").fetchnumpy()
    ids = np.ascontiguousarray(found["person_id"], np.int64)
    drawn = ids[np.argsort(_words(key, ids), kind="stable")[:people]]
    con.register("linkage_drawn", pa.table({"person_id": pa.array(drawn)}))
    rows = con.sql(
        "SELECT DISTINCT person_id AS target, code, day FROM linkage_events SEMI JOIN linkage_drawn USING (person_id) "
        "ORDER BY ALL"
    ).to_arrow_table()
    con.unregister("linkage_drawn")
    target = rows["target"].to_numpy()
    order = np.lexsort((_words(key, np.arange(rows.num_rows), 1), target))
    first = np.searchsorted(target[order], target[order])  # where the person's rows begin
    nth = np.arange(rows.num_rows) - first + 1
    kept = nth <= MOST
    known: pa.Table = rows.take(order[kept]).append_column("nth", pa.array(nth[kept]))
    return known


def _words(key: bytes, values: Int64, tweak: int = 0) -> Int64:
    return random_words(key, values.view(np.uint64), tweak).view(np.int64)


def _points(con: duckdb.DuckDBPyConnection, knowledge: Knowledge, shift: Shift) -> list[Point]:
    """Count whom 1, 2, ... known events leave alone.

    A candidate is a person whose rows fit a target's known events so far, all under one offset; each further event leaves
    fewer of them.
    """
    rows, fits, offset, again = {
        "exact": ("linkage_events", "e.day = k.day", "0", "TRUE"),
        "near": ("linkage_events", f"e.day BETWEEN k.day - {NEAR} AND k.day + {NEAR}", "0", "TRUE"),
        "codes": ("(SELECT DISTINCT person_id, code FROM linkage_events)", "TRUE", "0", "TRUE"),
        "shifted": (
            "linkage_events", _possible(shift), "CAST(e.released_day - k.day AS INTEGER)", "e.released_day = k.day + c.offset_days",
        ),
    }[knowledge]  # fmt: skip
    con.execute(
        f"CREATE TEMP TABLE candidates AS SELECT DISTINCT k.target, e.person_id, {offset} AS offset_days "
        f"FROM linkage_known k JOIN {rows} e ON e.code = k.code AND {fits} WHERE k.nth = 1"
    )
    points = [_point(con, knowledge, 1)]
    for known in range(2, MOST + 1):
        con.execute(
            "CREATE OR REPLACE TEMP TABLE candidates AS SELECT c.* FROM candidates c "
            f"JOIN linkage_known k ON k.target = c.target AND k.nth = {known} "
            f"SEMI JOIN {rows} e ON e.person_id = c.person_id AND e.code = k.code AND {fits} AND {again}"
        )
        points.append(_point(con, knowledge, known))
    con.execute("DROP TABLE candidates")
    return points


def _point(con: duckdb.DuckDBPyConnection, knowledge: Knowledge, known: int) -> Point:
    ((attacked, alone),) = con.execute(
        "SELECT (SELECT count(*) FROM linkage_known WHERE nth = $known), "
        "(SELECT count(*) FROM (SELECT target FROM candidates GROUP BY target HAVING count(DISTINCT person_id) = 1))",
        {"known": known},
    ).fetchall()
    return Point(knowledge, known, attacked, alone)


def _possible(shift: Shift) -> str:
    """Give the SQL of the offsets that the attacker has to reckon with."""
    days = "(e.released_day - k.day)"
    whole = f" AND {days} % {shift.step} = 0" if shift.step > 1 else ""
    years = f"round({days} / {YEAR})"
    near = f" AND {years} <> 0 AND abs({days} - {years} * {YEAR}) <= {SEASON}" if shift.season else ""
    return f"{days} BETWEEN {-shift.days} AND {shift.days} AND {days} <> 0{whole}{near}"
