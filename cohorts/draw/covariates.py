"""What people were like before their index date: one scan of each table for a whole roster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cdm import schema
from cdm.arrays import numbers
from cdm.errors import BadInput
from cdm.source import Need, Source
from cohorts.draw import events
from cohorts.draw.arrow import batches, people_table
from cohorts.draw.candidates import Bools, Small
from cohorts.draw.declared import Covariate
from cohorts.draw.events import History, Reals
from cohorts.draw.order import UInt64
from cohorts.draw.roster import Finder, Keys, Roster

LOOKBACK = events.USUAL
SEEN_IN = 0.005
"""A concept is a covariate of its own when at least this share of the people have it."""
MANY = 250_000
INPATIENT = (262, 9201, 8717)

HISTORIES = (
    History("visits", "visit_occurrence", "visit_start_date", "count"),
    History("inpatient_visits", "visit_occurrence", "visit_start_date", "count", tuple(sorted(INPATIENT))),
    History("conditions", "condition_occurrence", "condition_start_date", "distinct"),
    History("drugs", "drug_exposure", "drug_exposure_start_date", "distinct"),
)
FREQUENT = {"condition_occurrence": "condition", "drug_exposure": "drug"}

Columns = dict[str, npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Flags:
    """Up to 64 yes-or-no covariates, a bit each.

    names: of the bits, lowest first; bits: one number for
    every row of the roster.
    """

    names: tuple[str, ...]
    bits: UInt64


@dataclass(frozen=True)
class Observed:
    """Covariates of a roster.

    numbers: name -> one value a row, NaN where there is none; flags: those of frequent concepts; kinds: name ->
    'category' (levels without distances) or 'flag' (0 or 1), for what is no number.
    """

    numbers: dict[str, Reals]
    flags: tuple[Flags, ...] = ()
    kinds: dict[str, str] = field(default_factory=dict)

    def columns(self, rows: npt.NDArray[np.integer]) -> Columns:
        """The covariates of some rows as one column of floats each."""
        out: Columns = {name: values[rows].astype(np.float64) for name, values in self.numbers.items()}
        for some in self.flags:
            bits = some.bits[rows]
            for n, name in enumerate(some.names):
                out[name] = (bits >> np.uint64(n) & np.uint64(1)).astype(np.float64)
        return out


def observe(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    roster: Roster,
    declared: Sequence[Covariate] = (),
    standard: bool = True,
    frequent: tuple[int, Bools] | None = None,
) -> Observed:
    """Measure covariates of everybody in the roster, with one scan of each table that they stand in.

    standard: age (years), sex (concept id), index_year, prior_observation and follow_up (days; 0 outside observation), and
    the `HISTORIES` that the source has tables for; before and after them the declared ones. frequent: how many of the most
    frequent concepts of each table of `FREQUENT` become flags, and the rows of the roster among which they are counted.
    """
    found = source.tables()
    wanted = [h for h in HISTORIES if standard and h.table in found and set(h.columns) <= set(found[h.table])]
    wanted += [_history(c, con, source) for c in declared if c.table != "person"]
    facts = [c for c in declared if c.table == "person"]
    source.attach(con, Need(_columns(wanted, facts, standard), _people(source, roster)))
    finder = Finder(roster)
    numbers = _standard(con, roster, finder) if standard else {}
    numbers |= _facts(con, facts, roster, finder)
    flags = []
    for table in dict.fromkeys(h.table for h in wanted):
        some = [h for h in wanted if h.table == table]
        rows = events.read(con, table, some, roster, finder)
        numbers |= {h.name: events.tell(h, rows, roster) for h in some}
        if frequent is not None and table in FREQUENT and frequent[0]:
            flags.append(_flags(FREQUENT[table], rows, roster, *frequent))
    order = [*(h.name for h in HISTORIES), *(c.name for c in declared)]
    first = [name for name in numbers if name not in order]
    kept = {name: numbers[name] for name in (*first, *order) if name in numbers}
    kinds = {c.name: "flag" if c.value == "present" else "category" for c in declared if not c.is_number}
    kinds |= {name: "flag" for some in flags for name in some.names}
    return Observed(kept, tuple(flags), {"sex": "category", **kinds})


def _people(source: Source, roster: Roster) -> pa.Table | None:
    """Name the people to read; everybody where they are most of the database, for then a filter costs more than it saves."""
    people = roster.person[np.append(True, roster.person[1:] != roster.person[:-1])] if len(roster) else roster.person
    return None if most_of(source, len(people)) else people_table(people)


def most_of(source: Source, people: int) -> bool:
    """Whether so many people are many, and most of a source."""
    return people >= MANY and 2 * people > source.release().row_counts.get("person", 0)


def _columns(histories: Sequence[History], facts: Sequence[Covariate], standard: bool) -> Mapping[str, tuple[str, ...]]:
    columns: dict[str, tuple[str, ...]] = {}
    if standard:
        columns["observation_period"] = ("person_id", "observation_period_start_date", "observation_period_end_date")
    person = (*(("gender_concept_id", "year_of_birth") if standard else ()), *(str(c.column) for c in facts))
    if person:
        columns["person"] = tuple(dict.fromkeys(("person_id", *person)))
    for h in histories:
        columns[h.table] = tuple(dict.fromkeys((*columns.get(h.table, ()), "person_id", *h.columns)))
    return columns


def _history(covariate: Covariate, con: duckdb.DuckDBPyConnection, source: Source) -> History:
    """Read a declared covariate as a history; descendants out of the hospital's own vocabulary."""
    known = schema.tables(source.version).get(covariate.table)
    if known is None or known.start_date is None or covariate.table not in source.tables():
        raise BadInput(
            f"The covariate '{covariate.name}' is of table '{covariate.table}', which this hospital does not have: "
            "drop the covariate from the draw, or load the table."
        )
    concepts: tuple[int, ...] | None = None
    if covariate.concepts:
        concepts = covariate.concepts
        if covariate.descendants and "concept_ancestor" in source.tables():
            concepts = _descendants(con, source, concepts)
    column = covariate.read_column if covariate.value == "latest" else None
    return History(
        covariate.name, covariate.table, known.start_date, covariate.value, concepts and tuple(sorted(set(concepts))),
        column, covariate.days,
    )  # fmt: skip


