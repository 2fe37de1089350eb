"""A folder of Parquet files: `table.parquet`, or a folder `table/` of part files; names in any case."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from cdm.engine import connect
from cdm.errors import BadInput
from cdm.sources.found import FoundColumn, FoundTable, by_lower_name, cdm_tables, check_is_cdm, quoted
from cdm.sources.in_engine import InEngineSource

VOCABULARY = ("concept", "concept_ancestor", "concept_relationship")


def open_parquet(url: str, folder: Path) -> InEngineSource:
    """Open a folder of Parquet files.

    Raises BadInput for a missing folder, a table that is there twice, a file that is not Parquet, no CDM.
    """
    if not folder.is_dir():
        raise BadInput(f"there is no folder {folder} ({url}); check the path, which is absolute after parquet://")
    own = connect()
    try:
        there = files_of(folder, url)
        catalog = {name: _found(own, name, files, url) for name, files in there.items()}
        check_is_cdm(catalog, url)
        vocabulary = [file for name in VOCABULARY for file in there.get(name, [])]
        return InEngineSource(url, "parquet", own, catalog, lambda con: None, vocabulary)
    except BaseException:
        own.close()
        raise


def files_of(folder: Path, url: str) -> dict[str, list[Path]]:
    """Map each CDM table to its files, in the order of their names."""
    found: dict[str, list[Path]] = {}
    for entry in sorted(folder.iterdir()):
        name = re.sub(r"\.parquet$", "", entry.name.lower())
        parts = sorted(p for p in entry.iterdir() if p.suffix.lower() == ".parquet") if entry.is_dir() else [entry]
        if name not in cdm_tables() or not (entry.is_dir() or entry.suffix.lower() == ".parquet"):
            continue
        if name in found:
            raise BadInput(f"{url} holds table {name} twice ({entry.name} and another); keep one of them")
        if not parts:
            raise BadInput(f"{url}: folder {entry.name} holds no *.parquet file; remove it, or fill it")
        found[name] = [part.resolve() for part in parts]
    return found


def _found(con: duckdb.DuckDBPyConnection, name: str, files: list[Path], url: str) -> FoundTable:
    relation = (
        f"read_parquet([{', '.join(_literal(file) for file in files)}], union_by_name=true, hive_partitioning=false)"
    )
    try:
        types = {row[0]: row[1] for row in con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}
    except duckdb.Error:
        raise BadInput(f"{url}: the files of table {name} are not Parquet, or damaged, or of differing types") from None
    columns = {lower: FoundColumn(quoted(column), types[column]) for lower, column in by_lower_name(types).items()}
    return FoundTable(relation, columns)


def _literal(file: Path) -> str:
    """Write a path as a DuckDB text that no glob character opens."""
    return "'" + re.sub(r"([\[*?])", r"[\1]", str(file)).replace("'", "''") + "'"
