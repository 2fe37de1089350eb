"""Attrition, Table 1 and balance as CSV, after disclosure control: what a package and a board may see of counts."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cohorts.disclosure import suppress_attrition, suppress_table1, text
from cohorts.draw.spec import DrawSpec
from cohorts.draw.table1 import Row


def attrition_csv(attrition: Mapping[str, Mapping[str, Any]], threshold: int) -> bytes:
    """role, step, rule, people; a suppressed count is `*`."""
    rows: list[Sequence[object]] = []
    for role in sorted(attrition):
        steps = [(step["rule"], step["people"]) for step in attrition[role]["steps"]]
        shown = suppress_attrition(steps, threshold)
        rows += [(role, n, step.rule, step.people.text) for n, step in enumerate(shown)]
    return _csv(("role", "step", "rule", "people"), rows)


def table1_csv(table1: Sequence[Mapping[str, Any]], draw: DrawSpec, threshold: int) -> bytes:
    """covariate, level, kind, cases, controls: a count, 'mean (SD)', or `*` where it is suppressed."""
    shown = suppress_table1([Row(**row) for row in table1], threshold, matched=draw.match, ratio=max(draw.ratio, 1))
    rows = [(r["covariate"], r["level"], r["kind"], text(r["cases"]), text(r["controls"])) for r in shown]
    return _csv(("covariate", "level", "kind", "cases", "controls"), rows)


def balance_csv(balance: Sequence[Mapping[str, Any]]) -> bytes:
    """covariate, level, kind, and the standardised mean differences and variance ratios before and after the draw."""
    columns = ("covariate", "level", "kind", "smd_before", "smd_after", "variance_ratio_before", "variance_ratio_after")
    return _csv(columns, [[row[c] for c in columns] for row in balance])


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
    return json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True).encode()


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
    return out.getvalue().encode()
