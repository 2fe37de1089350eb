"""What was planted in the hospital's text is in no byte of the release."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cdm.schema import VERSIONS, Table, tables
from cdm.source import CdmVersion
from tests.deid.extracts import policy, run

ROWS = 60
PEOPLE = 12
ID_BASE = 770_000_000_000
MOMENT = dt.datetime(2011, 11, 11, 11, 11, 11)  # noqa: DTZ001  # CDM times have no zone


def planted(table: Table) -> pa.Table:
    """A table in which every text is a canary and every number of a row or person is in one strange range."""
    columns: dict[str, pa.Array] = {}
    rows = PEOPLE if table.name == "person" else ROWS
    for column in table.columns:
        match column.family:
            case "text":
                values = pa.array([f"CANARY-{table.name}-{column.name}-{i}" for i in range(rows)])
            case "date":
                values = pa.array([dt.date(2011, 11, 11) + dt.timedelta(days=i) for i in range(rows)])
            case "datetime":
                values = pa.array([MOMENT + dt.timedelta(days=i) for i in range(rows)])
            case "number":
                values = pa.array([float(i) for i in range(rows)])
            case _:
                values = pa.array(_integers(table, column.name, rows), pa.int64())
        columns[column.name] = values
    return pa.table(columns)


def _integers(table: Table, name: str, rows: int) -> list[int]:
    if name == "year_of_birth":
        return [1960] * rows
    if name in ("person_id", "subject_id"):
        return [ID_BASE + i % PEOPLE for i in range(rows)]
    if name.endswith("_id") and not name.endswith("_concept_id"):
        return [ID_BASE + i for i in range(rows)]
    return [8507] * rows


@pytest.mark.parametrize("version", VERSIONS)
def test_no_planted_text_or_number_is_in_any_byte_of_the_release(tmp_path: Path, version: CdmVersion) -> None:
    content = {name: planted(table) for name, table in tables(version).items()}
    draw = pa.table(
        {
            "person_id": [ID_BASE + i for i in range(PEOPLE)],
            "role": ["case", "control"] * (PEOPLE // 2),
            "index_date": [dt.date(2012, 12, 12)] * PEOPLE,
            "set_id": [ID_BASE + i // 2 for i in range(PEOPLE)],
            "weight": [1.0] * PEOPLE,
        }
    )
    out, _ = run(tmp_path, content, draw=draw, given=policy(k=5), version=version)
    assert len(out) > 15
    assert out["person"].num_rows == PEOPLE
    for path in sorted((tmp_path / "out").iterdir()):
        text = _everything(path)
        assert "CANARY" not in text, path.name
        assert str(ID_BASE)[:9] not in text, path.name
        assert ID_BASE.to_bytes(8, "little")[2:] not in path.read_bytes(), path.name


def _everything(path: Path) -> str:
    """The file's bytes as text, and for Parquet all its values and all its metadata and statistics."""
    text = path.read_bytes().decode("latin-1")
    if path.suffix == ".parquet":
        file = pq.ParquetFile(path)
        groups = [file.metadata.row_group(i).to_dict() for i in range(file.metadata.num_row_groups)]
        buffer = io.StringIO()
        file.read().to_pandas().to_csv(buffer)
        text += str(groups) + str(file.metadata.metadata) + str(file.schema_arrow.metadata) + buffer.getvalue()
    return text


def test_no_planted_value_is_in_the_report_or_in_what_the_engine_was_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = duckdb.connect

    class Listening:
        def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
            self._con = con

        def __enter__(self) -> Listening:
            return self

        def __exit__(self, *_: object) -> None:
            self._con.close()

        def __getattr__(self, name: str) -> object:
            found = getattr(self._con, name)
            if name not in ("execute", "sql"):
                return found

            def listen(query: str, *rest: object, **named: object) -> object:
                asked.append(query)
                return found(query, *rest, **named)

            return listen

    monkeypatch.setattr(duckdb, "connect", lambda *a, **k: Listening(real(*a, **k)))
    content = {name: planted(tables("5.4")[name]) for name in ("person", "visit_occurrence", "location")}
    draw = pa.table(
        {
            "person_id": [ID_BASE + i for i in range(PEOPLE)],
            "role": ["case"] * PEOPLE,
            "index_date": [dt.date(2012, 12, 12)] * PEOPLE,
            "set_id": list(range(PEOPLE)),
            "weight": [1.0] * PEOPLE,
        }
    )
    out, report = run(tmp_path, content, draw=draw, given=policy(k=5))
    told = " ".join(asked) + str(report.to_json())
    assert len(asked) > 8
    assert "CANARY" not in told
    assert str(ID_BASE)[:9] not in told
    numbers = out["crosswalk"].column("subject_id").to_pylist()
    assert not any(str(number) in told for number in numbers)
