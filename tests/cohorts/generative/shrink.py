"""The smallest definition, and the fewest rows, of which something still holds: what is left out does not matter."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

Step = str | int
Path = tuple[Step, ...]
Tables = Mapping[str, pa.Table]


class Budget:
    """Seconds of CPU that may still be spent."""

    def __init__(self, seconds: float) -> None:
        self._end = time.process_time() + seconds

    @property
    def spent(self) -> bool:
        return time.process_time() > self._end


def smallest(value: Any, still: Callable[[Any], bool], budget: Budget) -> Any:
    """A JSON value with every key, entry and number taken away (or made simpler) that may be."""
    smaller, before = value, None
    while smaller != before and not budget.spent:
        before = smaller
        for path in sorted(_paths(smaller), key=len):
            for candidate in _simpler(smaller, path):
                if not budget.spent and still(candidate):
                    smaller = candidate
                    break
    return smaller


def _paths(value: Any, here: Path = ()) -> Iterator[Path]:
    """The way to every part, last entries of a list first, so that taking one away leaves the ways to the others."""
    steps: list[Step] = list(value) if isinstance(value, dict) else []
    if isinstance(value, list):
        steps = list(range(len(value)))[::-1]
    for step in steps:
        yield (*here, step)
        yield from _paths(value[step], (*here, step))


def _simpler(value: Any, path: Path) -> Iterator[Any]:
    """Without the part; with less of it."""
    changed = copy.deepcopy(value)
    parent: Any = changed
    try:
        for step in path[:-1]:
            parent = parent[step]
        part = parent.pop(path[-1])
    except (KeyError, IndexError, TypeError, AttributeError):
        return  # gone with something larger
    yield changed
    for less in _less(part):
        changed = copy.deepcopy(value)
        parent = changed
        for step in path[:-1]:
            parent = parent[step]
        parent[path[-1]] = less
        yield changed


def _less(part: Any) -> Iterator[Any]:
    if isinstance(part, list) and len(part) > 2:
        yield part[: len(part) // 2]
        yield part[len(part) // 2 :]
    elif isinstance(part, bool):
        return
    elif isinstance(part, int | float):
        yield from (number for number in (0, 1, int(part)) if abs(number) < abs(part))


def fewest_rows(
    tables: Tables, people: set[int], likely: set[str], still: Callable[[Tables], bool], budget: Budget
) -> Tables:
    """Tables without any row that does not matter, or nearly so.

    First of all without the tables that are not `likely` to matter, and with one of these people only, or with them only;
    then table by table; then row by row.
    """
    found: Tables = dict(tables)
    for guess in (
        {name: table if name in likely else table.slice(0, 0) for name, table in found.items()},
        {name: _of(table, set(sorted(people)[:1])) for name, table in found.items()},
        {name: _of(table, people) for name, table in found.items()},
    ):
        both = {name: min(found[name], guess[name], key=len) for name in found}
        if still(both):
            found = both
    for name in sorted(found, key=lambda one: (-found[one].num_rows, one)):
        empty = {**found, name: found[name].slice(0, 0)}
        if not budget.spent and found[name].num_rows and still(empty):
            found = empty
    for name in sorted(found):
        found = _fewest(found, name, still, budget)
    return found


def _of(table: pa.Table, people: set[int]) -> pa.Table:
    if "person_id" not in table.column_names:
        return table
    return table.filter(pc.is_in(table["person_id"], pa.array(sorted(people), table["person_id"].type)))


def _fewest(tables: Tables, name: str, still: Callable[[Tables], bool], budget: Budget) -> Tables:
    """Halves first, then ever smaller pieces."""
    found, size = tables, tables[name].num_rows // 2
    if not size and tables[name].num_rows:
        return tables  # its one row matters
    while size and not budget.spent:
        start = 0
        while start < found[name].num_rows and not budget.spent:
            rows = [n for n in range(found[name].num_rows) if not start <= n < start + size]
            candidate = {**found, name: found[name].take(pa.array(rows, pa.int64()))}
            if still(candidate):
                found = candidate
            else:
                start += size
        size //= 2
    return found
