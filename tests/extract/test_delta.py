"""A new version is the earlier one's tables and the rows of the people who changed, read as one table."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdm.errors import BadInput
from extract.delta import READ, read, whole_rows
from extract.inputs import PackageInputs
from extract.loader import open_dataset
from extract.manifest import read_manifest
from extract.package import build
from extract.readme import code_of
from extract.verify import verify
from tests.extract.release import deidentified, inputs

PEOPLE = 40
NAMES = ("person", "measurement")


def tables(versions: dict[int, int]) -> dict[str, str]:
    """Person -> state of their record; another state is another value."""
    ids = sorted(versions)
    cohort = "subject_id | site_name | set_id | role | index_date | weight\n" + "\n".join(
        f"{i} | seoul01 | {i} | {'case' if i % 2 else 'control'} | 2031-02-03 | 1.0" for i in ids
    )
    person = "person_id | gender_concept_id | year_of_birth\n" + "\n".join(f"{i} | 8507 | 1950" for i in ids)
    measured = "measurement_id|person_id|measurement_concept_id|measurement_date|value_as_number\n" + "\n".join(
        f"{10 * i + n} | {i} | 3004249 | 2031-01-0{n + 1} | {versions[i]}.5" for i in ids for n in range(3)
    )
    return {"cohort": cohort, "person": person, "measurement": measured}


def release(tmp_path: Path, name: str, versions: dict[int, int], base: Path | None = None) -> Path:
    folder = tmp_path / f"deid-{name}"
    deidentified(folder, tables(versions))
    given = inputs(tmp_path)
    told = {
        **given.__dict__,
        "release": f"deterioration-seoul01-{name}",
        "version": name,
        "tables": folder,
        "base": base,
    }
    build(PackageInputs.model_validate(told), tmp_path / name)
    return tmp_path / name


def rows(folder: Path, name: str) -> list[tuple[object, ...]]:
    return sorted(open_dataset(folder).table(name).collect().rows(), key=repr)


EVERYBODY = dict.fromkeys(range(1, PEOPLE + 1), 0)


def test_only_the_people_who_changed_are_written_anew(tmp_path: Path) -> None:
    first = release(tmp_path, "1.0.0", EVERYBODY)
    now = {**{p: s for p, s in EVERYBODY.items() if p != 5}, 7: 1, 99: 0}
    second = release(tmp_path, "1.1.0", now, first)
    assert pl.read_parquet(second / "delta/people.parquet")["subject_id"].to_list() == [5, 7, 99]
    assert pl.read_parquet(second / "delta/measurement.parquet").height == 6
    for name in NAMES:
        assert (second / f"base/{name}.parquet").read_bytes() == (first / f"tables/{name}.parquet").read_bytes()
        assert not (second / f"tables/{name}.parquet").exists()
    assert verify(second, require_signature=False).ok
    base = read_manifest(second).base
    assert base is not None
    assert (base.release, base.manifest_sha256) == ("deterioration-seoul01-1.0.0", read_manifest(first).digest)


def test_both_are_read_as_one_by_the_loader_by_sql_and_by_the_readmes_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = release(tmp_path, "1.0.0", EVERYBODY)
    now = {**EVERYBODY, 7: 1, 99: 0}
    second, whole = release(tmp_path, "1.1.0", now, first), release(tmp_path, "9.0.0", now)
    data = open_dataset(second)
    assert data.tables == ("cohort", "measurement", "person")
    monkeypatch.chdir(second)
    for name in NAMES:
        expected = rows(whole, name)
        assert rows(second, name) == expected
        assert sorted(duckdb.sql(READ.format(table=name)).fetchall(), key=repr) == expected
        assert sorted(duckdb.sql(read(whole, name)).fetchall(), key=repr) == expected
        assert data.arrow(name).num_rows == whole_rows(second, name) == whole_rows(whole, name) == len(expected)
        assert data.pandas(name).shape[0] == len(expected)
    exec(code_of((second / "README.en.md").read_text(encoding="utf-8")), {})
    assert "case" in capsys.readouterr().out
    for language in ("en", "ko"):
        assert "base/T.parquet" in (second / f"README.{language}.md").read_text(encoding="utf-8")


def test_the_delta_is_told_against_the_base_however_many_versions_went_before(tmp_path: Path) -> None:
    folder = release(tmp_path, "1.0.0", EVERYBODY)
    states = dict(EVERYBODY)
    for number in range(1, 5):
        states[number] = 1
        folder = release(tmp_path, f"1.{number}.0", states, folder)
        assert pl.read_parquet(folder / "delta/people.parquet").height == number
        assert read_manifest(folder).base == read_manifest(tmp_path / "1.1.0").base
        assert rows(folder, "measurement") == rows(release(tmp_path, f"9.{number}.0", states), "measurement")


def test_somebody_who_came_back_as_they_were_is_read_from_the_base(tmp_path: Path) -> None:
    first = release(tmp_path, "1.0.0", EVERYBODY)
    second = release(tmp_path, "1.1.0", {**EVERYBODY, 7: 1}, first)
    third = release(tmp_path, "1.2.0", EVERYBODY, second)
    assert pl.read_parquet(third / "delta/people.parquet").height == 0
    assert rows(third, "measurement") == rows(first, "measurement")


def test_other_columns_and_many_changes_are_written_whole(tmp_path: Path) -> None:
    first = release(tmp_path, "1.0.0", EVERYBODY)
    many = release(tmp_path, "1.1.0", dict.fromkeys(EVERYBODY, 1), first)
    assert not (many / "base").exists()
    assert read_manifest(many).base is None
    folder = tmp_path / "deid-more"
    more = tables(EVERYBODY)
    more["person"] = (
        more["person"].replace("| 1950", "| 1950 | 0").replace("year_of_birth", "year_of_birth | race_concept_id")
    )
    deidentified(folder, more)
    told = {**inputs(tmp_path).__dict__, "tables": folder, "base": first}
    assert build(PackageInputs.model_validate(told), tmp_path / "more").base is None


def test_a_base_that_was_changed_is_refused(tmp_path: Path) -> None:
    first = release(tmp_path, "1.0.0", EVERYBODY)
    path = first / "tables/measurement.parquet"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(BadInput):
        release(tmp_path, "1.1.0", {**EVERYBODY, 7: 1}, first)


@settings(max_examples=4, derandomize=True, deadline=None)
@given(st.lists(st.dictionaries(st.integers(1, 12), st.integers(0, 2), min_size=6), min_size=2, max_size=3))
def test_any_history_reads_as_the_newest_whole_version(
    tmp_path_factory: pytest.TempPathFactory, history: list[dict[int, int]]
) -> None:
    tmp_path = tmp_path_factory.mktemp("history")
    folder = None
    for number, states in enumerate(history):
        folder = release(tmp_path, f"1.{number}.0", states, folder)
        whole = release(tmp_path, f"9.{number}.0", states)
        assert all(rows(folder, name) == rows(whole, name) for name in NAMES)
        assert verify(folder, require_signature=False).ok
