"""The one place that opens DuckDB, the engine of every room."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb


@dataclass(frozen=True)
class Limits:
    """How much of the machine one engine may use; `None` leaves DuckDB's own default."""

    threads: int | None = None
    memory: str | None = None
    spill: Path | None = None


def connect(limits: Limits | None = None, database: str = ":memory:") -> duckdb.DuckDBPyConnection:
    """Open a DuckDB engine: no progress bar on stdout, no extension downloads, UTC, insertion order kept.

    `database` is ':memory:' or the path of a workspace file.
    """
    limits = limits or Limits()
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if limits.threads is not None:
        settings["threads"] = limits.threads
    if limits.memory is not None:
        settings["memory_limit"] = limits.memory
    if limits.spill is not None:
        settings["temp_directory"] = str(limits.spill)
    con = duckdb.connect(database, config=settings)
    con.execute("SET enable_progress_bar = false")
    return con
