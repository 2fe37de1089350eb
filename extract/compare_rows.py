"""One table of two versions: rows that are in one of them alone, by whose they are and under which label; and its columns."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import duckdb

from cdm import schema
from cdm.source import CdmVersion
from extract.relations import main_concept
from extract.sql import figures, names, quote

PERSON = "person_id"
PERSON_TABLE = "person"
LABEL = "CASE {0} WHEN 'restated' THEN g.of_restated WHEN 'codes' THEN g.of_codes WHEN 'person' THEN g.of_person ELSE g.of_rows END"
"""The label of a row's kind, of `groups` as g."""
_ROWS = "CAST(coalesce(sum(rows) FILTER ({}), 0) AS BIGINT)"


@dataclass(frozen=True)
class RowsBy:
    """Rows of one group and label. who: came, left or stayed. added_people, removed_people: whose rows those are.

    Somebody who stayed may have rows under several labels.
    """

    who: str
    label: str
    added: int
    added_people: int
    removed: int
    removed_people: int


@dataclass(frozen=True)
class TableChange:
    """One table. rows: before and after. added, removed: whole rows, as multisets. people: whose rows those are.

    stayed: how many of those people are in both versions. by: the rows by group and label; none of a table about nobody.
    columns_added, columns_removed: names. columns_retyped: (name, type before, after), in DuckDB's words.
    """

    rows: tuple[int, int]
    added: int
    removed: int
    people: int
    stayed: int = 0
    by: tuple[RowsBy, ...] = ()
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    columns_retyped: tuple[tuple[str, str, str], ...] = ()


def table(
    con: duckdb.DuckDBPyConnection, name: str, version: CdmVersion, restated: Collection[str] = ()
) -> TableChange:
    """Compare a table of both versions, whose views are 'old NAME' and 'new NAME'.

    restated: columns that de-identification treats in another way than before. Leaves `changed` (added, rows, person, concept,
    kind): a line for each row that is in one version more often than in the other, and how much more. kind: 'restated' or 'codes'
    where the other version has a row that differs in restated columns alone, or in concept ids alone; else 'rows', or 'person' of
    the table person.
    """
    old, new = columns(con, f"old {name}"), columns(con, f"new {name}")
    both = [column for column in new if old.get(column) == new[column]]
    _find_changed(con, name, both, version, restated)
    before, after = (figures(con, f"SELECT count(*) FROM {quote(f'{side} {name}')}")[0] for side in ("old", "new"))
    added, removed = figures(con, f"SELECT {_ROWS.format('added')}, {_ROWS.format('NOT added')} FROM changed")
    whose = "SELECT DISTINCT person FROM changed WHERE person IS NOT NULL"
    people, stayed = figures(
        con, f"SELECT count(*), count(*) FILTER (who = 'stayed') FROM ({whose}) LEFT JOIN groups ON subject_id = person"
    )
    return TableChange(
        rows=(before, after),
        added=added,
        removed=removed,
        people=people,
        stayed=stayed,
        by=_by(con),
        columns_added=tuple(sorted(set(new) - set(old))),
        columns_removed=tuple(sorted(set(old) - set(new))),
        columns_retyped=tuple(sorted((c, old[c], new[c]) for c in set(old) & set(new) if old[c] != new[c])),
    )


def columns(con: duckdb.DuckDBPyConnection, view: str) -> dict[str, str]:
    """Column -> type of a view."""
    found = con.sql(f"SELECT * FROM {quote(view)} LIMIT 0")
    return dict(zip(found.columns, map(str, found.types), strict=True))


def _find_changed(
    con: duckdb.DuckDBPyConnection, name: str, both: Sequence[str], version: CdmVersion, restated: Collection[str]
) -> None:
    if not both:
        con.execute(
            "CREATE OR REPLACE TEMP TABLE changed (added BOOLEAN, rows BIGINT, person BIGINT, concept BIGINT, kind VARCHAR)"
        )
        return
    listed = names(both)
    sides = (
        f"SELECT {listed}, {sign} AS one FROM {quote(f'{side} {name}')}" for side, sign in (("new", 1), ("old", -1))
    )
    # A third of what EXCEPT ALL either way costs.
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE differs AS SELECT {listed}, CAST(sum(one) AS BIGINT) AS more "
        f"FROM ({' UNION ALL '.join(sides)}) GROUP BY {listed} HAVING sum(one) <> 0"
    )
    known = schema.tables(version).get(name)
    main = main_concept(known) if known else None
    person = f"CAST(t.{PERSON} AS BIGINT)" if PERSON in both else "NULL::BIGINT"
    concept = f"CAST(t.{quote(main)} AS BIGINT)" if main in both and main else "NULL::BIGINT"
    kinds = _kinds(known, both, restated) if known else {}
    kind = "".join(f"WHEN {one}.found THEN '{one}' " for one in kinds)
    other = "person" if name == PERSON_TABLE else "rows"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE changed AS SELECT more > 0 AS added, abs(more) AS rows, {person} AS person, "
        f"{concept} AS concept, CASE {kind} WHEN true THEN '{other}' END AS kind "
        f"FROM differs AS t {' '.join(_counterparts(one, plain) for one, plain in kinds.items())}"
    )


def _kinds(known: schema.Table, both: Sequence[str], restated: Collection[str]) -> dict[str, list[str]]:
    """Kind -> the columns that a row has in common with its counterpart, where these tell rows apart; the first kind first.

    A result that is a concept (value_as_concept_id) is a finding of the hospital's, not a code for it. What is said of a person
    herself goes by its own kind.
    """
    codes = () if known.name == PERSON_TABLE else (c for c in known.concept_columns if not c.startswith("value_as"))
    keys = {*known.primary_key, known.start_date}
    found = {}
    for kind, other in (("restated", {*restated}), ("codes", {*codes})):
        plain = [column for column in both if column not in other]
        if keys & {*plain} and PERSON in plain and len(plain) < len(both):
            found[kind] = plain
    return found


def _counterparts(kind: str, plain: Sequence[str]) -> str:
    """JOIN that sets KIND.found where the other version has a row with the same in `plain`."""
    listed = names(plain)
    keys = (
        f"SELECT {listed}, true AS found FROM differs GROUP BY {listed} HAVING bool_or(more > 0) AND bool_or(more < 0)"
    )
    same = " AND ".join(f"t.{quote(c)} IS NOT DISTINCT FROM {kind}.{quote(c)}" for c in plain)
    return f"LEFT JOIN ({keys}) AS {kind} ON {same}"


def _by(con: duckdb.DuckDBPyConnection) -> tuple[RowsBy, ...]:
    query = f"""
    SELECT g.who, {LABEL.format("c.kind")} AS label,
           {_ROWS.format("c.added")}, count(DISTINCT c.person) FILTER (c.added),
           {_ROWS.format("NOT c.added")}, count(DISTINCT c.person) FILTER (NOT c.added)
    FROM changed AS c JOIN groups AS g ON g.subject_id = c.person GROUP BY ALL ORDER BY ALL"""
    return tuple(RowsBy(*line) for line in con.execute(query).fetchall())
