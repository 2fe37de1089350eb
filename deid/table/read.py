"""Reading a flat table: each quasi-identifier as places in its hierarchy, each sensitive attribute as codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cdm.errors import BadInput
from deid import hierarchy_files
from deid.hierarchies import Hierarchy
from deid.table.spec import HierarchicalSpec, QuasiSpec, TableSpec

_SEPARATORS = (";", ",", "\t")


@dataclass(frozen=True)
class Table:
    """A table read. codes: a column for each quasi-identifier and each sensitive attribute, places in `values`.

    hierarchies: in the order of the quasi-identifiers; a place is that of a hierarchy's row. rows: where the columns
    that leave are read from again.
    """

    codes: pl.DataFrame
    hierarchies: tuple[Hierarchy, ...]
    sensitive: dict[str, tuple[str, ...]]
    trees: dict[str, Hierarchy]
    rows: pl.LazyFrame

    @property
    def quasi(self) -> tuple[str, ...]:
        """Name the quasi-identifiers."""
        return tuple(hierarchy.name for hierarchy in self.hierarchies)

    @property
    def records(self) -> int:
        """Count the records."""
        return self.codes.height


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
        raise BadInput("the table cannot be read to its end: rows of as many fields as the header, in UTF-8") from None


def text(rows: pl.LazyFrame, column: str) -> pl.Expr:
    """Give a column as the texts that a hierarchy names: missing is empty, 39.0 is 39."""
    found = pl.col(column).cast(pl.String).fill_null("")
    return found.str.strip_suffix(".0") if rows.collect_schema()[column].is_float() else found


def read(path: Path, spec: TableSpec, folder: Path) -> Table:
    """Read the columns that a specification names, its hierarchies' files from `folder` on.

    Raises BadInput also where a value has no row in its hierarchy, or the table has no rows.
    """
    rows = scan(path, spec.columns)
    if not collect(rows.select(pl.len())).item():
        raise BadInput(f"{path.name} has no rows; there is nobody to protect")
    hierarchies = tuple(_hierarchy(rows, name, part, folder) for name, part in spec.quasi_identifiers.items())
    trees = {
        name: hierarchy_files.read_csv(name, folder / part.hierarchy)
        for name, part in spec.sensitive.items()
        if isinstance(part, HierarchicalSpec)
    }
    known = {hierarchy.name: _values(hierarchy) for hierarchy in hierarchies}
    sensitive = {n: _values(trees[n]) if n in trees else _distinct(rows, n) for n in spec.sensitive}
    coded = collect(
        rows.select(
            text(rows, name).cast(pl.Enum(values), strict=False).to_physical().alias(name)
            for name, values in (known | sensitive).items()
        )
    )
    for name, missing in zip(coded.columns, coded.null_count().row(0), strict=True):
        if missing:
            raise BadInput(
                f"{path.name}: {missing} rows have a {name} that its hierarchy lacks (an empty one counts); "
                "add a row for every value"
            )
    return Table(coded, hierarchies, sensitive, trees, rows)


def _hierarchy(rows: pl.LazyFrame, name: str, spec: QuasiSpec, folder: Path) -> Hierarchy:
    if spec.hierarchy is not None:
        return hierarchy_files.read_csv(name, folder / spec.hierarchy)
    if spec.tree is not None:
        return hierarchy_files.tree(name, spec.tree)
    values = _distinct(rows, name)
    if spec.intervals is not None:
        return hierarchy_files.intervals(name, values, spec.intervals, spec.top)
    return hierarchy_files.flat(name, values) if spec.parts is None else hierarchy_files.parts(name, values, spec.parts)


def _values(hierarchy: Hierarchy) -> tuple[str, ...]:
    return tuple(hierarchy.labels[0][code] for code in hierarchy.codes[0])


def _distinct(rows: pl.LazyFrame, name: str) -> tuple[str, ...]:
    found = collect(rows.select(text(rows, name).unique().sort()))
    return tuple(found.to_series().to_list())
