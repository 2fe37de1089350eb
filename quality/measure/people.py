"""One pass over a table person by person: row counts, sums of hashed dates and values, and the order of keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from quality.measure.engine import finite, literal, quote, row, run
from quality.measure.opened import Opened, TableView

PRECISIONS = ("second", "minute", "hour", "day")
NOTHING = "1"
"""Stands for no columns at all; not 0, whose hash is 0, so that a sum of it would not even count rows."""


@dataclass(frozen=True)
class PerPerson:
    """What the pass found. people: with rows on either side. more, fewer: people with more or fewer released rows.

    moved_wrong: people whose released dates are not their extracted dates moved by their offset, as far as sums of
        hashes tell (rows that a rule removed count here too).
    changed: people whose dates are right, but whose kept values are not the extracted rows', in the same sense.
    key_order: rank correlation of the people's mean row keys; file_order: of the people's first places in the file
        with their source numbers; each with the number of people it is over.
    """

    people: int
    raw_rows: int
    deid_rows: int
    more: int
    fewer: int
    moved_wrong: int
    changed: int
    key_order: float
    file_order: float
    compared: int


def per_person(opened: Opened, view: TableView, dates: Mapping[str, str]) -> PerPerson:
    """Make the pass. `dates`: column -> precision at which it is compared. Leaves table `per_person` in the engine."""
    raw_dates, deid_dates = (", ".join(moved_dates(dates, moved=side)) or NOTHING for side in (True, False))
    values = ", ".join(kept_values(view)) or NOTHING
    key = view.person
    if key is None:
        raise ValueError("a table without people has no pass by person")
    primary = next((name for name in view.table.primary_key if name in view.shared and name != key), None)
    mean = f"avg(t.{quote(primary)})" if primary else "NULL::DOUBLE"
    path = opened.inputs.deid / f"{view.name}.parquet"
    run(
        opened.con,
        "CREATE OR REPLACE TEMP TABLE per_person AS "
        f"WITH raw_side AS (SELECT p.subject_id, min(p.person_id) AS person_id, count(*) AS n, {mean} AS mean_key, "
        f"sum(hash({raw_dates})) AS dates, sum(hash({raw_dates}, {values})) AS whole "
        f"FROM raw.{quote(view.name)} t JOIN raw_people p ON p.person_id = t.{quote(key)} GROUP BY p.subject_id), "
        f"deid_side AS (SELECT t.{quote(key)} AS subject_id, count(*) AS n, {mean} AS mean_key, "
        f"min(t.file_row_number) AS place, sum(hash({deid_dates})) AS dates, sum(hash({deid_dates}, {values})) AS whole "
        f"FROM read_parquet({literal(path)}, file_row_number = true) t GROUP BY 1) "
        "SELECT subject_id, r.person_id, r.n AS raw_n, d.n AS deid_n, r.mean_key AS raw_key, d.mean_key AS deid_key, "
        "d.place, r.dates IS NOT DISTINCT FROM d.dates AS same_dates, r.whole IS NOT DISTINCT FROM d.whole AS same_rows "
        "FROM raw_side r FULL JOIN deid_side d USING (subject_id)",
        f"the table {view.name}",
    )
    found = row(
        opened.con,
        "SELECT count(*), coalesce(sum(raw_n), 0), coalesce(sum(deid_n), 0), "
        "count(*) FILTER (WHERE coalesce(deid_n, 0) > coalesce(raw_n, 0)), "
        "count(*) FILTER (WHERE coalesce(deid_n, 0) < coalesce(raw_n, 0)), "
        "count(*) FILTER (WHERE deid_n IS NOT NULL AND NOT same_dates), "
        "count(*) FILTER (WHERE deid_n IS NOT NULL AND same_dates AND NOT same_rows) FROM per_person",
        f"the table {view.name}",
    )
    orders = row(
        opened.con,
        "SELECT corr(a, b), corr(c, d), count(*) FROM (SELECT rank() OVER (ORDER BY raw_key) AS a, "
        "rank() OVER (ORDER BY deid_key) AS b, rank() OVER (ORDER BY person_id) AS c, rank() OVER (ORDER BY place) AS d "
        "FROM per_person WHERE raw_n IS NOT NULL AND deid_n IS NOT NULL)",
        f"the table {view.name}",
    )
    people, raw_rows, deid_rows, more, fewer, moved_wrong, changed = found
    return PerPerson(
        people=people,
        raw_rows=raw_rows,
        deid_rows=deid_rows,
        more=more,
        fewer=fewer,
        moved_wrong=moved_wrong,
        changed=changed,
        key_order=abs(finite(orders[0], 0.0)),
        file_order=abs(finite(orders[1], 0.0)),
        compared=orders[2],
    )


def moved_dates(dates: Mapping[str, str], *, moved: bool) -> list[str]:
    """SQL of the date columns of a row, comparable on both sides; on the extracted side moved by the offset."""
    return [comparable(name, precision, moved=moved) for name, precision in dates.items()]


def kept_values(view: TableView) -> list[str]:
    """SQL of the values that the policy keeps as they stand, in the CDM's type, comparable on both sides."""
    return [f"CAST(t.{quote(name)} AS {view.table.column(name).duckdb_type})" for name in view.acted("keep")]


def comparable(name: str, precision: str, *, moved: bool) -> str:
    """SQL of one date or datetime column as a timestamp of the given precision."""
    column = f"date_trunc('{precision}', CAST(t.{quote(name)} AS TIMESTAMP))"
    return f"{column} + to_days(p.offset_days)" if moved else column


def unexplained(opened: Opened, view: TableView, dates: Mapping[str, str], *, values: bool) -> int:
    """Count the released rows that are no extracted row of that person, moved; needs the table `per_person`.

    By their dates alone, of people whose dates differ; with `values`, by dates and kept values, of people whose dates
    agree. Only these people's rows are compared one by one.
    """
    person = quote(view.person or "")
    kept = kept_values(view) if values else []
    deid, raw = (", ".join([*moved_dates(dates, moved=side), *kept]) or NOTHING for side in (False, True))
    which = "same_dates AND NOT same_rows" if values else "NOT same_dates"
    found = row(
        opened.con,
        f"WITH suspects AS (SELECT subject_id FROM per_person WHERE deid_n IS NOT NULL AND {which}) "
        f"SELECT count(*) FROM (SELECT t.{person}, {deid} FROM deid.{quote(view.name)} t "
        f"SEMI JOIN suspects s ON s.subject_id IS NOT DISTINCT FROM t.{person} EXCEPT ALL "
        f"SELECT p.subject_id, {raw} FROM raw.{quote(view.name)} t JOIN raw_people p ON p.person_id = t.{person} "
        "SEMI JOIN suspects s ON s.subject_id = p.subject_id)",
        f"the table {view.name}",
    )
    return int(found[0])
