"""Reading a flat table: each quasi-identifier as places in its hierarchy, each sensitive attribute as codes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cdm.errors import BadInput
from deid import hierarchy_files
from deid.hierarchies import Hierarchy
from deid.table.coded import Coded, coded
from deid.table.scan import collect, scan
from deid.table.spec import HierarchicalSpec, QuasiSpec, TableSpec


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


def read(path: Path, spec: TableSpec, folder: Path) -> Table:
    """Read the columns that a specification names, its hierarchies' files from `folder` on.

    Raises BadInput also where a value has no row in its hierarchy, or the table has no rows.
    """
    rows = scan(path, spec.columns)
    if not collect(rows.select(pl.len())).item():
        raise BadInput(f"{path.name} has no rows; there is nobody to protect")
    trees = {
        name: hierarchy_files.read_csv(name, folder / part.hierarchy)
        for name, part in spec.sensitive.items()
        if isinstance(part, HierarchicalSpec)
    }
    hierarchies, sensitive, codes = [], {}, []
    for name, part in spec.quasi_identifiers.items():
        column = coded(rows, path, name)
        hierarchies.append(_hierarchy(column, name, part, folder))
        codes.append(_places(path, name, column, _values(hierarchies[-1])))
    for name in spec.sensitive:
        column = coded(rows, path, name)
        sensitive[name] = _values(trees[name]) if name in trees else column.values
        codes.append(_places(path, name, column, sensitive[name]))
    return Table(pl.DataFrame(codes), tuple(hierarchies), sensitive, trees, rows)


def _places(path: Path, name: str, column: Coded, known: tuple[str, ...]) -> pl.Series:
    """The place of each row's text among those of a hierarchy."""
    found = column.among(known)
    if missing := found.null_count():
        raise BadInput(
            f"{path.name}: {missing} rows have a {name} that its hierarchy lacks (an empty one counts); "
            "add a row for every value"
        )
    return found.alias(name)


def _hierarchy(column: Coded, name: str, spec: QuasiSpec, folder: Path) -> Hierarchy:
    if spec.hierarchy is not None:
        return hierarchy_files.read_csv(name, folder / spec.hierarchy)
    if spec.tree is not None:
        return hierarchy_files.tree(name, spec.tree)
    if spec.intervals is not None:
        return hierarchy_files.intervals(name, column.values, spec.intervals, spec.top)
    if spec.parts is not None:
        return hierarchy_files.parts(name, column.values, spec.parts)
    return hierarchy_files.flat(name, column.values)


def _values(hierarchy: Hierarchy) -> tuple[str, ...]:
    return tuple(hierarchy.labels[0][code] for code in hierarchy.codes[0])
