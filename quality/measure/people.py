"""A table person by person: row counts, hashed rows, and the order of keys; and which rows of whom are not explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from quality.measure.engine import WORD, order_kept, quote, row, run
from quality.measure.opened import Opened, TableView

PRECISIONS = ("second", "minute", "hour", "day")
NOTHING = "1"
"""Stands for no columns at all; not 0, whose hash is 0, so that a sum of it would not even count rows."""

NOBODY = -(2**63) + 1
"""Stands for no person in columns of plain numbers."""

FEW = 0.1
"""Up to this share of all rows, those of people of whom something differs are looked at by themselves."""

_BOTH = "FROM per_person WHERE raw_n IS NOT NULL AND deid_n IS NOT NULL"


@dataclass(frozen=True)
class PerPerson:
    """What was found. people: with rows on either side. more, fewer: people with more or fewer released rows.

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


def row_key(view: TableView) -> str | None:
    """Name the key of a table's rows, where both sides have it and it is not the person's."""
    return next((name for name in view.table.primary_key if name in view.shared and name != view.person), None)


def per_person(opened: Opened, view: TableView, dates: Mapping[str, str]) -> PerPerson:
    """Put together what `whole_rows` leaves of both sides.

    Leaves the table `per_person` in the engine, `suspects` of whom something differs, and their rows as raw_apart.<table>
    and deid_apart.<table>, which hold everybody's where such people are not few.

    dates: column -> precision at which it is compared.
    """
    run(
        opened.con,
        "CREATE OR REPLACE TEMP TABLE per_person AS "
        # People who share a pseudonym, a fault that is told elsewhere, are one here as they are in the release.
        "WITH raw_side AS (SELECT p.subject_id, min(person_id) AS person_id, sum(rows)::BIGINT AS rows, "
        f"(sum(hashes) % {WORD})::UBIGINT AS hashes, avg(mean_key) AS mean_key "
        "FROM raw_rows r JOIN raw_people p USING (person_id) GROUP BY p.subject_id), "
        f"deid_side AS (SELECT nullif(person_id, {NOBODY}) AS subject_id, * EXCLUDE (person_id) FROM deid_rows) "
        "SELECT subject_id, r.person_id, r.rows AS raw_n, d.rows AS deid_n, r.mean_key AS raw_key, d.mean_key AS deid_key, "
        "d.place, r.rows IS NOT DISTINCT FROM d.rows AND r.hashes IS NOT DISTINCT FROM d.hashes AS same_rows "
        "FROM raw_side r FULL JOIN deid_side d USING (subject_id)",
        f"the table {view.name}",
    )
    _apart(opened, view)
    moved_wrong, changed = _suspects(opened, view, dates)
    found = row(
        opened.con,
        "SELECT count(*), coalesce(sum(raw_n), 0), coalesce(sum(deid_n), 0), "
        "count(*) FILTER (WHERE coalesce(deid_n, 0) > coalesce(raw_n, 0)), "
        "count(*) FILTER (WHERE coalesce(deid_n, 0) < coalesce(raw_n, 0)), "
        "count(*) FILTER (WHERE raw_n IS NOT NULL AND deid_n IS NOT NULL) FROM per_person",
        f"the table {view.name}",
    )
    people, raw_rows, deid_rows, more, fewer, compared = found
    return PerPerson(
        people=people,
        raw_rows=raw_rows,
        deid_rows=deid_rows,
        more=more,
        fewer=fewer,
        moved_wrong=moved_wrong,
        changed=changed,
        key_order=_order(opened, view, "raw_key", "deid_key") if row_key(view) else 0.0,
        file_order=_order(opened, view, "person_id", "place"),
        compared=compared,
    )


