"""What a person reads when the three do not agree: a small definition, and small tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from tests.cohorts.generative.answers import Answers


def text_table(table: pa.Table) -> str:
    """In the manner of tests/tables.py; a column without any value is left out."""
    names = [name for name in table.column_names if table[name].null_count < table.num_rows]
    cells = [names, *([_cell(row[name]) for name in names] for row in table.to_pylist())]
    widths = [max(len(row[n]) for row in cells) for n in range(len(names))]
    return "\n".join(" | ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells)


def _cell(value: object) -> str:
    return "-" if value is None else str(value)


def shown(definition: Mapping[str, Any], tables: Mapping[str, pa.Table], found: Answers) -> str:
    """The definition, the tables that have rows, and what each found."""
    rows = "\n".join(f"{name}\n{text_table(table)}\n" for name, table in sorted(tables.items()) if table.num_rows)
    return f"{json.dumps(definition, indent=1)}\n\n{rows}\n{answers(found)}"


def answers(found: Answers) -> str:
    """Rows, and attrition by rules kept, one line for each of the three."""
    ours = found.reference
    lines = [f"differs    {found.disagreement}", f"engine     {_rows(found.engine.rows)}"]
    lines.append(f"reference  {_rows(ours.rows)}")
    lines.append(f"circe      {_rows(found.circe.rows) if found.circe else found.no_answer}")
    if "attrition" in found.disagreement:
        lines.append(f"engine     {found.engine.attrition.to_json()}")
        lines.append(
            f"reference  all events {_rules(ours.all_events)}, best events {_rules(ours.best_events)}, {ours.in_turn}"
        )
        if found.circe:
            by_rules = _rules(found.circe.all_events), _rules(found.circe.best_events)
            lines.append(f"circe      all events {by_rules[0]}, best events {by_rules[1]}")
    return "\n".join(lines)


def _rows(rows: list[Any]) -> str:
    return "; ".join(f"{person} {start}..{end}" for person, start, end in rows) or "nobody"


def _rules(counts: Mapping[frozenset[int], int]) -> dict[str, int]:
    return {"+".join(map(str, sorted(held))) or "none": count for held, count in sorted(counts.items(), key=str)}
