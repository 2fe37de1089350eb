"""docs/leakage.json: can cases be told from controls by what should tell nothing, or by what tells it all?

Each screen is one number for each person, and its AUROC over all cases and controls with a 95 % interval (Hanley and McNeil,
Radiology 143, 1982). Trivial features (row count, gap since the last row, month, place in the file) should be near 0.5 in
a matched draw; the single codes that tell most are listed, because a case's own code before the prediction time is the
outcome itself. Rows at or after the prediction time are counted: they are for labels, never for features.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from extract.files import canonical_json
from extract.splits import splitmix64
from extract.sql import quote, without_values
from extract.tables import COHORT

# An interval wholly beyond these is told as a finding: trivial features, and single codes.
TRIVIAL = 0.6
CODE = 0.9
CODES = 10
Floats = NDArray[np.float64]


def screen(con: duckdb.DuckDBPyConnection, smallest: int, *, dated: bool) -> bytes:
    """Write the screen as JSON. `con` holds `predicted` and, where `dated`, `known_rows` (extract.windows).

    smallest: with fewer cases or controls nothing is told of them, and no code that fewer people carry.
    """
    with without_values("screening for leakage"):
        told = con.execute(
            "SELECT subject_id, is_case, month(index_date) AS month FROM predicted ORDER BY subject_id"
        ).fetchnumpy()
        case = np.asarray(told["is_case"], bool)
        cases, controls = int(case.sum()), int((~case).sum())
        if min(cases, controls) < smallest:
            return canonical_json(
                {"screened": False, "because": "too few cases or controls to tell anything of", "features": []}
            )
        subjects = np.asarray(told["subject_id"], np.int64)
        features = {
            "file_order": _file_order(con, subjects),
            "index_month": _by_rate(np.asarray(told["month"]), case, subjects),
        }
        found: dict[str, Any] = {}
        if dated:
            features |= _of_rows(con, subjects)
            codes = _codes(con, cases, controls, smallest)
            found = {"codes": codes, "rows_at_or_after_prediction_time": _late(con, smallest)}
    lines = [_line(name, values, case, TRIVIAL) for name, values in sorted(features.items())]
    every = [*lines, *found.get("codes", [])]
    return canonical_json({
        "screened": True, "features": lines, **found,
        "limits": {"trivial": TRIVIAL, "code": CODE},
        "findings": sorted(line["name"] for line in every if line["finding"]),
    })  # fmt: skip


def auroc(score: Floats, case: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Give the area under the ROC curve of a score (ties count half) and its 95 % interval."""
    n, m = int(case.sum()), int((~case).sum())
    area = (float(rankdata(score)[case].sum()) - n * (n + 1) / 2) / (n * m)
    q1, q2 = area / (2 - area), 2 * area * area / (1 + area)
    spread = (area * (1 - area) + (n - 1) * (q1 - area**2) + (m - 1) * (q2 - area**2)) / (n * m)
    width = 1.96 * float(np.sqrt(max(spread, 0.0)))
    return area, max(0.0, area - width), min(1.0, area + width)


def _line(name: str, score: Floats, case: NDArray[np.bool_], limit: float) -> dict[str, Any]:
    area, low, high = auroc(score, case)
    return _told(name, area, low, high, limit)


def _told(name: str, area: float, low: float, high: float, limit: float) -> dict[str, Any]:
    return {
        "name": name, "auroc": round(area, 3), "low": round(low, 3), "high": round(high, 3),
        "finding": low > limit or high < 1 - limit,
    }  # fmt: skip


def _file_order(con: duckdb.DuckDBPyConnection, subjects: NDArray[np.int64]) -> Floats:
    rows = con.execute(f"SELECT CAST(subject_id AS BIGINT) AS s FROM {quote(COHORT)}").fetchnumpy()["s"]
    order = np.asarray(rows, np.int64)
    first, place = np.unique(order, return_index=True)
    return np.asarray(place[np.searchsorted(first, subjects)], np.float64)


def _by_rate(group: NDArray[Any], case: NDArray[np.bool_], subjects: NDArray[np.int64]) -> Floats:
    """Score people by the share of cases in their group among the other half of the people: a group's own answer does not count."""
    half = (splitmix64(subjects) & np.uint64(1)).astype(bool)
    score = np.full(len(case), float(case.mean()))
    for side in (False, True):
        for value in np.unique(group):
            known = (half != side) & (group == value)
            if known.any():
                score[(half == side) & (group == value)] = case[known].mean()
    return score


def _of_rows(con: duckdb.DuckDBPyConnection, subjects: NDArray[np.int64]) -> Mapping[str, Floats]:
    told = con.execute(
        "SELECT p.subject_id, count(r.day) FILTER (WHERE NOT r.late) AS rows_before, count(r.day) FILTER (WHERE r.late) AS rows_after, "
        "coalesce(p.index_date - max(r.day) FILTER (WHERE NOT r.late), 100000) AS last_row_gap, "
        "coalesce(p.index_date - max(r.day) FILTER (WHERE NOT r.late AND r.source = 'visit_occurrence'), 100000) AS last_visit_gap, "
        "count(DISTINCT r.day) FILTER (WHERE NOT r.late) AS days_with_rows "
        "FROM predicted AS p LEFT JOIN known_rows AS r USING (subject_id) GROUP BY p.subject_id, p.index_date ORDER BY p.subject_id"
    ).fetchnumpy()
    assert np.array_equal(np.asarray(told["subject_id"], np.int64), subjects)
    return {name: np.asarray(values, np.float64) for name, values in told.items() if name != "subject_id"}


def _codes(con: duckdb.DuckDBPyConnection, cases: int, controls: int, smallest: int) -> list[dict[str, Any]]:
    """Having a code or not, before the prediction time: the codes that tell most, in the order of how much.

    With shares p of cases and q of controls who have it, the area is (1 + p - q) / 2.
    """
    rows = con.execute(
        "SELECT source, concept_id, count(*) FILTER (WHERE is_case) AS n, count(*) FILTER (WHERE NOT is_case) AS m FROM "
        "(SELECT DISTINCT r.source, r.concept_id, r.subject_id, p.is_case FROM known_rows AS r JOIN predicted AS p USING (subject_id) "
        "WHERE NOT r.late AND r.concept_id > 0) GROUP BY source, concept_id HAVING count(*) >= $1 "
        "ORDER BY abs(n / $2 - m / $3) DESC, source, concept_id LIMIT $4",
        [smallest, float(cases), float(controls), CODES],
    ).fetchall()
    lines = []
    for source, concept, n, m in rows:
        p, q = n / cases, m / controls
        width = 0.98 * float(np.sqrt(p * (1 - p) / cases + q * (1 - q) / controls))
        area = (1 + p - q) / 2
        lines.append(_told(f"{source}/{concept}", area, area - width, area + width, CODE))
    return lines


def _late(con: duckdb.DuckDBPyConnection, smallest: int) -> dict[str, int | None]:
    """Table -> rows at or after the prediction time; None where fewer people than `smallest` have one."""
    rows = con.execute(
        "SELECT source, count(*) FILTER (WHERE late), count(DISTINCT subject_id) FILTER (WHERE late) FROM known_rows "
        "GROUP BY source ORDER BY source"
    ).fetchall()
    return {str(source): None if 0 < people < smallest else int(count) for source, count, people in rows}
