"""A hospital's list of names: whom its notes may speak of. It never leaves the hospital, and no run keeps a copy."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb
import pyarrow as pa

from cdm.errors import BadInput
from flows.site import Site

_READERS = {".parquet": "read_parquet($path)", ".csv": "read_csv($path, header = true, all_varchar = true)"}


def read(site: Site) -> pa.Table | None:
    """Read the list (person_id as text or number, empty for staff; name); None where the site has none.

    Raises BadInput for a file that is missing, of another kind, or without a column `name`.
    """
    if site.known_names is None:
        return None
    path = _file(site.known_names)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise BadInput(
            f"known names {path.name}: a Parquet or CSV file is expected; name one that ends with .parquet or .csv"
        )
    with duckdb.connect() as con:
        try:
            found: pa.Table = con.sql(f"SELECT * FROM {reader}", params={"path": str(path)}).to_arrow_table()
        except duckdb.Error:  # its text may quote the file
            raise BadInput(f"known names {path.name} cannot be read; expected columns person_id and name") from None
    if "name" not in found.column_names:
        raise BadInput(f"known names {path.name} has no column 'name'; expected person_id and name")
    names: pa.Table = found.select(["name"]).cast(pa.schema([("name", pa.large_string())]))
    return names


def digest(site: Site) -> str | None:
    """Hash (SHA-256) the list, so that a run with another list is another run; None where the site has none."""
    if site.known_names is None:
        return None
    with _file(site.known_names).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _file(name: str) -> Path:
    path = Path(name)
    if not path.is_file():
        raise BadInput(
            f"known names: {path.name} is not there; give the list again with naru site add --known-names FILE --replace"
        )
    return path
