"""The codes of one table in two versions: who carries each, who newly does or no longer, and how its values moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from cdm import schema
from cdm.source import CdmVersion
from extract.compare_rows import LABEL, PERSON, columns
from extract.relations import main_concept
from extract.sql import quote

Mean = tuple[float | None, float | None]


@dataclass(frozen=True)
class CodeBy:
    """People of one group and label. gained: carry the code in the later version alone; lost: in the earlier alone.

    changed: have another row of it, more or fewer.
    """

    who: str
    label: str
    gained: int
    lost: int
    changed: int


@dataclass(frozen=True)
class CodeChange:
    """A concept of a table's main column. people: who carry it before and after; valued: who have a value of it.

    mean: of values before and after; sd: before. stayed_mean: of those who are in both versions. stayed: how many of them have a
    value before and after. others: how many of those who left have one, and of those who came.
    """

    table: str
    concept_id: int
    people: tuple[int, int]
    mean: Mean = (None, None)
    sd: float | None = None
    valued: tuple[int, int] = (0, 0)
    stayed_mean: Mean = (None, None)
    stayed: tuple[int, int] = (0, 0)
    others: tuple[int, int] = (0, 0)
    by: tuple[CodeBy, ...] = ()


def codes(con: duckdb.DuckDBPyConnection, name: str, version: CdmVersion) -> list[CodeChange]:
    """Give the concepts whose people or whose mean value differ between the versions, by concept.

    Reads `changed` as `extract.compare_rows.table` left it for the same table, and `groups`.
    """
    table = schema.tables(version).get(name)
    main = main_concept(table) if table else None
    both = columns(con, f"new {name}").keys() & columns(con, f"old {name}").keys()
    if main is None or not {main, PERSON} <= both:
        return []
    value = "CAST(value_as_number AS DOUBLE)" if "value_as_number" in both else "CAST(NULL AS DOUBLE)"
    _find_carriers(con, name, main, value)
    by = _by(con)
    spread = (
        f"SELECT CAST({quote(main)} AS BIGINT) AS c, stddev_samp({value}) AS sd FROM {quote(f'old {name}')} GROUP BY c"
    )
    found = con.execute(_COUNTS.replace("{spread}", spread)).fetchall()
    return [_change(name, line, by) for line in found]


# One line a person and concept; fsum adds in a way that does not depend on the order of rows in the last digit shown.
_CARRIERS = """
CREATE OR REPLACE TEMP TABLE carriers AS
SELECT c, person, count(*) FILTER (NOT new) AS old_rows, count(*) FILTER (new) AS new_rows,
       fsum(v) FILTER (NOT new) AS old_sum, fsum(v) FILTER (new) AS new_sum,
       count(v) FILTER (NOT new) AS old_values, count(v) FILTER (new) AS new_values
FROM ({rows}) WHERE c IS NOT NULL AND person IS NOT NULL GROUP BY c, person
"""
_COUNTS = """
SELECT c, count(*) FILTER (old_rows > 0) AS n_old, count(*) FILTER (new_rows > 0) AS n_new,
       fsum(old_sum) / nullif(sum(old_values), 0) AS m_old, fsum(new_sum) / nullif(sum(new_values), 0) AS m_new,
       any_value(sd),
       count(*) FILTER (old_values > 0), count(*) FILTER (new_values > 0),
       fsum(old_sum) FILTER (who = 'stayed') / nullif(sum(old_values) FILTER (who = 'stayed'), 0),
       fsum(new_sum) FILTER (who = 'stayed') / nullif(sum(new_values) FILTER (who = 'stayed'), 0),
       count(*) FILTER (old_values > 0 AND who = 'stayed'), count(*) FILTER (new_values > 0 AND who = 'stayed'),
       count(*) FILTER (old_values > 0 AND who = 'left'), count(*) FILTER (new_values > 0 AND who = 'came')
FROM carriers LEFT JOIN groups ON subject_id = person LEFT JOIN ({spread}) USING (c)
GROUP BY c HAVING n_old <> n_new OR m_old IS DISTINCT FROM m_new ORDER BY c
"""
# All rows of somebody who newly carries a code are in `changed`, and so are those of somebody who no longer does.
_BY = f"""
SELECT c, who, said, count(*) FILTER (old_rows = 0), count(*) FILTER (new_rows = 0), count(*)
FROM (SELECT c, person, who, {LABEL.format("kind")} AS said
      FROM (SELECT concept AS c, person, CASE WHEN min(kind) = max(kind) THEN min(kind) END AS kind FROM changed GROUP BY ALL)
      JOIN groups AS g ON subject_id = person)
JOIN carriers USING (c, person) GROUP BY ALL ORDER BY ALL
"""


def _find_carriers(con: duckdb.DuckDBPyConnection, name: str, main: str, value: str) -> None:
    parts = (
        f"SELECT CAST({quote(main)} AS BIGINT) AS c, CAST({PERSON} AS BIGINT) AS person, {value} AS v, {new} AS new "
        f"FROM {quote(f'{side} {name}')}"
        for side, new in (("old", "false"), ("new", "true"))
    )
    con.execute(_CARRIERS.replace("{rows}", " UNION ALL ".join(parts)))


def _by(con: duckdb.DuckDBPyConnection) -> Mapping[int, list[CodeBy]]:
    found: dict[int, list[CodeBy]] = defaultdict(list)
    for concept, who, label, *counts in con.execute(_BY).fetchall():
        found[concept].append(CodeBy(who, label, *counts))
    return found


def _change(name: str, line: tuple[float, ...], by: Mapping[int, list[CodeBy]]) -> CodeChange:
    concept, n_old, n_new, m_old, m_new, sd, *more = line
    valued_old, valued_new, stayed_m_old, stayed_m_new, stayed_old, stayed_new, left, came = more
    return CodeChange(
        table=name,
        concept_id=int(concept),
        people=(int(n_old), int(n_new)),
        mean=(m_old, m_new),
        sd=sd,
        valued=(int(valued_old), int(valued_new)),
        stayed_mean=(stayed_m_old, stayed_m_new),
        stayed=(int(stayed_old), int(stayed_new)),
        others=(int(left), int(came)),
        by=tuple(by.get(int(concept), ())),
    )
