"""Spark: addresses, what it refuses, and that nothing of a row is written anywhere. What it computes: tests/cohorts/conformance."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cdm import open_source
from cdm.errors import BadInput, SourceUnavailable
from cdm.source import InPlace, Kind, Need
from tests.cdm.cdms import tiny
from tests.spark import needs_spark
from tests.tables import write_parquet

PEOPLE = Need({"person": ("person_id", "year_of_birth")})
TEXTS: Mapping[str, Mapping[str, Kind]] = {"texts": {"said": "text"}}
NUMBERS: Mapping[str, Mapping[str, Kind]] = {"numbers": {"number": "long"}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_parquet(tmp_path / "cdm", tiny())


@pytest.fixture
def url(folder: Path) -> str:
    return f"spark://local[2]{folder}?memory=1g"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("spark://local[2]", "is not spark://local[CORES]/absolute/path/of/a/folder"),
        ("spark://local[two]/srv/cdm", "is not spark://local[CORES]/absolute/path/of/a/folder"),
        ("spark://local[2]/srv/nowhere", "there is no folder /srv/nowhere"),
        ("spark://local[2]/srv/cdm?memory=lots", "memory of spark://local[2]/srv/cdm?memory=lots has to be a number"),
        ("spark://local[2]/srv/cdm?schema=cdm", "option schema of"),
        ("spark://host:15002/cdm", "is neither spark://host:15002?schema=cdm nor spark://local[2]/absolute"),
        ("spark://host:port", "is neither spark://host:15002?schema=cdm nor spark://local[2]/absolute"),
        ("spark://host?tls=maybe", "tls of spark://host?tls=maybe has to be yes or no"),
    ],
)
def test_a_wrong_address_is_told_in_one_sentence(url: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as told:
        open_source(url, tmp_path)
    assert said in str(told.value)
    assert "\n" not in str(told.value)


def test_without_the_extra_it_says_how_to_install_it(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with open_source(url, tmp_path) as source, pytest.raises(BadInput, match="pip install 'naru"):
        source.in_place(PEOPLE)


def test_the_rows_that_a_step_asks_for_are_those_of_the_folder(url: str, folder: Path, tmp_path: Path) -> None:
    with open_source(url, tmp_path) as spark, open_source(f"parquet://{folder}", tmp_path) as parquet:
        assert (spark.release(), spark.tables(), spark.version) == (
            parquet.release(),
            parquet.tables(),
            parquet.version,
        )
        assert spark.vocabulary_key() == parquet.vocabulary_key()


def test_a_file_that_spark_would_pass_over_without_a_word_is_refused(folder: Path, tmp_path: Path) -> None:
    hidden = folder / "person"
    hidden.mkdir()
    (folder / "person.parquet").rename(hidden / "_part.parquet")
    with (
        open_source(f"spark://local[2]{folder}", tmp_path) as source,
        pytest.raises(BadInput, match="begins with _ or"),
    ):
        source.in_place(PEOPLE)


@pytest.fixture
def place(url: str, tmp_path: Path, spark_running: None) -> Iterator[InPlace]:
    with open_source(url, tmp_path) as source, source.in_place(PEOPLE) as found:
        yield found


def ask(place: InPlace, query: str) -> list[tuple[object, ...]]:
    with place.work({}) as work:
        return [tuple(row.values()) for row in work.fetch(query).to_pylist()]


@needs_spark
def test_the_tables_of_a_need_are_shown_under_their_names(place: InPlace) -> None:
    assert place.engine == "spark"
    assert ask(place, "SELECT * FROM cdm_person ORDER BY 1") == [(1, 1950), (2, 1960), (3, 1970)]


@needs_spark
def test_texts_arrive_as_they_are_and_an_empty_table_is_one(place: InPlace) -> None:
    said = ["it's", "a\\b", '"', "환자", None]
    with place.work({**TEXTS, **NUMBERS}) as work:
        work.load("texts", pa.table({"said": said}))
        assert work.fetch("SELECT said FROM texts").column("said").to_pylist() == said
        work.load("numbers", pa.table({"number": pa.array([], pa.int64())}))
        assert work.fetch("SELECT number FROM numbers").num_rows == 0


@needs_spark
def test_a_value_that_fails_is_in_no_error_and_on_no_output(
    place: InPlace, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with place.work(TEXTS | NUMBERS) as work:
        work.load("texts", pa.table({"said": ["canary-7391"]}))
        with pytest.raises(BadInput, match="a column holds a value that its type in the CDM cannot hold") as told:
            work.fill("numbers", "SELECT CAST(said AS BIGINT) FROM texts")
        with pytest.raises(BadInput):
            work.fetch("SELECT CAST(said AS DATE) FROM texts")
    written = capfd.readouterr()
    assert "canary" not in str(told.value) + written.out + written.err + caplog.text
    assert told.value.__cause__ is None


@needs_spark
def test_files_that_change_in_the_middle_are_noticed(
    url: str, folder: Path, tmp_path: Path, spark_running: None
) -> None:
    changed = pytest.raises(SourceUnavailable, match="changed in the middle")
    with open_source(url, tmp_path) as source, source.in_place(PEOPLE) as place, changed, place.work({}):
        pq.write_table(tiny()["person"].slice(1), folder / "person.parquet")


@needs_spark
def test_a_column_of_another_kind_is_refused(folder: Path, url: str, tmp_path: Path, spark_running: None) -> None:
    born = pa.array(["1950", "1960", "1970"])
    person = tiny()["person"]
    index = person.schema.get_field_index("year_of_birth")
    pq.write_table(person.set_column(index, "year_of_birth", born), folder / "person.parquet")
    with open_source(url, tmp_path) as source, pytest.raises(BadInput, match="person.year_of_birth is of another type"):
        source.in_place(PEOPLE)


@needs_spark
def test_without_java_it_says_what_to_install(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cdm.sources import spark_session

    monkeypatch.setattr(spark_session, "_running", None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with open_source(url, tmp_path) as source, pytest.raises(BadInput, match="Spark needs Java 17 or newer"):
        source.in_place(PEOPLE)


@needs_spark
def test_a_server_that_is_away_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="no server listens there"):
        open_source("spark://127.0.0.1:9", tmp_path)


@needs_spark
def test_nothing_is_left_of_a_session_in_the_folder_that_it_ran_in(place: InPlace) -> None:
    assert ask(place, "SELECT count(*) FROM cdm_person") == [(3,)]
    left = {"spark-warehouse", "metastore_db", "artifacts", "derby.log"}
    assert not left & {file.name for file in Path().iterdir()}
