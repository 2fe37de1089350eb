"""What changed since another run: which failures are new, which are gone, which stayed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from cdm.errors import BadInput
from quality.baseline.status import Result

Change = Literal["new", "resolved", "persisting"]
FORMAT = "naru baseline 1"
Key = tuple[str, str, str, str]


def read_failures(path: Path) -> frozenset[Key]:
    """Read which checks failed in a former baseline.json. Raises BadInput when it is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise KeyError(FORMAT)
        return frozenset(
            (one["check"], one["table"], one["field"], one["concept"])
            for one in content["results"]
            if one["status"] == "failed"
        )
    except OSError:
        raise BadInput(f"{path} cannot be read; give the baseline.json of a former run") from None
    except (ValueError, KeyError, TypeError):
        raise BadInput(
            f"{path} is no result of naru quality baseline; give the baseline.json of a former run"
        ) from None


def changes(results: Sequence[Result], before: frozenset[Key] | None) -> Mapping[Key, Change]:
    """Map each check that fails now or failed before to what became of it. Without a former run nothing is known."""
    if before is None:
        return {}
    found: dict[Key, Change] = {}
    for result in results:
        key = result.check.key
        if result.failed:
            found[key] = "persisting" if key in before else "new"
        elif key in before:
            found[key] = "resolved"
    return found
