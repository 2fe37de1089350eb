"""Rare codes: a concept that fewer than k of the released people carry is told as a broader one, or not at all.

For each column generalised by `common`, a rare concept climbs its ancestors (table concept_ancestor), nearest first, until
the people of everything that became this ancestor, or who carry it anyway, are at least k. Where no ancestor is common
enough, the code is 0, "no matching concept": the row stays, so that rows can be reconciled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cdm.errors import BadInput
from deid.inputs import RawTable
from deid.policy import Policy

ANCESTORS = ("ancestor_concept_id", "descendant_concept_id", "min_levels_of_separation")


@dataclass(frozen=True)
class RareCodes:
    """What became of one column's rare concepts. concepts: rare ones; broader, dropped: of these. rows: with either."""

    table: str
    column: str
    concepts: int
    broader: int
    dropped: int
    rows: int

    def to_json(self) -> dict[str, object]:
        """Give it as plain JSON."""
        return {
            "table": self.table, "column": self.column, "rare_concepts": self.concepts, "told_broader": self.broader,
            "not_told": self.dropped,
        }  # fmt: skip


def open_ancestors(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Make table `ancestors` (ANCESTORS) from a Parquet file."""
    columns = ", ".join(f"CAST({name} AS BIGINT) AS {name}" for name in ANCESTORS)
    try:
        con.execute(f"CREATE TABLE ancestors AS SELECT {columns} FROM read_parquet($path)", {"path": str(path)})
    except duckdb.Error:
        raise BadInput(
            f"{path.name} is no table of {', '.join(ANCESTORS)}; make it again by the stage before"
        ) from None


def make_codes(con: duckdb.DuckDBPyConnection, raw: Mapping[str, RawTable], policy: Policy) -> list[RareCodes]:
    """Make `codes_<table>_<column>` (concept, told) of the rare concepts of every column generalised by `common`.

    Tables `people` and `ancestors` stand already. Columns without a rare concept are not told of.
    """
    found = [_make(con, part, column, policy.settings.k) for part, column in columns(raw, policy)]
    return [one for one in found if one.concepts]


def columns(raw: Mapping[str, RawTable], policy: Policy) -> Iterator[tuple[RawTable, str]]:
    """The released columns that are generalised by `common`."""
    for part in raw.values():
        for column in part.columns:
            if policy.released(part.name) and policy.rule(part.name, column.name).by == "common":
                yield part, column.name


def _make(con: duckdb.DuckDBPyConnection, part: RawTable, column: str, k: int) -> RareCodes:
    con.execute(
        f'CREATE TEMP TABLE carried AS SELECT DISTINCT CAST(t."{column}" AS BIGINT) AS concept, p.person_id '
        f'FROM {part.view} AS t JOIN people AS p ON p.person_id = t."{part.table.person_key}" AND p.kept '
        f'WHERE t."{column}" <> 0'
    )
    con.execute(
        "CREATE TEMP TABLE common AS SELECT concept FROM carried GROUP BY concept HAVING count(*) >= $k", {"k": k}
    )
    con.execute("CREATE TEMP TABLE rare AS SELECT c.* FROM carried c ANTI JOIN common USING (concept)")
    name = f"codes_{part.name}_{column}"
    con.execute(f"CREATE TABLE {name} (concept BIGINT, told BIGINT)")
    ((any_rare,),) = con.execute("SELECT EXISTS (FROM rare)").fetchall()
    counts = _settle(con, part, column, k) if any_rare else (0, 0, 0, 0)
    for table in ("carried", "common", "rare"):
        con.execute(f"DROP TABLE {table}")
    return RareCodes(part.name, column, *map(int, counts))


def _settle(con: duckdb.DuckDBPyConnection, part: RawTable, column: str, k: int) -> tuple[int, ...]:
    """Fill `codes_<table>_<column>` for the concepts of `rare`; give how many, told broader, not told, and their rows."""
    name = f"codes_{part.name}_{column}"
    con.execute(_STEPS)
    ((highest,),) = con.execute("SELECT coalesce(max(step), 0) FROM steps").fetchall()
    for step in range(1, int(highest) + 1):
        con.execute(_climb(name), {"step": step, "k": k})
    con.execute(f"INSERT INTO {name} SELECT DISTINCT concept, 0 FROM rare ANTI JOIN {name} USING (concept)")
    (counts,) = con.execute(
        f"SELECT count(*), count(*) FILTER (WHERE told <> 0), count(*) FILTER (WHERE told = 0), (SELECT count(*) "
        f'FROM {part.view} t JOIN people p ON p.person_id = t."{part.table.person_key}" AND p.kept '
        f'JOIN {name} n ON n.concept = t."{column}") FROM {name}'
    ).fetchall()
    con.execute("DROP TABLE steps")
    return counts


# Of several ancestors equally near, the one that most people of the column come under; then the smaller id.
_STEPS = """
CREATE TEMP TABLE steps AS
WITH above AS (
    SELECT DISTINCT r.concept, a.ancestor_concept_id AS ancestor, a.min_levels_of_separation AS levels
    FROM (SELECT DISTINCT concept FROM rare) r JOIN ancestors a ON a.descendant_concept_id = r.concept
    WHERE a.ancestor_concept_id <> r.concept),
people_under AS (
    SELECT a.ancestor_concept_id AS ancestor, count(DISTINCT c.person_id) AS people
    FROM ancestors a JOIN carried c ON c.concept = a.descendant_concept_id
    WHERE a.ancestor_concept_id IN (SELECT ancestor FROM above) GROUP BY ALL)
SELECT concept, ancestor, dense_rank() OVER (PARTITION BY concept ORDER BY levels) AS step
FROM above JOIN people_under USING (ancestor)
QUALIFY row_number() OVER (PARTITION BY concept, levels ORDER BY people DESC, ancestor) = 1
"""


def _climb(name: str) -> str:
    """Give the SQL that settles every open concept whose ancestor at a step is common enough."""
    return f"""
    INSERT INTO {name}
    WITH open AS (
        SELECT s.concept, s.ancestor FROM steps s ANTI JOIN {name} USING (concept) WHERE s.step = $step),
    together AS (
        SELECT o.ancestor, r.person_id FROM open o JOIN rare r USING (concept)
        UNION
        SELECT n.told, r.person_id FROM {name} n JOIN rare r USING (concept)),
    enough AS (
        SELECT ancestor FROM together GROUP BY ancestor HAVING count(*) >= $k
        UNION
        SELECT concept FROM common)
    SELECT concept, ancestor FROM open WHERE ancestor IN (SELECT ancestor FROM enough)"""
