"""What changed since another run: which failures are new, which are gone, which stayed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from cdm.errors import BadInput
from quality.baseline.measure.again import Counted
from quality.baseline.measure.figure import Figure
from quality.baseline.status import Result

Change = Literal["new", "resolved", "persisting"]
FORMAT = "naru baseline 2"
Key = tuple[str, str, str, str]
# A share that moves by more points than this between two states of a database is worth a look, whatever its threshold.
DRIFT_POINTS = 5.0
# A table that lost more of its rows than this between two states, or gained more, in percent.
LOST, GAINED = 2.0, 25.0


@dataclass(frozen=True)
class Former:
    """What a former run found. failures: which checks failed. percents: the violating share of those that applied.

    counted: its figures with the fingerprints of their tables.
    """

    failures: frozenset[Key]
    percents: Mapping[Key, float]
    counted: Counted


def read_former(path: Path) -> Former:
    """Read a former baseline.json. Raises BadInput when it is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise KeyError(FORMAT)
        found = {(one["check"], one["table"], one["field"], one["concept"]): one for one in content["results"]}
        return Former(
            frozenset(key for key, one in found.items() if one["status"] == "failed"),
            {key: float(one["percent"]) for key, one in found.items() if one["status"] in ("failed", "passed")},
            Counted(
                str(content["counted_as"]),
                date.fromisoformat(content["today"]),
                {str(table): str(text) for table, text in content["fingerprints"].items()},
                {key: _figure(one) for key, one in found.items()},
            ),
        )
    except OSError:
        raise BadInput(f"{path} cannot be read; give the baseline.json of a former run") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadInput(
            f"{path} is no result of naru quality baseline; give the baseline.json of a former run"
        ) from None


def _figure(one: Mapping[str, Any]) -> Figure:
    if one["violated"] is None:
        return Figure(0, 0, str(one["reason"]))
    return Figure(int(one["violated"]), int(one["rows"]))


def changes(results: Sequence[Result], before: Former | None) -> Mapping[Key, Change]:
    """Map each check that fails now or failed before to what became of it. Without a former run nothing is known."""
    if before is None:
        return {}
    found: dict[Key, Change] = {}
    for result in results:
        key = result.check.key
        if result.failed:
            found[key] = "persisting" if key in before.failures else "new"
        elif key in before.failures:
            found[key] = "resolved"
    return found


def drift(results: Sequence[Result], before: Former | None) -> Mapping[Key, float]:
    """Map each check whose violating share moved by more than DRIFT_POINTS since the former run to its share then."""
    if before is None:
        return {}
    return {
        result.check.key: before.percents[result.check.key]
        for result in results
        if result.status in ("failed", "passed")
        and result.check.key in before.percents
        and abs(result.percent - before.percents[result.check.key]) > DRIFT_POINTS
    }


def sizes(results: Sequence[Result], before: Former | None) -> Mapping[str, tuple[int, int]]:
    """Map each table that lost more than LOST or gained more than GAINED per cent of its rows to its rows then and now."""
    if before is None:
        return {}
    found = {}
    for result in results:
        former = before.counted.figures.get(result.check.key)
        if result.check.type != "measureValueCompleteness" or former is None or former.error or result.figure.error:
            continue
        then, now = former.rows, result.figure.rows
        if then and not -LOST <= 100 * (now - then) / then <= GAINED:
            found[result.check.table] = (then, now)
    return found
