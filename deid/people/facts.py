"""What the source says of each drawn person that is needed to decide how fine they may be described."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray

from deid.columns import GONE, Bindings
from deid.inputs import RawTable
from deid.people.quasi import UNKNOWN
from deid.people.sets import Sets
from deid.policy import Policy

Int64 = NDArray[np.int64]
_EPOCH = "DATE '1970-01-01'"


@dataclass(frozen=True)
class Facts:
    """One entry for each drawn person, sorted by person_id.

    Days since 1970-01-01: first_index, the earliest index date; last_seen, the latest date that leaves; own_first and
    own_last, the first and last index date or event that leaves, without periods, whose ends may be the hospital's.
    sex: gender_concept_id, birth_year: year; both -1 where unknown. region: text.
    """

    person_id: Int64
    first_index: Int64
    last_seen: Int64
    own_first: Int64
    own_last: Int64
    sex: Int64
    birth_year: Int64
    region: NDArray[np.str_]


def has(raw: Mapping[str, RawTable], policy: Policy, table: str, column: str) -> bool:
    """Tell whether a column was extracted and its values leave."""
    return table in raw and column in raw[table].types and policy.rule(table, column).action not in (*GONE, "replace")


def read_facts(con: duckdb.DuckDBPyConnection, raw: Mapping[str, RawTable], policy: Policy) -> Facts:
    """Read the facts of everybody in table `draw`, as int64 and text arrays."""
    sex = "t.gender_concept_id" if has(raw, policy, "person", "gender_concept_id") else "NULL"
    born = "t.year_of_birth" if has(raw, policy, "person", "year_of_birth") else "NULL"
    region, from_region, bound = _region(raw, policy)
    found = con.execute(
        f"""
        WITH seen AS (
            SELECT person_id, CAST(max(last) - {_EPOCH} AS BIGINT) AS last_seen,
                   CAST(min(first) FILTER (WHERE own) - {_EPOCH} AS BIGINT) AS own_first,
                   CAST(max(last) FILTER (WHERE own) - {_EPOCH} AS BIGINT) AS own_last
            FROM ({_dates(raw, policy)}) GROUP BY person_id),
        drawn AS (
            SELECT person_id, CAST(min(index_date) - {_EPOCH} AS BIGINT) AS first_index FROM draw GROUP BY
            person_id)
        SELECT d.person_id, any_value(d.first_index) AS first_index, any_value(s.last_seen) AS last_seen,
               any_value(s.own_first) AS own_first, any_value(s.own_last) AS own_last,
               CAST(coalesce(min({sex}), -1) AS BIGINT) AS sex,
               CAST(coalesce(min({born}), -1) AS BIGINT) AS birth_year,
               coalesce(min({region}), '{UNKNOWN}') AS region
        FROM drawn AS d JOIN seen AS s ON s.person_id = d.person_id
        {"LEFT JOIN raw_person AS t ON t.person_id = d.person_id" if "person" in raw else ""} {from_region}
        GROUP BY d.person_id ORDER BY d.person_id""",
        bound,
    ).fetchnumpy()

    def numbers(name: str) -> Int64:
        return np.ascontiguousarray(found[name], dtype=np.int64)

    return Facts(
        person_id=numbers("person_id"),
        first_index=numbers("first_index"),
        last_seen=numbers("last_seen"),
        own_first=numbers("own_first"),
        own_last=numbers("own_last"),
        sex=numbers("sex"),
        birth_year=numbers("birth_year"),
        region=np.asarray(found["region"]).astype(str),
    )


def _region(raw: Mapping[str, RawTable], policy: Policy) -> tuple[str, str, Bindings]:
    """Give the SQL of the region as released, its join, and its bindings."""
    if not has_region(raw, policy):
        return "NULL", "", {}
    rule = policy.rule("location", "state")
    join = "LEFT JOIN raw_location AS l ON l.location_id = t.location_id"
    shown = "CASE WHEN list_contains($state, trim(l.state)) THEN trim(l.state) END"
    return shown, join, {"state": list(rule.values)}


def has_region(raw: Mapping[str, RawTable], policy: Policy) -> bool:
    """Tell whether the release shows a person's region."""
    person = has(raw, policy, "person", "location_id")
    return person and has(raw, policy, "location", "location_id") and has(raw, policy, "location", "state")


def _dates(raw: Mapping[str, RawTable], policy: Policy) -> str:
    """Give the SQL of (person_id, first, last, own): the dates of each extracted row that leave, and the index dates."""
    parts = ["SELECT person_id, index_date AS first, index_date AS last, true AS own FROM draw"]
    for part in raw.values():
        rules = {column.name: policy.rule(part.name, column.name) for column in part.columns}
        own = [name for name, rule in rules.items() if rule.action == "shift"]
        period = [name for name, rule in rules.items() if rule.by == "own-days"]
        for names, is_own in ((own, "true"), (period, "false")):
            if names:
                days = ", ".join(f'CAST("{name}" AS DATE)' for name in names)
                parts.append(
                    f"SELECT CAST(person_id AS BIGINT), least({days}), greatest({days}), {is_own} FROM {part.view}"
                )
    return " UNION ALL ".join(parts)


def read_sets(con: duckdb.DuckDBPyConnection) -> Sets:
    """Read the matched sets of table `draw`, people by their place in `Facts`; a row may belong to no set."""
    found = con.execute(
        """
        WITH numbered AS (SELECT person_id, dense_rank() OVER (ORDER BY person_id) - 1 AS person FROM draw)
        SELECT n.person, dense_rank() OVER (ORDER BY set_id) - 1 AS matched_set, role = 'case' AS is_case
        FROM draw JOIN (SELECT DISTINCT person_id, person FROM numbered) AS n USING (person_id)
        WHERE set_id IS NOT NULL ORDER BY ALL"""
    ).fetchnumpy()
    return Sets(
        person=np.asarray(found["person"], dtype=np.int64),
        matched_set=np.asarray(found["matched_set"], dtype=np.int64),
        case=np.asarray(found["is_case"], dtype=bool),
    )
