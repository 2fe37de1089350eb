"""The same rows leave as the same bytes, in whatever kind of database and in whatever widths the hospital keeps them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from cdm import open_source
from cdm.load import load_into_postgres
from extract.rows import extract_rows
from extract.spec import ExtractSpec
from tests.extract.hospital import draw
from tests.tables import table, write_parquet

PERSON = """
person_id | gender_concept_id | year_of_birth | race_concept_id | ethnicity_concept_id
        1 |              8507 |          1950 |               0 |                    0
        2 |              8532 |          1960 |               0 |                    0
"""
MEASUREMENT = """
measurement_id | person_id | measurement_concept_id | measurement_date | measurement_datetime | measurement_type_concept_id|value_as_number
            11 |         1 |                3004249 |       2020-05-21 |  2020-05-21 08:30:00 |                       32817|          120.5
            12 |         1 |                3004249 |       2020-05-22 |                    - |                       32817|              -
            21 |         2 |                3004249 |       2020-05-21 |  2020-05-21 09:00:01 |                       32817|             80
"""
DRAW = """
person_id | role    | index_date | set_id
        1 | case    | 2020-06-01 |      1
        2 | control | 2020-06-11 |      1
"""
NARROW = {"BIGINT": "INTEGER", "DOUBLE": "DECIMAL(9, 2)", "TIMESTAMP": "TIMESTAMP_S"}


def narrow_file(path: Path, names: dict[str, str]) -> Path:
    """A DuckDB file whose columns are narrower than the engine's."""
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE SCHEMA cdm")
        for name, text in names.items():
            con.register("given", table(text))
            found = con.sql("SELECT * FROM given")
            casts = ", ".join(
                f"CAST({c} AS {NARROW.get(str(kind), str(kind))}) AS {c}"
                for c, kind in zip(found.columns, found.types, strict=True)
            )
            con.execute(f"CREATE TABLE cdm.{name} AS SELECT {casts} FROM given")
    return path


def test_a_duckdb_file_parquet_and_postgresql_give_the_same_bytes(tmp_path: Path, postgres: str) -> None:
    names = {"person": PERSON, "measurement": MEASUREMENT}
    folder = write_parquet(tmp_path / "cdm", {name: table(text) for name, text in names.items()})
    load_into_postgres(folder, postgres, "omop")
    urls = {
        "parquet": f"parquet://{folder}",
        "duckdb": f"duckdb://{narrow_file(tmp_path / 'narrow.duckdb', names)}?schema=cdm",
        "postgresql": f"{postgres}&schema=omop",
    }
    drawn = draw(tmp_path / "draw.parquet", DRAW)
    spec = ExtractSpec.model_validate({"tables": ["person", "measurement"], "window": {}})
    found = {}
    for kind, url in urls.items():
        (out := tmp_path / kind).mkdir()
        with open_source(url, tmp_path) as source:
            assert extract_rows(source, drawn, spec, out).tables["measurement"].rows == 3
        found[kind] = [(out / f"{name}.parquet").read_bytes() for name in names]
    assert found["duckdb"] == found["postgresql"] == found["parquet"]
    kinds = {field.name: str(field.type) for field in pq.read_schema(tmp_path / "duckdb" / "measurement.parquet")}
    assert [kinds[c] for c in ("person_id", "measurement_date", "measurement_datetime", "value_as_number")] == [
        "int64", "date32[day]", "timestamp[us]", "double",
    ]  # fmt: skip
