"""Events that match by their source value: codes are looked up among a table's distinct values, then joined by equality.

    stream_code    branch, stream, code, prefix     the codes, in capitals; prefix: a value's beginning
    stream_value   branch, stream, value            the source values of the table that they stand for
A table of twenty million rows has a few thousand values, so beginnings, capitals and blanks are looked at there only;
the rows are found by one hash join, as concepts are. (A LIKE per row and code is a hundred times slower.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_BLANKS = "' ' || chr(9) || chr(10) || chr(13)"


def values(name: str, codes: str, columns: Mapping[tuple[str, str], frozenset[str]]) -> str:
    """`name` (branch, stream, value) from `codes` (branch, stream, code, prefix).

    columns: (table, column of source values) -> the branches that read it.
    """
    parts = []
    for (table, column), branches in sorted(columns.items()):
        among = ", ".join(f"'{branch}'" for branch in sorted(branches))
        given = f"SELECT *, upper(code) AS text, length(upper(code)) AS size FROM {codes} WHERE branch IN ({among})"
        parts.append(
            f"""SELECT c.branch, c.stream, v.value FROM (
    SELECT value, upper(trim(value, {_BLANKS})) AS text
    FROM (SELECT DISTINCT CAST({column} AS VARCHAR) AS value FROM cdm.{table} WHERE {column} IS NOT NULL)
) v CROSS JOIN (SELECT DISTINCT size FROM ({given})) l
JOIN ({given}) c ON c.size = l.size AND c.text = left(v.text, l.size) AND (c.prefix OR length(v.text) = l.size)"""
        )
    union = "\nUNION\n".join(parts)
    return f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT DISTINCT * FROM ({union})"


@dataclass(frozen=True)
class Coded:
    """Rows `t` of a table that are selected by a column of concepts or by their source value.

    branch: its name in `stream_concept` and `stream_value`. also: a second column of concepts that has to match, too (by
    concept or source value, as branch_source).
    """

    table: str
    branch: str
    concept: str
    value: str
    also: str | None = None


def coded_rows(given: Coded, people: str | None) -> str:
    """The rows with their stream, once each; `people` names a table of person_id to which they are limited."""
    limit = f" SEMI JOIN {people} who ON who.person_id = t.person_id" if people else ""
    concept = f"stream_concept x ON x.branch = '{given.branch}' AND x.concept_id = {given.concept}"
    value = f"stream_value v ON v.branch = '{given.branch}' AND v.value = {given.value}"
    rows = f"""SELECT x.stream, t.* FROM {given.table} t JOIN {concept}{limit}
    UNION ALL
    SELECT v.stream, t.* FROM {given.table} t JOIN {value} ANTI JOIN {concept} AND x.stream = v.stream{limit}"""
    if given.also is None:
        return rows
    return f"""SELECT * FROM ({rows}) t WHERE EXISTS (SELECT 1 FROM stream_concept n
        WHERE n.branch = '{given.branch}_source' AND n.stream = t.stream AND n.concept_id = {given.also})
    OR EXISTS (SELECT 1 FROM stream_value n
        WHERE n.branch = '{given.branch}_source' AND n.stream = t.stream AND n.value = {given.value})"""
