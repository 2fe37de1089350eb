"""Figures of fidelity: how far apart the distributions of the release and of the extracted rows are.

A sum of hashes tells in the common scan whether a column is the same on both sides; a distance is worked out only
where it is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Set

from quality.measure.completeness import main_concept
from quality.measure.engine import finite, quote, row
from quality.measure.opened import Opened, TableView
from quality.measure.probe import Probe, Taken
from quality.verdict import Metric

ENOUGH_ROWS = 100
"""Below this many rows of a concept a distance between two samples is mostly chance."""


def probes(view: TableView) -> list[Probe]:
    """Ask for the sums of hashes of one table's codes and numbers."""
    if not view.person:
        return []
    kept, settled = set(view.acted("keep", "generalise")), {*view.acted("keep"), None}
    concept = main_concept(view)
    asked = []
    for column in view.table.columns:
        if column.name not in kept:
            continue
        if column.is_concept:
            asked.append(_sums("fidelity.concepts", column.name, None, settled))
        elif column.family == "number":
            asked.append(_sums("fidelity.numbers", column.name, concept, settled))
    return asked


def metrics(opened: Opened, view: TableView, taken: Iterable[Taken]) -> list[Metric]:
    """Turn equal sums into a distance of 0 and work the others out."""
    found = []
    for one in taken:
        column = one.probe.column
        distance = 0.0
        if one.deid != one.raw:
            distance = (
                _codes(opened, view, column)
                if one.probe.check == "fidelity.concepts"
                else _numbers(opened, view, column)
            )
        found.append(Metric(one.probe.check, view.name, column, distance, one.deid_of))
    return found


def _sums(check: str, name: str, concept: str | None, settled: Set[str | None]) -> Probe:
    kind = "BIGINT" if check == "fidelity.concepts" else "DOUBLE"
    with_concept = f", CAST(t.{quote(concept)} AS BIGINT)" if concept else ""
    return Probe(
        check, name, f"sum(hash(CAST(t.{quote(name)} AS {kind}){with_concept}))", of=f"count(t.{quote(name)})",
        combine="difference", settled={name, concept} <= settled,
    )  # fmt: skip


def _codes(opened: Opened, view: TableView, column: str) -> float:
    """Jensen-Shannon distance: the square root of the divergence to base 2, in 0..1."""
    name, person = quote(column), quote(view.person or "")
    found = row(
        opened.con,
        f"WITH a AS (SELECT t.{name} AS code, count(*) AS n FROM deid.{quote(view.name)} t "
        f"WHERE t.{name} IS NOT NULL GROUP BY 1), "
        f"b AS (SELECT t.{name} AS code, count(*) AS n FROM raw.{quote(view.name)} t "
        f"JOIN raw_people p ON p.person_id = t.{person} WHERE t.{name} IS NOT NULL GROUP BY 1), "
        "both_sides AS (SELECT coalesce(a.n, 0) / (SELECT sum(n) FROM a) AS p, coalesce(b.n, 0) / (SELECT sum(n) FROM b) AS q "
        "FROM a FULL JOIN b USING (code)) "
        "SELECT sqrt(greatest(0, sum((CASE WHEN p > 0 THEN p * log2(p / ((p + q) / 2)) ELSE 0 END "
        "+ CASE WHEN q > 0 THEN q * log2(q / ((p + q) / 2)) ELSE 0 END) / 2))) FROM both_sides",
        f"the table {view.name}",
    )[0]
    # One side without any code at all is as far away as can be.
    return min(1.0, finite(found, 1.0))


def _numbers(opened: Opened, view: TableView, column: str) -> float:
    """Largest Kolmogorov-Smirnov distance of a main concept's values, over concepts with enough rows.

    Only concepts are looked at whose values are not the same on both sides, as far as a sum of their hashes tells.
    """
    concept = main_concept(view)
    key = f"coalesce(t.{quote(concept)}, -1)" if concept else "0"
    name, person = quote(column), quote(view.person or "")
    deid = f"deid.{quote(view.name)} t"
    raw = f"raw.{quote(view.name)} t JOIN raw_people p ON p.person_id = t.{person}"
    sums = f"sum(hash(CAST(t.{name} AS DOUBLE))) AS hashes, count(t.{name}) AS n"
    found = row(
        opened.con,
        f"WITH a AS (SELECT {key} AS concept, {sums} FROM {deid} GROUP BY 1), "
        f"b AS (SELECT {key} AS concept, {sums} FROM {raw} GROUP BY 1), "
        "differing AS (SELECT concept FROM a FULL JOIN b USING (concept) WHERE greatest(a.n, b.n) >= $1 "
        "AND (a.hashes, a.n) IS DISTINCT FROM (b.hashes, b.n)), "
        f"all_rows AS (SELECT {key} AS concept, t.{name} AS value, 1 AS a, 0 AS b FROM {deid} "
        f"WHERE t.{name} IS NOT NULL AND {key} IN (FROM differing) UNION ALL "
        f"SELECT {key}, t.{name}, 0, 1 FROM {raw} WHERE t.{name} IS NOT NULL AND {key} IN (FROM differing)), "
        "steps AS (SELECT concept, value, sum(a) AS a, sum(b) AS b FROM all_rows GROUP BY concept, value), "
        "sums AS (SELECT concept, sum(a) OVER w AS a, sum(b) OVER w AS b, sum(a) OVER c AS all_a, sum(b) OVER c AS all_b "
        "FROM steps WINDOW w AS (PARTITION BY concept ORDER BY value), c AS (PARTITION BY concept)) "
        "SELECT max(abs(coalesce(a / nullif(all_a, 0), 0) - coalesce(b / nullif(all_b, 0), 0))) FROM sums "
        "WHERE greatest(all_a, all_b) >= $1",
        f"the table {view.name}",
        [ENOUGH_ROWS],
    )[0]
    return finite(found, 0.0)