def _descendants(con: duckdb.DuckDBPyConnection, source: Source, concepts: tuple[int, ...]) -> tuple[int, ...]:
    source.attach(con, Need({"concept_ancestor": ("ancestor_concept_id", "descendant_concept_id")}))
    rows = con.execute(
        "SELECT DISTINCT descendant_concept_id FROM cdm.concept_ancestor WHERE ancestor_concept_id IN "
        "(SELECT unnest($1::BIGINT[]))",
        [list(concepts)],
    ).fetchall()
    return (*concepts, *(int(row[0]) for row in rows))


def _standard(con: duckdb.DuckDBPyConnection, roster: Roster, finder: Finder) -> dict[str, Reals]:
    n = len(roster)
    year_of = _years(roster.day)
    out: dict[str, Reals] = {
        name: np.zeros(n, np.float32) for name in ("age", "sex", "index_year", "prior_observation", "follow_up")
    }
    out["index_year"] = year_of
    key, known = finder.key("person_id"), finder.within("person_id")
    query = f"""SELECT {key}, coalesce(gender_concept_id, 0)::INTEGER, year_of_birth::INTEGER
        FROM cdm.person WHERE year_of_birth IS NOT NULL AND {known}"""
    for part in batches(con, query):
        row, sex, born = _placed(finder, *part)
        out["age"][row] = year_of[row] - born
        out["sex"][row] = sex
    query = f"""SELECT {key}, observation_period_start_date, observation_period_end_date FROM cdm.observation_period
        WHERE observation_period_start_date IS NOT NULL AND observation_period_end_date IS NOT NULL AND {known}"""
    for part in batches(con, query):
        row, first, last = _placed(finder, *part)
        day = roster.day[row]
        inside = np.flatnonzero((first <= day) & (day <= last))
        before, after = day[inside] - first[inside], last[inside] - day[inside]
        np.maximum.at(out["prior_observation"], row[inside], before.astype(np.float32))
        np.maximum.at(out["follow_up"], row[inside], after.astype(np.float32))
    return out


