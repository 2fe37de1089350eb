"""Attrition, Table 1, balance and unmatched cases, after disclosure control: what a package and a board may see of counts."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cohorts.disclosure import MARK, Reached, Released, suppress_release, text
from cohorts.draw.balance import Balance
from cohorts.draw.evidence import page, stratum
from cohorts.draw.loveplot import Line, love_plot
from cohorts.draw.report import Stratum
from cohorts.draw.spec import DrawSpec
from cohorts.draw.table1 import Row

LANGUAGES = ("ko", "en")
BALANCE = ("covariate", "level", "kind", "smd_before", "smd_after", "variance_ratio_before", "variance_ratio_after")


def released(
    attrition: Mapping[str, Mapping[str, Any]], drawn: Mapping[str, Any], draw: DrawSpec, threshold: int
) -> Released:
    """All counts of a draw, suppressed against each other.

    attrition: role -> {steps: [{rule, people, ...}]}. drawn: the draw's own report, with exact counts.
    """
    available = drawn["available"]
    return suppress_release(
        {role: [(step["rule"], step["people"]) for step in told["steps"]] for role, told in sorted(attrition.items())},
        [Row(**row) for row in drawn["table1"]],
        [Balance(**row) for row in drawn["balance"]],
        threshold,
        matched=draw.match,
        ratio=max(draw.ratio, 1),
        reached=Reached(
            {"case": available["cases"], "control": available["controls"]},
            [Stratum(**row) for row in drawn["unmatched"]],
        ),
    )


def documents(safe: Released, title: Mapping[str, str], wanted: Mapping[str, int], threshold: int) -> dict[str, bytes]:
    """attrition.csv, table1.csv, balance.csv, unmatched.csv, and as pictures balance.*.svg and draw.*.html.

    All are made of what was released; what is withheld is `*` in each.
    """
    steps = [(role, n, s.rule, s.people.text) for role, rows in safe.attrition.items() for n, s in enumerate(rows)]
    lines = [(r["covariate"], r["level"], r["kind"], text(r["cases"]), text(r["controls"])) for r in safe.table1]
    plots = {lang: love_plot([Line.released(row) for row in safe.balance], lang) for lang in LANGUAGES}
    pages = {lang: page(title[lang], safe, wanted, threshold, lang) for lang in LANGUAGES}
    return {
        "attrition.csv": _csv(("role", "step", "rule", "people"), steps),
        "table1.csv": _csv(("covariate", "level", "kind", "cases", "controls"), lines),
        "balance.csv": _csv(BALANCE, [_balance(row) for row in safe.balance]),
        "unmatched.csv": _csv(("stratum", "reason", "cases"), _unmatched(safe.unmatched)),
        **{f"balance.{lang}.svg": plot.encode() for lang, plot in plots.items()},
        **{f"draw.{lang}.html": text_.encode() for lang, text_ in pages.items()},
    }


def _balance(row: Mapping[str, Any]) -> list[Any]:
    """A line of balance.csv; a figure that cannot be told for want of people is marked, one that does not exist is empty."""
    return [row[c] if c in BALANCE[:3] or not row["withheld"] else MARK for c in BALANCE]


def _unmatched(lines: Sequence[Mapping[str, Any]]) -> Iterable[tuple[str, str, str]]:
    for line in lines:
        for reason, told in {**line["why"], "all": line["people"]}.items():
            yield stratum(line["levels"], "en"), reason, text(told)


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
    told["clipped"] = [
        {**one, "values": one["values"] if not 0 < one["values"] < threshold else None} for one in risk["clipped"]
    ]
    if 0 < risk["roles"]["one_role"] < threshold:
        told["roles"]["one_role"] = None
    told["sensitive"] = {**risk["sensitive"], "codes_not_told": few}
    return json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True).encode()


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
    return out.getvalue().encode()
