"""Events that match by their source value: codes are looked up among a table's distinct values, then joined by equality.

    codes             stream, code, prefix     the codes, in capitals; prefix: a value's beginning
    selection_value   stream, value            the source values of the table that they stand for
A table of twenty million rows has a few thousand values, so beginnings, capitals and blanks are looked at there only;
the rows are found by one hash join, as concepts are. (A LIKE per row and code is a hundred times slower.)
"""

from __future__ import annotations

from dataclasses import dataclass

_BLANKS = "' ' || chr(9) || chr(10) || chr(13)"


def values(codes: str, table: str, column: str) -> str:
    """(stream, value) from the table `codes` (stream, code, prefix), by the source values in a column of a CDM table."""
    given = f"SELECT *, upper(code) AS text, length(upper(code)) AS size FROM {codes}"
    return f"""SELECT DISTINCT c.stream, v.value FROM (
    SELECT value, upper(trim(value, {_BLANKS})) AS text
    FROM (SELECT DISTINCT CAST({column} AS VARCHAR) AS value FROM cdm.{table} WHERE {column} IS NOT NULL)
) v CROSS JOIN (SELECT DISTINCT size FROM ({given})) l
JOIN ({given}) c ON c.size = l.size AND c.text = left(v.text, l.size) AND (c.prefix OR length(v.text) = l.size)"""


@dataclass(frozen=True)
class Coded:
    """Rows `t` of a table that are selected by a column of concepts or by their source value.

    also: a second column of concepts that has to match, too (by concept or source value, as selection_source).
    """

    table: str
    concept: str
    value: str
    also: str | None = None


def coded_rows(given: Coded) -> str:
    """The rows with their stream, once each."""
    concept = f"selection x ON x.concept_id = {given.concept}"
    rows = f"""SELECT x.stream, t.* FROM {given.table} t JOIN {concept}
    UNION ALL
    SELECT v.stream, t.* FROM {given.table} t JOIN selection_value v ON v.value = {given.value}
    ANTI JOIN {concept} AND x.stream = v.stream"""
    if given.also is None:
        return rows
    return f"""SELECT * FROM ({rows}) t WHERE EXISTS (SELECT 1 FROM selection_source n
        WHERE n.stream = t.stream AND n.concept_id = {given.also})
    OR EXISTS (SELECT 1 FROM selection_source_value n WHERE n.stream = t.stream AND n.value = {given.value})"""
