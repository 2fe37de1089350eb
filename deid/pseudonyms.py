"""New keys for rows: each released row's key and everything that points at it, renumbered together.

For each table that has a key there is one map, `key_<table>` (id, pseudonym), of exactly the rows that
leave. A reference is looked up in the map of the table it points at, so it follows its row, and one whose
row stays behind finds nothing and becomes NULL.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import duckdb
import numpy as np
import pyarrow as pa

from cdm.errors import BadInput
from deid.columns import Bindings, bindings, expression, plain
from deid.inputs import RawTable
from deid.keys import GrantKeys
from deid.permutation import Int64, permute, unique_pairs
from deid.policy import Policy
from deid.policy.check import target


def pseudonyms(keys: GrantKeys, table: str, ids: Int64) -> Int64:
    """Renumber ids without duplicates, each a row of `table`, under this grant's keys.

    Raises BadInput in the case, thinkable only for ids of 0 or below, that two of them meet.
    """
    found = permute(keys.pseudonyms(table), ids)
    if not unique_pairs(ids, found):
        raise BadInput(f"two ids of {table} got the same pseudonym under this grant; take another grant")
    return found


def make_maps(
    con: duckdb.DuckDBPyConnection,
    raw: Mapping[str, RawTable],
    policy: Policy,
    keys: GrantKeys,
    untold: Collection[str],
) -> None:
    """Make `key_<table>` for every table that something released may point at.

    Table `people` stands already. Tables without a person (care_site, location) keep only rows that a
    released row points at. untold: tables whose rows nobody may learn of, so that every reference to them
    becomes NULL.
    """
    con.execute("CREATE TABLE key_person AS SELECT person_id AS id, subject_id AS pseudonym FROM people WHERE kept")
    for part in sorted(raw.values(), key=lambda part: part.table.person_key is None):
        if own_key(part) is not None and policy.released(part.name) and part.name not in ("person", *untold):
            rows = _people_rows(part) if part.table.person_key else _referenced_rows(part, raw, policy)
            if rows is not None:
                _make_map(con, part, rows, policy, keys)
    for name in sorted({name for part in raw.values() for name in references(part, policy).values()}):
        con.execute(f"CREATE TABLE IF NOT EXISTS key_{name} (id BIGINT, pseudonym BIGINT)")


def own_key(part: RawTable) -> str | None:
    """Name the column that numbers the table's own rows, where the CDM has one and the file holds it."""
    return next((key for key in part.table.primary_key if key in part.types), None)


def references(part: RawTable, policy: Policy) -> dict[str, str]:
    """Map each released key column of a table, its own included, to the table whose rows it numbers."""
    if not policy.released(part.name):
        return {}
    found = {}
    for column in part.columns:
        rule = policy.rule(part.name, column.name)
        points_at = target(part.table, column, rule)
        if points_at is not None and rule.action in ("pseudonymise", "generalise"):
            found[column.name] = points_at
    return found


def _people_rows(part: RawTable) -> str:
    key = own_key(part)
    return f'SELECT CAST("{key}" AS BIGINT) AS id FROM {part.view} JOIN people USING (person_id) WHERE kept'


def _referenced_rows(part: RawTable, raw: Mapping[str, RawTable], policy: Policy) -> str | None:
    pointing = [
        f'SELECT "{column}" FROM {other.view}'
        + (" JOIN people USING (person_id) WHERE kept" if other.table.person_key else "")
        for other in raw.values()
        for column, points_at in references(other, policy).items()
        if points_at == part.name and other.name != part.name
    ]
    if not pointing:
        return None
    key = own_key(part)
    wanted = " UNION ALL ".join(pointing)
    return f'SELECT CAST("{key}" AS BIGINT) AS id FROM {part.view} WHERE "{key}" IN ({wanted})'


def _make_map(con: duckdb.DuckDBPyConnection, part: RawTable, rows: str, policy: Policy, keys: GrantKeys) -> None:
    key = own_key(part)
    query = f"SELECT DISTINCT id, id AS stands_for FROM ({rows}) WHERE id IS NOT NULL ORDER BY id"
    bound: Bindings = {}
    if policy.rule(part.name, str(key)).by == "rows":
        # Rows that look alike in the release become one: the smallest id of a group stands for all of them.
        shared = plain(part, policy)
        alike = ", ".join(expression(part, column, policy) for column in shared) or "1"
        bound = bindings(part, shared, policy, "", "5.4")
        query = (
            f"WITH found AS (SELECT DISTINCT id FROM ({rows})), "
            f"grouped AS (SELECT id, min(id) OVER (PARTITION BY {alike}) AS stands_for "
            f'FROM found JOIN {part.view} AS t ON t."{key}" = id) '
            "SELECT id, min(stands_for) AS stands_for FROM grouped GROUP BY id ORDER BY id"
        )
    found = con.execute(query, bound).fetchnumpy()
    ids = np.ascontiguousarray(found["id"], dtype=np.int64)
    stand, member = np.unique(np.asarray(found["stands_for"], dtype=np.int64), return_inverse=True)
    table = pa.table({"id": pa.array(ids), "pseudonym": pa.array(pseudonyms(keys, part.name, stand)[member])})
    con.register("given", table)
    con.execute(f"CREATE TABLE key_{part.name} AS SELECT id, pseudonym FROM given")
    con.unregister("given")
