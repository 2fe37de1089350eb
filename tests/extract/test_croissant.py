"""The release describes itself to ML tools."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from extract.files import sha256_file
from tests.extract.release import built


def test_every_parquet_file_is_named_with_its_digest_and_every_table_with_its_fields(tmp_path: Path) -> None:
    folder, manifest = built(tmp_path)
    told = json.loads((folder / "croissant.json").read_text(encoding="utf-8"))
    assert {file["contentUrl"]: file["sha256"] for file in told["distribution"]} == {
        path.relative_to(folder).as_posix(): sha256_file(path) for path in folder.rglob("*.parquet")
    }
    fields = {records["@id"]: [field["name"] for field in records["field"]] for records in told["recordSet"]}
    entry = manifest.file("tables/person.parquet")
    assert entry is not None
    assert fields["tables/person"] == [column.name for column in entry.columns or ()]
    assert manifest.file("croissant.json") is not None


def test_mlcroissant_loads_the_rows_of_every_record_set(tmp_path: Path) -> None:
    mlcroissant = pytest.importorskip("mlcroissant")
    folder, manifest = built(tmp_path)
    dataset = mlcroissant.Dataset(str(folder / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    for records in dataset.metadata.record_sets:
        entry = manifest.file(f"{records.uuid}.parquet")
        assert entry is not None
        assert len(list(dataset.records(records.uuid))) == entry.rows
