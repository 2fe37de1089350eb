"""One small hospital for all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cdm.synthetic import materialise

PERSONS = 3000
Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return materialise("haneul", PERSONS, 7, tmp_path_factory.mktemp("synthetic"))


@pytest.fixture(scope="session")
def ask(folder: Path) -> Iterator[Ask]:
    """SQL over the hospital's tables, by their CDM names."""
    with duckdb.connect() as con:
        for file in sorted(folder.glob("*.parquet")):
            con.execute(f"CREATE VIEW \"{file.stem}\" AS SELECT * FROM read_parquet('{file}')")
        yield lambda sql: con.execute(sql).fetchall()
