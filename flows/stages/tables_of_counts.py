"""Attrition, Table 1 and balance as CSV, after disclosure control: what a package and a board may see of counts."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cohorts.disclosure import suppress_release, text
from cohorts.draw.balance import Balance
from cohorts.draw.spec import DrawSpec
from cohorts.draw.table1 import Row

BALANCE = ("covariate", "level", "kind", "smd_before", "smd_after", "variance_ratio_before", "variance_ratio_after")


def released_tables(
    attrition: Mapping[str, Mapping[str, Any]], drawn: Mapping[str, Any], draw: DrawSpec, threshold: int
) -> dict[str, bytes]:
    """attrition.csv, table1.csv and balance.csv, suppressed against each other; a suppressed count is `*`.

    attrition: role -> {steps: [{rule, people, ...}]}. drawn: the draw's own report, with table1 and balance.
    """
    released = suppress_release(
        {role: [(step["rule"], step["people"]) for step in told["steps"]] for role, told in sorted(attrition.items())},
        [Row(**row) for row in drawn["table1"]],
        [Balance(**row) for row in drawn["balance"]],
        threshold,
        matched=draw.match,
        ratio=max(draw.ratio, 1),
    )
    steps = [(role, n, s.rule, s.people.text) for role, rows in released.attrition.items() for n, s in enumerate(rows)]
    lines = [(r["covariate"], r["level"], r["kind"], text(r["cases"]), text(r["controls"])) for r in released.table1]
    return {
        "attrition.csv": _csv(("role", "step", "rule", "people"), steps),
        "table1.csv": _csv(("covariate", "level", "kind", "cases", "controls"), lines),
        "balance.csv": _csv(BALANCE, [[row[c] for c in BALANCE] for row in released.balance]),
    }


def risk_json(risk: Mapping[str, Any], threshold: int) -> bytes:
    """The risk record; where few people were left out, what tells how many (drawn less released) is withheld."""
    told = {key: dict(part) if isinstance(part, Mapping) else part for key, part in risk.items()}
    if 0 < risk["people"]["suppressed"] < threshold:
        told["people"] = {"drawn": None, "released": risk["people"]["released"], "suppressed": None, "below": threshold}
        told["suppression"] = {"share": None, "limit": risk["suppression"]["limit"]}
    if (
        0 < risk["sets"]["drawn"] - risk["sets"]["released"] < threshold
        or 0 < risk["sets"]["without_control"] < threshold
    ):
        told["sets"].update({"drawn": None, "without_control": None})
    told["rows_removed"] = {table: n if n >= threshold else None for table, n in risk["rows_removed"].items()}
    few = {table: n if n >= threshold else None for table, n in risk["sensitive"]["codes_not_told"].items()}
    told["sensitive"] = {**risk["sensitive"], "codes_not_told": few}
    return json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True).encode()


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
    return out.getvalue().encode()
