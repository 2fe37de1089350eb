"""The record of what the policy did to every column: `columns.json` of a release."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdm.errors import BadInput

DROPPED = frozenset({"drop", "drop_table"})


@dataclass(frozen=True)
class PolicyRecord:
    """Action by table and column. A column without a record has no rule, and what has no rule must not leave."""

    actions: Mapping[str, Mapping[str, str]]

    def of(self, table: str) -> Mapping[str, str]:
        """Column -> action."""
        return self.actions.get(table, {})

    def releases(self, table: str) -> bool:
        """Whether the policy lets any column of the table out."""
        return any(action not in DROPPED for action in self.of(table).values())


def read_policy_record(path: Path) -> PolicyRecord:
    """Read columns.json: a list of {table, column, action, reason}. Raises BadInput."""
    try:
        entries: Any = json.loads(path.read_text(encoding="utf-8"))
        actions: dict[str, dict[str, str]] = {}
        for entry in entries:
            actions.setdefault(str(entry["table"]), {})[str(entry["column"])] = str(entry["action"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(
            f"{path}: not the record of the policy's actions ({type(error).__name__}); expected a JSON list of objects with "
            "table, column and action: run the de-identification again."
        ) from None
    return PolicyRecord(actions)
