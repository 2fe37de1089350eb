"""Figures of fidelity: how far apart the distributions of the release and of the extracted rows are.

Where the rows of both sides are the same (`whole_rows`), so are the distributions of what the policy keeps; a distance is
worked out only of what may differ.
"""

from __future__ import annotations

from quality.measure.completeness import main_concept
from quality.measure.engine import finite, quote, row, run
from quality.measure.known import filled
from quality.measure.opened import Opened, TableView
from quality.verdict import Metric

ENOUGH_ROWS = 100
"""Below this many rows of a concept a distance between two samples is mostly chance."""


def metrics(opened: Opened, view: TableView, *, same: bool) -> list[Metric]:
    """Measure every column of codes or numbers that the policy keeps or makes coarser. same: the rows of both sides are."""
    if not view.person:
        return []
    kept, settled = view.acted("keep", "generalise"), {*view.acted("keep"), None} if same else set()
    concept = main_concept(view)
    codes = [column.name for column in view.table.columns if column.name in kept and column.is_concept]
    numbers = [
        column.name
        for column in view.table.columns
        if column.name in kept and not column.is_concept and column.family == "number"
    ]
    counts = _filled(opened, view, [*codes, *numbers])
    compared = [name for name in numbers if not {name, concept} <= settled]
    if concept and compared:
        _prints(opened, view, concept, compared)
    found = []
    for name in codes:
        apart = 0.0 if name in settled else _codes(opened, view, name)
        found.append(Metric("fidelity.concepts", view.name, name, apart, counts[name]))
    for name in numbers:
        apart = _numbers(opened, view, name, compared.index(name)) if name in compared else 0.0
        found.append(Metric("fidelity.numbers", view.name, name, apart, counts[name]))
    return found


def _filled(opened: Opened, view: TableView, names: list[str]) -> dict[str, int]:
    if not names:
        return {}
    if view.filled.columns.keys() >= {*names}:
        return {name: view.filled.columns[name] for name in names}
    counts = ", ".join(filled(name) for name in names)
    found = row(opened.con, f"SELECT {counts} FROM deid.{quote(view.name)} t", f"the table {view.name}")
    return dict(zip(names, found, strict=True))


def _codes(opened: Opened, view: TableView, column: str) -> float:
    """Jensen-Shannon distance: the square root of the divergence to base 2, in 0..1."""
    name = quote(column)
    found = row(
        opened.con,
        f"WITH a AS (SELECT t.{name} AS code, count(*) AS n FROM deid.{quote(view.name)} t "
        f"WHERE t.{name} IS NOT NULL GROUP BY 1), "
        f"b AS (SELECT t.{name} AS code, count(*) AS n FROM raw.{quote(view.name)} t "
        f"{view.stayed} WHERE t.{name} IS NOT NULL GROUP BY 1), "
        "both_sides AS (SELECT coalesce(a.n, 0) / (SELECT sum(n) FROM a) AS p, coalesce(b.n, 0) / (SELECT sum(n) FROM b) AS q "
        "FROM a FULL JOIN b USING (code)) "
        "SELECT sqrt(greatest(0, sum((CASE WHEN p > 0 THEN p * log2(p / ((p + q) / 2)) ELSE 0 END "
        "+ CASE WHEN q > 0 THEN q * log2(q / ((p + q) / 2)) ELSE 0 END) / 2))) FROM both_sides",
        f"the table {view.name}",
    )[0]
    # One side without any code at all is as far away as can be.
    return min(1.0, finite(found, 1.0))


def _prints(opened: Opened, view: TableView, concept: str, numbers: list[str]) -> None:
    """Leave the table `unlike` (column, concept): of which concepts the values differ, told by sums of their hashes.

    Most concepts of a release have just the values that were extracted, and need no distance. Where the policy generalises
    the concept itself, a rare one is released as 0: then its values stand among those of others, which says nothing of the
    numbers (`fidelity.concepts` tells that the concept is gone), so neither is compared.
    """
    key = f"t.{quote(concept)}"
    sums = ", ".join(f"(count(t.{quote(n)}), sum(hash(t.{quote(n)}))) AS p{i}" for i, n in enumerate(numbers))
    generalised = "a.concept <> 0 AND a.concept IS NOT NULL AND a.rows IS NOT NULL"
    asked = "true" if concept in view.acted("keep") else generalised
    unlike = " UNION ALL ".join(
        f"SELECT {i} AS number, coalesce(a.concept, b.concept) AS concept FROM a FULL JOIN b "
        f"ON a.concept IS NOT DISTINCT FROM b.concept WHERE a.p{i} IS DISTINCT FROM b.p{i} AND {asked}"
        for i in range(len(numbers))
    )
    run(
        opened.con,
        f"CREATE OR REPLACE TEMP TABLE unlike AS WITH "
        f"a AS (SELECT {key} AS concept, count(*) AS rows, {sums} FROM deid.{quote(view.name)} t GROUP BY 1), "
        f"b AS (SELECT {key} AS concept, {sums} FROM raw.{quote(view.name)} t {view.stayed} "
        f"GROUP BY 1) {unlike}",
        f"the table {view.name}",
    )


def _numbers(opened: Opened, view: TableView, column: str, number: int) -> float:
    """Largest Kolmogorov-Smirnov distance of a main concept's values, over concepts with enough rows."""
    concept = main_concept(view)
    key = f"t.{quote(concept)}" if concept else "0"
    unlike = (
        f"SEMI JOIN (SELECT concept FROM unlike WHERE number = {number}) u ON u.concept IS NOT DISTINCT FROM {key} "
        if concept
        else ""
    )
    name = quote(column)
    found = row(
        opened.con,
        f"WITH a AS (SELECT {key} AS concept, t.{name} AS value, count(*) AS n FROM deid.{quote(view.name)} t {unlike}"
        f"WHERE t.{name} IS NOT NULL GROUP BY ALL), "
        f"b AS (SELECT {key} AS concept, t.{name} AS value, count(*) AS n FROM raw.{quote(view.name)} t "
        f"{view.stayed} {unlike}WHERE t.{name} IS NOT NULL GROUP BY ALL), "
        "steps AS (SELECT concept, value, sum(a) AS a, sum(b) AS b FROM "
        "(SELECT concept, value, n AS a, 0 AS b FROM a UNION ALL SELECT concept, value, 0, n FROM b) "
        "GROUP BY concept, value), "
        "sums AS (SELECT concept, sum(a) OVER w AS a, sum(b) OVER w AS b, sum(a) OVER c AS all_a, sum(b) OVER c AS all_b "
        "FROM steps WINDOW w AS (PARTITION BY concept ORDER BY value), c AS (PARTITION BY concept)) "
        "SELECT max(abs(coalesce(a / nullif(all_a, 0), 0) - coalesce(b / nullif(all_b, 0), 0))) FROM sums "
        f"WHERE greatest(all_a, all_b) >= {ENOUGH_ROWS}",
        f"the table {view.name}",
    )[0]
    return finite(found, 0.0)
