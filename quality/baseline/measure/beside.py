"""Several small tables at a time: a statement about one is planned longer than it runs, and on one core."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import TypeVar

from quality.baseline.measure.database import Database

AT_ONCE = 2
SMALL = 500_000
"""Up to so many rows a table is small; a larger one has the engine's threads for itself."""
MOMENT = 0.02
"""Seconds."""
Found = TypeVar("Found")


def small(db: Database, tables: Sequence[str]) -> list[str]:
    """Those that are small, of a database in which showing a table costs nothing."""
    return [table for table in tables if db.shows_views and db.size(table) <= SMALL]


def beside(db: Database, tables: Sequence[str], work: Callable[[Database, str], Found]) -> Generator[Found, None, None]:
    """Work on tables, `AT_ONCE` at a time, each over a connection of its own; yield what was found in the order of the tables.

    What is still going on when somebody gives up is broken off. Raises what `work` raises.
    """
    several = [db.another() for _ in range(AT_ONCE)]
    idle: SimpleQueue[Database] = SimpleQueue()
    for one in several:
        idle.put(one)

    def with_one(table: str) -> Found:
        mine = idle.get()
        try:
            return work(mine, table)
        finally:
            idle.put(mine)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        coming = [pool.submit(with_one, table) for table in tables]
        try:
            for future in coming:
                yield future.result()
        finally:
            going = [future for future in coming if not future.cancel()]
            while wait(going, timeout=MOMENT).not_done:  # again: what comes between two statements is not heard
                for one in several:
                    one.con.interrupt()
            for one in several:
                one.con.close()
