"""The release's cohort table: who is a case, who a control, matched to whom, from which date on."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from deid.keys import GrantKeys
from deid.parquet import write_query
from deid.permutation import permute


def write_cohort(con: duckdb.DuckDBPyConnection, keys: GrantKeys, site_id: str, path: Path) -> int:
    """Write subject_id, site_id, set_id, role, index_date, weight of everybody who stays; give the rows.

    Sorted by subject_id, index_date, set_id, role. Index dates move with their person. Sets are counted
    anew from 1 in a keyed order, since the draw counts them in an order that follows the source.
    """
    found = con.execute("SELECT DISTINCT set_id FROM draw WHERE set_id IS NOT NULL ORDER BY set_id").fetchnumpy()
    ids = np.ascontiguousarray(found["set_id"], dtype=np.int64)
    rank = np.empty(ids.size, dtype=np.int64)
    rank[np.argsort(permute(keys.order, ids), kind="stable")] = np.arange(1, ids.size + 1)
    con.register("sets", pa.table({"set_id": pa.array(ids), "number": pa.array(rank)}))
    rows = write_query(
        con,
        """
        SELECT p.subject_id, CAST($site_id AS VARCHAR) AS site_id, s.number AS set_id, d.role,
               d.index_date + p.offset_days AS index_date, d.weight
        FROM draw AS d JOIN people AS p ON p.person_id = d.person_id AND p.kept
        LEFT JOIN sets AS s ON s.set_id = d.set_id
        ORDER BY p.subject_id, 5, 3, d.role, d.weight""",
        path,
        {"site_id": site_id},
    )
    con.unregister("sets")
    return rows
