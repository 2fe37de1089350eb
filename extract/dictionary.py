"""docs/data_dictionary.csv: every column of every table, delivered or not, and what was done to it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cdm import schema
from cdm.errors import BadInput
from cdm.source import CdmVersion
from extract.meanings import meaning
from extract.relations import references
from extract.tables import COHORT, Packed

HEAD = (
    "table",
    "column",
    "delivered",
    "type",
    "required",
    "references",
    "meaning_en",
    "meaning_ko",
    "action",
    "reason",
    "null_share",
    "nulled_references",
)

Actions = Mapping[tuple[str, str], tuple[str, str]]


def read_actions(path: Path) -> Actions:
    """Read columns.json, a list of {table, column, action, reason}: (table, column) -> (action, reason)."""
    try:
        entries: Any = json.loads(path.read_text(encoding="utf-8"))
        return {
            (str(entry["table"]), str(entry["column"])): (
                str(entry["action"]),
                str(entry.get("reason") or ""),
            )
            for entry in entries
        }
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file; a package tells what was done to every column") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise BadInput(f"{path}: expected a JSON list of objects with table, column, action, reason") from None


def data_dictionary(packed: Sequence[Packed], actions: Actions, version: CdmVersion) -> bytes:
    """Write the dictionary as CSV (UTF-8), tables by name, columns in their order.

    Raises BadInput for a delivered column that columns.json does not tell about: nothing leaves without a
    rule.
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(HEAD)
    for table in packed:
        rows.writerows(_rows(table, actions, version))
    return text.getvalue().encode("utf-8")


def _rows(table: Packed, actions: Actions, version: CdmVersion) -> Iterator[tuple[object, ...]]:
    types = dict(table.written.schema)
    known = None if table.name == COHORT else schema.tables(version)[table.name]
    kept_back = tuple(name for name in known.names if name not in types) if known else ()
    targets = references(known, version) if known else {}
    for column in (*types, *kept_back):
        action = actions.get((table.name, column))
        if action is None and known is not None and column in types:
            raise BadInput(f"columns.json says nothing of {table.name}.{column}, which is there; de-identify it again")
        yield (
            table.name,
            column,
            "yes" if column in types else "no",
            types.get(column, ""),
            "yes" if known is not None and column in known.required else "no",
            ".".join(targets[column]) if column in targets else "",
            *meaning(table.name, column, version),
            *(action or ("made" if known is None else "not_asked", "")),
            table.null_shares.get(column, ""),
            table.nulled.get(column, ""),
        )
