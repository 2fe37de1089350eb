"""The one place that opens DuckDB, the engine of every room."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cdm.errors import BadInput

THREADS = "NARU_THREADS"
"""The environment's word on how many threads an engine uses where its limits say nothing."""
_MOST = 1024


@dataclass(frozen=True)
class Limits:
    """How much of the machine one engine may use; `None` leaves DuckDB's own default, for threads after the environment's."""

    threads: int | None = None
    memory: str | None = None
    spill: Path | None = None


def connect(limits: Limits | None = None, database: str = ":memory:") -> duckdb.DuckDBPyConnection:
    """Open a DuckDB engine: no progress bar on stdout, no extension downloads, UTC, insertion order kept.

    `database` is ':memory:' or the path of a workspace file. Raises BadInput where the environment's number of threads is none.
    """
    limits = limits or Limits()
    threads = _threads() if limits.threads is None else limits.threads
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if threads is not None:
        settings["threads"] = threads
    if limits.memory is not None:
        settings["memory_limit"] = limits.memory
    if limits.spill is not None:
        settings["temp_directory"] = str(limits.spill)
    con = duckdb.connect(database, config=settings)
    con.execute("SET enable_progress_bar = false")
    return con


def _threads() -> int | None:
    given = os.environ.get(THREADS, "").strip()
    if not given:
        return None
    if not (given.isascii() and given.isdecimal() and 1 <= int(given) <= _MOST):
        raise BadInput(
            f"the environment's {THREADS} is no number of threads; expected a whole number from 1 to {_MOST}: set it, or unset it"
        )
    return int(given)