def _years(day: Small) -> npt.NDArray[np.float32]:
    """Calendar years of days, looked up: there are fewer days than people."""
    first, last = (int(day.min()), int(day.max())) if len(day) else (0, 0)
    calendar = np.arange(first, last + 1).astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    return calendar.astype(np.float32)[day - first]


def _placed(finder: Finder, key: Keys, *values: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], ...]:
    """Bring values of people to the rows of the roster."""
    row, which = finder.rows(key)
    if which is not None:
        return row, *(v[which] for v in values)
    known = np.flatnonzero(row >= 0)
    return row[known], *(v[known] for v in values)


def _facts(
    con: duckdb.DuckDBPyConnection, facts: Sequence[Covariate], roster: Roster, finder: Finder
) -> dict[str, Reals]:
    out: dict[str, Reals] = {c.name: np.full(len(roster), np.nan) for c in facts}
    if facts:
        columns = ", ".join(f"coalesce({c.column}::DOUBLE, 'NaN'::DOUBLE) AS v{n}" for n, c in enumerate(facts))
        who = f"SELECT {finder.key('person_id')} AS key, {columns} FROM cdm.person WHERE {finder.within('person_id')}"
        for key, *values in batches(con, who):
            row, *placed = _placed(finder, key, *values)
            for c, value in zip(facts, placed, strict=True):
                out[c.name][row] = value
    return out


def _flags(kind: str, rows: events.Events, roster: Roster, most: int, among: Bools) -> Flags:
    """Make flags of the concepts that most of `among` have within the look-back; of equally frequent ones the lower id."""
    anything = History(kind, kind, "", "distinct", days=LOOKBACK)
    key = rows.of(anything, roster).distinct
    row, concept = (key >> np.int64(32)).astype(np.int32), key.astype(np.int32)
    codes, count = np.unique(concept[among[row]], return_counts=True)
    often = (count >= SEEN_IN * among.sum()) & (codes > 0)
    codes, count = codes[often], count[often]
    chosen = np.sort(codes[np.lexsort((codes, -count))][:most])
    bits = np.zeros(len(roster), np.uint64)
    at = events.place_among(concept, chosen)
    known = np.flatnonzero(at >= 0)
    np.bitwise_or.at(bits, row[known], np.uint64(1) << at[known].astype(np.uint64))
    return Flags(tuple(f"{kind}_{code}" for code in chosen), bits)


def keep_measured(con: duckdb.DuckDBPyConnection, source: Source, declared: Sequence[Covariate]) -> None:
    """Make table `measured` (person_id, index_date, a number for each covariate) of the people in `index_row`."""
    got = con.execute(
        "SELECT DISTINCT person_id::BIGINT AS person_id, (index_date - DATE '1970-01-01')::INTEGER AS day FROM index_row"
    ).fetchnumpy()
    roster, _ = Roster.of(np.asarray(got["person_id"], np.int64), np.asarray(got["day"], np.int32))
    seen = observe(con, source, roster, declared, standard=False)
    columns = {"person_id": numbers(roster.person), "index_date": numbers(roster.day, pa.date32())}
    columns |= {name: numbers(values.astype(np.float64)) for name, values in seen.numbers.items()}
    con.register("measured_given", pa.Table.from_arrays([*columns.values()], names=[*columns]))
    con.execute("CREATE OR REPLACE TEMP TABLE measured AS FROM measured_given")
    con.unregister("measured_given")
