"""Sensitive categories: rows about mental illness, HIV and the like stay, unless the board approved them with the case.

A category is a list of codes by vocabulary. A concept belongs to it if its own code or that of one of its ancestors is
listed, or begins with a listed prefix ("F*"); so a hospital's KCD source concepts count as well as SNOMED ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from deid.inputs import RawTable
from deid.policy import Policy
from deid.policy.model import Sensitive


@dataclass(frozen=True)
class LeftOut:
    """What stays of the released people because of sensitive codes. table -> rows; table -> rows of which a code became 0."""

    rows: Mapping[str, int]
    codes: Mapping[str, int]

    def to_json(self) -> dict[str, object]:
        """Give it as plain JSON. Exact counts, for inside the hospital."""
        return {"rows": dict(self.rows), "codes": dict(self.codes)}


def leave_out(con: duckdb.DuckDBPyConnection, raw: Mapping[str, RawTable], policy: Policy, concepts: Path) -> None:
    """Show the views of `raw` without rows about a category that was not approved.

    A row is left out by the concept that it is about, by its source concept, or by its value; of other concepts (a cause of
    death, where somebody was discharged to) the code alone becomes 0, since the row says more than it.

    concepts: Parquet (concept_id, vocabulary_id, concept_code) of the extract's concepts and their ancestors.
    Table `ancestors` stands already. Makes `sensitive_concepts` (concept), and views
    `all_<view>` of the rows as extracted.
    """
    con.execute("CREATE TABLE sensitive_concepts (concept BIGINT)")
    kept_back = [category for name, category in policy.sensitive.items() if name not in policy.sensitive_approved]
    con.register("sensitive_codes", _codes(kept_back))
    con.execute(_MEMBERS, {"concepts": str(concepts)})
    con.unregister("sensitive_codes")
    for part, about, others in _with_concepts(raw):
        con.execute(f"ALTER VIEW {part.view} RENAME TO all_{part.view}")
        con.execute(f"CREATE VIEW {part.view} AS {_without(part, about, others)}")


def count_left_out(con: duckdb.DuckDBPyConnection, raw: Mapping[str, RawTable]) -> LeftOut:
    """Count what `leave_out` kept back, of the people who stay; tables of which all leaves are not told.

    Table `people` stands already.
    """
    rows: dict[str, int] = {}
    codes: dict[str, int] = {}
    for part, about, others in _with_concepts(raw):
        changed = " OR ".join(_in(name) for name in others) or "FALSE"
        (found,) = con.execute(
            f"SELECT count(*) FILTER (WHERE {_any(about)}), count(*) FILTER (WHERE NOT ({_any(about)}) AND ({changed})) "
            f'FROM all_{part.view} AS t JOIN people AS p ON p.person_id = t."{part.table.person_key}" AND p.kept'
        ).fetchall()
        rows |= {part.name: int(found[0])} if found[0] else {}
        codes |= {part.name: int(found[1])} if found[1] else {}
    return LeftOut(rows, codes)


def _codes(categories: Sequence[Sensitive]) -> pa.Table:
    listed = [
        (vocabulary, code.removesuffix("*"), code.endswith("*"))
        for category in categories
        for vocabulary, codes in sorted(category.codes.items())
        for code in codes
    ]
    vocabulary, code, prefix = zip(*listed, strict=True) if listed else ((), (), ())
    return pa.table(
        {
            "vocabulary": pa.array(vocabulary, pa.string()),
            "code": pa.array(code, pa.string()),
            "prefix": pa.array(prefix, pa.bool_()),
        }
    )


_MEMBERS = """
INSERT INTO sensitive_concepts
WITH listed AS (
    SELECT DISTINCT c.concept_id FROM read_parquet($concepts) c JOIN sensitive_codes s
    ON c.vocabulary_id = s.vocabulary
    AND (c.concept_code = s.code OR (s.prefix AND starts_with(c.concept_code, s.code))))
SELECT concept_id FROM listed
UNION
SELECT descendant_concept_id FROM ancestors WHERE ancestor_concept_id IN (SELECT concept_id FROM listed)
"""


def _with_concepts(raw: Mapping[str, RawTable]) -> Iterator[tuple[RawTable, list[str], list[str]]]:
    """Tables of people; their columns that say what a row is about, and the other ones that hold concepts."""
    for part in raw.values():
        main = part.table.main_concept or ""
        about = {main, main.replace("_concept_id", "_source_concept_id"), "value_as_concept_id"}
        names = [column.name for column in part.columns if column.is_concept]
        if part.table.person_key and names:
            yield part, [name for name in names if name in about], [name for name in names if name not in about]


def _without(part: RawTable, about: Sequence[str], others: Sequence[str]) -> str:
    replaced = ", ".join(f'CASE WHEN {_in(name)} THEN 0 ELSE t."{name}" END AS "{name}"' for name in others)
    columns = f"t.* REPLACE ({replaced})" if others else "t.*"
    return f"SELECT {columns} FROM all_{part.view} AS t WHERE NOT ({_any(about)})"


def _any(names: Sequence[str]) -> str:
    return " OR ".join(_in(name) for name in names) or "FALSE"


def _in(name: str) -> str:
    return f'coalesce(t."{name}", 0) IN (SELECT concept FROM sensitive_concepts)'