def _apart(opened: Opened, view: TableView) -> None:
    what, person, table = f"the table {view.name}", quote(view.person or ""), quote(view.name)
    (few,) = row(
        opened.con,
        f"SELECT coalesce(sum(raw_n + deid_n) FILTER (WHERE NOT same_rows) <= {FEW} * sum(raw_n + deid_n), true) FROM "
        "(SELECT coalesce(raw_n, 0) AS raw_n, coalesce(deid_n, 0) AS deid_n, same_rows FROM per_person)",
        what,
    )
    differ = "SELECT subject_id AS who FROM per_person WHERE NOT same_rows"
    extracted = (
        f"SELECT p.person_id AS who FROM raw_people p SEMI JOIN ({differ}) d ON d.who IS NOT DISTINCT FROM p.subject_id"
    )
    for side, whose in (("raw", extracted), ("deid", differ)):
        of = f"SEMI JOIN ({whose}) w ON w.who IS NOT DISTINCT FROM t.{person}"
        run(
            opened.con,
            f"CREATE OR REPLACE {'TABLE' if few else 'VIEW'} {side}_apart.{table} AS "
            f"SELECT t.* FROM {side}.{table} t {of if few else ''}",
            what,
        )


def _suspects(opened: Opened, view: TableView, dates: Mapping[str, str]) -> tuple[int, int]:
    """Tell of everybody with released rows that differ whether the dates do. Counts people with other dates, other values."""
    what, con, person, table = f"the table {view.name}", opened.con, quote(view.person or ""), quote(view.name)
    raw, deid = (", ".join(moved_dates(dates, moved=side)) or NOTHING for side in (True, False))
    differing = "SELECT subject_id FROM per_person WHERE deid_n IS NOT NULL AND NOT same_rows"
    run(
        con,
        f"CREATE OR REPLACE TEMP TABLE suspects AS SELECT subject_id, true AS same_dates FROM ({differing}) LIMIT 0",
        what,
    )
    if row(con, f"SELECT count(*) FROM ({differing})", what)[0]:
        run(
            con,
            f"INSERT INTO suspects WITH who AS ({differing}), "
            f"raw_side AS (SELECT p.subject_id, sum(hash({raw})) AS dates FROM raw_apart.{table} t "
            f"JOIN raw_people p ON p.person_id = t.{person} SEMI JOIN who ON who.subject_id = p.subject_id GROUP BY ALL), "
            f"deid_side AS (SELECT t.{person} AS subject_id, sum(hash({deid})) AS dates FROM deid_apart.{table} t "
            f"SEMI JOIN who ON who.subject_id = t.{person} GROUP BY ALL) "
            "SELECT who.subject_id, r.dates IS NOT DISTINCT FROM d.dates AND d.dates IS NOT NULL "
            "FROM who LEFT JOIN raw_side r USING (subject_id) LEFT JOIN deid_side d USING (subject_id)",
            what,
        )
    wrong, changed = row(
        con, "SELECT count(*) FILTER (NOT same_dates), count(*) FILTER (same_dates) FROM suspects", what
    )
    return int(wrong), int(changed)


def _order(opened: Opened, view: TableView, extracted: str, released: str) -> float:
    """How much of the order of people on the extracted side is left; a person all of whose keys are empty comes last."""
    return order_kept(opened.con, f"SELECT {extracted}::DOUBLE, {released}::DOUBLE {_BOTH}", f"the table {view.name}")


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
    """Count the released rows that are no extracted row of that person, moved; needs the table `suspects`.

    By their dates alone, of people whose dates differ; with `values`, by dates and kept values, of people whose dates
    agree. Only these people's rows are compared one by one.
    """
    person = quote(view.person or "")
    kept = kept_values(view) if values else []
    deid, raw = (", ".join([*moved_dates(dates, moved=side), *kept]) or NOTHING for side in (False, True))
    found = row(
        opened.con,
        f"WITH who AS (SELECT subject_id FROM suspects WHERE {'' if values else 'NOT '}same_dates) "
        f"SELECT count(*) FROM (SELECT t.{person}, {deid} FROM deid_apart.{quote(view.name)} t "
        f"SEMI JOIN who s ON s.subject_id IS NOT DISTINCT FROM t.{person} EXCEPT ALL "
        f"SELECT p.subject_id, {raw} FROM raw_apart.{quote(view.name)} t JOIN raw_people p ON p.person_id = t.{person} "
        "SEMI JOIN who s ON s.subject_id = p.subject_id)",
        f"the table {view.name}",
    )
    return int(found[0])
