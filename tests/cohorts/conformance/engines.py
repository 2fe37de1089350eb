"""The engines that have to find the same, and how each of them is given a small CDM."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

import cdm
from cdm.engine import Limits
from cohorts import engine as fast
from cohorts.attrition import Attrition
from cohorts.expression import Expression, parse
from cohorts.in_place import run as in_place
from tests.cdm.cdms import TYPES, write_postgres
from tests.cohorts.small import BASE
from tests.tables import table, write_duckdb, write_parquet

Json = dict[str, Any]
Rows = list[tuple[object, ...]]
Tables = Mapping[str, pa.Table]
Write = Callable[[str, Tables], str]  # a name and a CDM's tables -> the address where they now are
ONE_THREAD = Limits(threads=1)


@dataclass(frozen=True)
class Engine:
    """An engine under test, and a folder of its own."""

    name: str
    write: Write
    folder: Path

    def find(self, url: str, definitions: Mapping[str, Json]) -> tuple[Rows, dict[str, Attrition]]:
        """Rows (definition, person, start, end) in the order of the file, and attrition."""
        out = self.folder / "cohorts.parquet"
        with cdm.open_source(url, self.folder) as source:
            told = in_place.generate(source, parsed(definitions), out, limits=ONE_THREAD)
        return read(out), told


def parsed(definitions: Mapping[str, Json]) -> dict[str, Expression]:
    return {name: parse(json.dumps(one), name) for name, one in definitions.items()}


def reference(folder: Path, url: str, definitions: Mapping[str, Json]) -> tuple[Rows, dict[str, Attrition]]:
    """What the fast engine finds."""
    out = folder / "reference.parquet"
    with cdm.open_source(url, folder) as source:
        told = fast.generate(source, parsed(definitions), out, limits=ONE_THREAD)
    return read(out), told


def read(out: Path) -> Rows:
    return duckdb.sql(f"FROM '{out}'").fetchall()


def with_base(tables: Mapping[str, Any]) -> Tables:
    """Text tables as a CDM; people, periods and vocabulary are those of `small` where the tables do not say otherwise."""
    return {name: table(one) if isinstance(one, str) else one for name, one in {**BASE, **tables}.items()}


def in_duckdb(folder: Path) -> Write:
    def write(name: str, tables: Tables) -> str:
        file = folder / f"{name}.duckdb"
        if not file.exists():
            write_duckdb(file, tables)
        return f"duckdb://{file}?schema=cdm"

    return write


def in_spark(folder: Path) -> Write:
    def write(name: str, tables: Tables) -> str:
        if not (folder / name).exists():
            write_parquet(folder / name, tables)
        return f"spark://local[2]{folder / name}?memory=1g"

    return write


def in_postgres(url: str) -> Write:
    """Each CDM in a schema of its own; numbers are numeric, as in the CDM's own DDL."""
    written: set[str] = set()

    def write(name: str, tables: Tables) -> str:
        if name not in written:
            write_postgres(url, tables, name, {**TYPES, pa.float64(): "numeric"})
            written.add(name)
        return f"{url}&schema={name}"

    return write
