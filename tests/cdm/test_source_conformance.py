"""What every kind of source does alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from cdm import open_source
from cdm.engine import connect
from cdm.errors import BadInput
from cdm.schema import tables
from cdm.source import Need, Source
from tests.cdm.cdms import tiny, write
from tests.tables import table

KINDS = ("duckdb", "parquet", "postgresql")
Write = Callable[[dict[str, pa.Table]], str]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def written(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Write:
    """Writes tables into a database of the kind at hand, gives its address."""
    postgres = request.getfixturevalue("postgres") if kind == "postgresql" else ""
    return lambda content: write(kind, tmp_path, postgres, content)


@pytest.fixture
def engine() -> duckdb.DuckDBPyConnection:
    with connect() as con:
        yield con


def people(*ids: int) -> pa.Table:
    return pa.table({"person_id": pa.array(ids, pa.int64())})


def shown(con: duckdb.DuckDBPyConnection, name: str) -> list[tuple[object, ...]]:
    return con.execute(f"SELECT * FROM cdm.{name} ORDER BY ALL").fetchall()


def types(con: duckdb.DuckDBPyConnection, name: str) -> dict[str, str]:
    return {row[0]: row[1] for row in con.execute(f"DESCRIBE cdm.{name}").fetchall()}


def opened(written: Write, content: dict[str, pa.Table], tmp_path: Path) -> Source:
    return open_source(written(content), tmp_path / "home")


@pytest.mark.parametrize("version", ["5.3", "5.4"])
def test_the_version_is_what_cdm_source_says(written: Write, tmp_path: Path, version: str) -> None:
    with opened(written, tiny(version), tmp_path) as source:
        assert source.version == version


@pytest.mark.parametrize("version", ["5.3", "5.4"])
def test_without_a_word_of_cdm_source_the_columns_tell_the_version(
    written: Write, tmp_path: Path, version: str
) -> None:
    content = tiny(version)
    del content["cdm_source"]
    with opened(written, content, tmp_path) as source:
        assert source.version == version
        assert source.release().cdm_source_name == ""


def test_a_version_that_naru_does_not_read_is_refused(written: Write, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"CDM 6\.0; Naru reads 5\.3 and 5\.4"):
        opened(written, tiny() | {"cdm_source": table("cdm_source_name | cdm_version\n x | 6.0")}, tmp_path)


def test_tables_and_columns_are_named_as_the_cdm_does_in_its_order(written: Write, tmp_path: Path, kind: str) -> None:
    content = tiny()
    person = content["person"].select(content["person"].column_names[::-1])
    content["PERSON"] = person.rename_columns([name.upper() for name in person.column_names]).append_column(
        "Extra", pa.array([1, 2, 3])
    )
    del content["person"]
    content["not_of_the_cdm"] = content["measurement"]
    with opened(written, content, tmp_path) as source, connect() as con:
        assert source.kind == kind
        given = {name: set(table.column_names) for name, table in tiny().items()}
        assert dict(source.tables()) == {
            name: tuple(column for column in known.names if column in given[name])
            for name, known in tables("5.4").items()
            if name in given
        }
        assert list(source.tables()) == [name for name in tables("5.4") if name in given]
        source.attach(con, Need({"person": ("year_of_birth", "person_id")}))
        assert shown(con, "person") == [(1, 1950), (2, 1960), (3, 1970)]


def test_people_limit_the_tables_with_a_person_key_and_no_others(
    written: Write, tmp_path: Path, engine: duckdb.DuckDBPyConnection
) -> None:
    with opened(written, tiny(), tmp_path) as source:
        need = {"person": ("person_id",), "measurement": ("measurement_id",), "concept": ("concept_id",)}
        source.attach(engine, Need(need, people(1, 3, 77)))
        assert shown(engine, "person") == [(1,), (3,)]
        assert shown(engine, "measurement") == [(10,), (11,)]
        assert shown(engine, "concept") == [(999,), (8507,), (3004249,)]


def test_rows_that_belong_to_a_person_through_another_table_are_limited_too(
    written: Write, tmp_path: Path, engine: duckdb.DuckDBPyConnection
) -> None:
    with opened(written, tiny(), tmp_path) as source:
        source.attach(engine, Need({"note_nlp": ("note_nlp_id",)}, people(3)))
        assert shown(engine, "note_nlp") == [(61,)]


def test_nobody_asked_is_no_row_and_none_is_everybody(
    written: Write, tmp_path: Path, engine: duckdb.DuckDBPyConnection
) -> None:
    with opened(written, tiny(), tmp_path) as source:
        source.attach(engine, Need({"person": ("person_id",)}, people()))
        assert shown(engine, "person") == []
        source.attach(engine, Need({"person": ("person_id",)}))
        assert shown(engine, "person") == [(1,), (2,), (3,)]


def test_a_later_need_replaces_its_own_tables_and_leaves_the_others(
    written: Write, tmp_path: Path, engine: duckdb.DuckDBPyConnection
) -> None:
    with opened(written, tiny(), tmp_path) as source:
        source.attach(engine, Need({"person": ("person_id",), "measurement": ("person_id",)}, people(1)))
        source.attach(engine, Need({"person": ("person_id", "year_of_birth")}, people(2)))
        assert shown(engine, "person") == [(2, 1960)]
        assert shown(engine, "measurement") == [(1,), (1,)]


def test_an_earlier_table_of_that_name_in_the_engine_gives_way(
    written: Write, tmp_path: Path, engine: duckdb.DuckDBPyConnection
) -> None:
    engine.execute("CREATE SCHEMA cdm; CREATE TABLE cdm.person AS SELECT 1; CREATE VIEW cdm.note AS SELECT 1")
    with opened(written, tiny(), tmp_path) as source:
        source.attach(engine, Need({"person": ("person_id",), "note": ("note_id",)}))
        assert shown(engine, "person") == [(1,), (2,), (3,)]
        assert shown(engine, "note") == [(50,), (51,)]


def test_every_column_of_the_version_is_shown_when_none_is_named(
    written: Write, tmp_path: Path, engine: duckdb.DuckDBPyConnection
) -> None:
    with opened(written, tiny("5.3"), tmp_path) as source:
        source.attach(engine, Need({"visit_occurrence": ()}))
        assert tuple(types(engine, "visit_occurrence")) == tables("5.3")["visit_occurrence"].names


def test_an_optional_column_that_lacks_is_null_of_its_type(
    written: Write, tmp_path: Path, engine: duckdb.DuckDBPyConnection
) -> None:
    with opened(written, tiny(), tmp_path) as source:
        source.attach(
            engine,
            Need(
                {
                    "measurement": (
                        "measurement_id",
                        "range_low",
                        "unit_source_value",
                        "measurement_datetime",
                        "unit_concept_id",
                    )
                }
            ),
        )
        assert types(engine, "measurement") == {
            "measurement_id": "BIGINT",
            "measurement_datetime": "TIMESTAMP",
            "unit_concept_id": "BIGINT",
            "range_low": "DOUBLE",
            "unit_source_value": "VARCHAR",
        }
        assert engine.execute("SELECT count(range_low) + count(unit_concept_id) FROM cdm.measurement").fetchone() == (
            0,
        )


@pytest.mark.parametrize(
    ("need", "says"),
    [
        ({"drug_exposure": ("person_id",)}, "no table drug_exposure"),
        ({"measurement": ()}, None),
        ({"visit_occurrence": ("visit_occurrence_id", "visit_source_value")}, None),
        ({"person": ("person_id", "shoe_size")}, "no column shoe_size"),
        ({"shoes": ()}, "no table shoes"),
    ],
)
def test_what_the_cdm_or_the_database_does_not_have_is_refused_by_name(
    written: Write,
    tmp_path: Path,
    engine: duckdb.DuckDBPyConnection,
    need: dict[str, tuple[str, ...]],
    says: str | None,
) -> None:
    with opened(written, tiny(), tmp_path) as source:
        if says is None:
            source.attach(engine, Need(need))
            return
        with pytest.raises(BadInput, match=says):
            source.attach(engine, Need(need))


def test_a_required_column_that_lacks_is_refused_by_name(
    written: Write, tmp_path: Path, engine: duckdb.DuckDBPyConnection
) -> None:
    content = tiny()
    content["person"] = content["person"].drop_columns(["gender_concept_id"])
    with opened(written, content, tmp_path) as source:
        source.attach(engine, Need({"person": ("person_id",)}))
        with pytest.raises(BadInput, match="table person of .* lacks gender_concept_id"):
            source.attach(engine, Need({"person": ()}))


def test_a_right_family_keeps_its_width_and_another_is_cast(
    written: Write, tmp_path: Path, engine: duckdb.DuckDBPyConnection
) -> None:
    content = tiny()
    content["measurement"] = pa.table(
        {
            "measurement_id": pa.array([1.0, 2.0]),
            "person_id": pa.array([1, 2], pa.int32()),
            "measurement_concept_id": pa.array(["3004249", " 0 "]),
            "measurement_date": pa.array(["2020-01-01", "2020-02-01"]),
            "measurement_type_concept_id": pa.array([1, 1]),
            "value_as_number": pa.array(["", "1.5e2"]),
            "range_low": pa.array([3, 4], pa.int32()),
            "measurement_source_value": pa.array([5, 6]),
        }
    )
    asked = tuple(content["measurement"].column_names)
    with opened(written, content, tmp_path) as source:
        source.attach(engine, Need({"measurement": asked}))
        assert types(engine, "measurement")["person_id"] == "INTEGER"
        day = engine.execute("SELECT DATE '2020-01-01', DATE '2020-02-01'").fetchone()
        assert shown(engine, "measurement") == [
            (1, 1, 3004249, day[0], 1, None, 3.0, "5"),
            (2, 2, 0, day[1], 1, 150.0, 4.0, "6"),
        ]
        source.attach(engine, Need({"measurement": asked}, people(2)))
        assert len(shown(engine, "measurement")) == 1


def test_values_that_cannot_be_cast_are_counted_and_never_quoted(
    written: Write, tmp_path: Path, engine: duckdb.DuckDBPyConnection
) -> None:
    content = tiny()
    content["measurement"] = content["measurement"].set_column(
        5, "value_as_number", pa.array(["SECRET", "SECRET", "1"])
    )
    with opened(written, content, tmp_path) as source:
        with pytest.raises(
            BadInput, match=r"value_as_number of .* holds at least 2 values that are not a number"
        ) as refused:
            source.attach(engine, Need({"measurement": ("person_id", "value_as_number")}))
        assert "SECRET" not in str(refused.value)
        source.attach(engine, Need({"measurement": ("person_id", "value_as_number")}, people(2)))
        assert shown(engine, "measurement") == [(2, 1.0)]


def test_a_person_key_of_texts_still_finds_its_people(
    written: Write, tmp_path: Path, engine: duckdb.DuckDBPyConnection
) -> None:
    content = tiny()
    content["measurement"] = content["measurement"].set_column(1, "person_id", pa.array(["1", "1", "2"]))
    with opened(written, content, tmp_path) as source:
        source.attach(engine, Need({"measurement": ("measurement_id", "person_id")}, people(2)))
        assert shown(engine, "measurement") == [(12, 2)]


def test_a_release_says_which_state_it_is_and_is_the_same_when_opened_again(written: Write, tmp_path: Path) -> None:
    address = written(tiny())
    with open_source(address, tmp_path) as source:
        release = source.release()
    assert release.cdm_source_name == "Tiny"
    assert release.cdm_version == "5.4"
    assert release.cdm_release_date == "2024-02-01"
    assert release.vocabulary_version == "v5.0 31-AUG-23"
    counts = {"person": 3, "measurement": 3, "note": 2, "note_nlp": 2, "visit_occurrence": 1, "cdm_source": 2}
    assert release.row_counts == counts
    with open_source(address, tmp_path) as source:
        assert source.release() == release


def test_all_kinds_of_database_give_one_state_one_digest(postgres: str, tmp_path: Path) -> None:
    digests = set()
    for kind in KINDS:
        with open_source(write(kind, tmp_path, postgres, tiny()), tmp_path) as source:
            digests.add(source.release().digest)
    assert len(digests) == 1


def test_another_number_of_rows_is_another_release(
    written: Write, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    content = tiny()
    with opened(written, content, tmp_path) as source:
        digest = source.release().digest
    content["measurement"] = content["measurement"].slice(1)
    (tmp_path / "other").mkdir()
    with open_source(write("parquet", tmp_path / "other", "", content), tmp_path) as source:
        assert source.release().digest != digest


def test_a_database_without_a_person_table_is_no_cdm(written: Write, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not an OMOP CDM: no table person with a person_id"):
        opened(written, {"orders": tiny()["measurement"]}, tmp_path)


def test_closing_twice_is_harmless_and_a_closed_source_says_so(
    written: Write, tmp_path: Path, engine: duckdb.DuckDBPyConnection
) -> None:
    source = opened(written, tiny(), tmp_path)
    source.close()
    source.close()
    with pytest.raises(BadInput, match="was closed already"):
        source.attach(engine, Need({"person": ()}))
    with pytest.raises(BadInput, match="was closed already"):
        source.release()
