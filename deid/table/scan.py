"""Opening a flat table, CSV or Parquet, and taking its columns as texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from cdm.errors import BadInput

_SEPARATORS = (";", ",", "\t")


def scan(path: Path, columns: Sequence[str]) -> pl.LazyFrame:
    """Open a Parquet file, or a CSV with a header, split by ; or , or tabs, all of it text.

    Raises BadInput for a file that cannot be read or lacks one of the columns.
    """
    if not path.is_file():
        raise BadInput(f"{path}: no such file; give a Parquet or CSV file")
    try:
        rows = pl.scan_parquet(path) if path.suffix == ".parquet" else _scan_csv(path, columns)
        found = rows.collect_schema().names()
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError):  # its text may quote the file
        raise BadInput(f"{path}: cannot be read as Parquet or CSV in UTF-8; write the file anew") from None
    missing = [column for column in columns if column not in found]
    if missing:
        raise BadInput(f"{path.name} has no column {', '.join(missing)}; its columns are {', '.join(found)}")
    if path.suffix != ".parquet":
        # Only a reader of all columns notices a row of too many fields, whose values stand under wrong names.
        collect(rows.select(pl.all().null_count()))
    return rows.select(columns)


def _scan_csv(path: Path, columns: Sequence[str]) -> pl.LazyFrame:
    with path.open(encoding="utf-8-sig") as file:
        header = file.readline()
    separator = max(_SEPARATORS, key=lambda s: len(set(columns) & {n.strip(' "\r\n') for n in header.split(s)}))
    return pl.scan_csv(path, separator=separator, infer_schema=False)


def collect(rows: pl.LazyFrame) -> pl.DataFrame:
    """Read rows to the end. Raises BadInput where the file does not hold what its beginning promised."""
    try:
        return rows.collect(engine="streaming")
    except pl.exceptions.PolarsError:  # its text may quote the file
        raise unreadable() from None


def unreadable() -> BadInput:
    """Say that a file does not hold what its beginning promised."""
    return BadInput("the table cannot be read to its end: rows of as many fields as the header, in UTF-8")


def text(rows: pl.LazyFrame, column: str) -> pl.Expr:
    """Give a column as the texts that a hierarchy names: missing is empty, 39.0 is 39."""
    found = pl.col(column).cast(pl.String).fill_null("")
    return found.str.strip_suffix(".0") if rows.collect_schema()[column].is_float() else found
