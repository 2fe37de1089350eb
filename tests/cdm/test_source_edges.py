"""Databases as they really are: wide ids, odd names and types, views, parts, zones, many people."""

from __future__ import annotations

import time
from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdm import open_source
from cdm.engine import connect
from cdm.errors import BadInput, SourceUnavailable
from cdm.source import Need
from cdm.sources import postgres_pull
from tests.cdm.cdms import connected, tiny, write, write_postgres
from tests.tables import write_duckdb, write_parquet

PERSON = "person_id, gender_concept_id, year_of_birth, race_concept_id, ethnicity_concept_id"

HALF_PAST = datetime(2020, 1, 1, 0, 30)  # noqa: DTZ001  # CDM times are local and have no zone


def people(*ids: int) -> pa.Table:
    return pa.table({"person_id": pa.array(ids, pa.int64())})


def seen(address: str, home: Path, need: Need) -> dict[str, list[tuple[object, ...]]]:
    """The rows of each table of a need, sorted."""
    with open_source(address, home) as source, connect() as con:
        source.attach(con, need)
        return {name: con.execute(f"SELECT * FROM cdm.{name} ORDER BY ALL").fetchall() for name in need.columns}


@pytest.mark.parametrize("kind", ["duckdb", "parquet", "postgresql"])
def test_ids_beyond_32_bits_are_themselves(kind: str, tmp_path: Path, postgres: str) -> None:
    content = tiny()
    wide = 2**53 + 1
    content["person"] = content["person"].set_column(0, "person_id", pa.array([1, 2, wide]))
    address = write(kind, tmp_path, postgres, content)
    assert seen(address, tmp_path, Need({"person": ("person_id",)}, people(wide))) == {"person": [(wide,)]}


def test_a_person_asked_for_may_be_beyond_the_width_of_the_key(tmp_path: Path, postgres: str) -> None:
    with connected(postgres) as con:
        con.execute("CREATE TABLE person AS SELECT 1::int4 AS person_id, 2 AS year_of_birth")
    need = Need({"person": ("person_id",)}, people(1, 2**40))
    assert seen(postgres, tmp_path, need) == {"person": [(1,)]}


def test_a_person_key_of_numeric_or_char_finds_its_people(tmp_path: Path, postgres: str) -> None:
    with connected(postgres) as con:
        con.execute("CREATE TABLE person AS SELECT 7::numeric(38, 0) AS person_id, 1950::numeric AS year_of_birth")
        con.execute("CREATE TABLE death AS SELECT '7'::char(5) AS person_id, DATE '2020-01-01' AS death_date")
    need = Need({"person": ("person_id", "year_of_birth"), "death": ("person_id",)}, people(7, 8))
    assert seen(postgres, tmp_path, need) == {"person": [(7, 1950)], "death": [(7,)]}


def test_a_fraction_where_a_whole_number_belongs_is_refused(tmp_path: Path, postgres: str) -> None:
    with connected(postgres) as con:
        con.execute("CREATE TABLE person AS SELECT 7.5::numeric AS person_id, 1950 AS year_of_birth")
    with pytest.raises(BadInput, match=r"person\.person_id of .* values that are not a whole number"):
        seen(postgres, tmp_path, Need({"person": ("person_id",)}))


def test_views_partitions_and_domains_are_read_as_tables_are(tmp_path: Path, postgres: str) -> None:
    with connected(postgres) as con:
        con.execute("""
            CREATE SCHEMA cdm; CREATE SCHEMA raw; CREATE DOMAIN cdm.code AS varchar(20); CREATE TYPE cdm.sex AS ENUM ('M', 'F');
            CREATE TABLE raw.people (id bigint, born int);
            INSERT INTO raw.people VALUES (1, 1950), (2, 1960);
            CREATE VIEW cdm."Person" AS SELECT id AS "Person_ID", born AS "YEAR_OF_BIRTH" FROM raw.people;
            CREATE TABLE cdm.measurement (measurement_id bigint, person_id bigint, measurement_source_value cdm.code,
                unit_source_value cdm.sex) PARTITION BY RANGE (measurement_id);
            CREATE TABLE raw.some PARTITION OF cdm.measurement FOR VALUES FROM (0) TO (10);
            CREATE TABLE raw.more PARTITION OF cdm.measurement FOR VALUES FROM (10) TO (20);
            INSERT INTO cdm.measurement VALUES (1, 1, 'a', 'M'), (11, 1, 'b', 'F'), (12, 2, 'c', 'F');
            CREATE MATERIALIZED VIEW cdm.death AS SELECT 1 AS person_id, DATE '2020-01-01' AS death_date
        """)
    measurement = ("measurement_id", "measurement_source_value", "unit_source_value")
    need = Need({"person": ("person_id",), "measurement": measurement, "death": ("death_date",)}, people(1))
    assert seen(f"{postgres}&schema=cdm", tmp_path, need) == {
        "person": [(1,)],
        "measurement": [(1, "a", "M"), (11, "b", "F")],
        "death": [(date(2020, 1, 1),)],
    }


def test_a_view_in_a_duckdb_file_is_read_as_a_table_is(tmp_path: Path) -> None:
    file = write_duckdb(tmp_path / "h.duckdb", {"people": tiny()["person"]}, schema="cdm")
    with duckdb.connect(str(file)) as con:
        con.execute("CREATE VIEW cdm.PERSON AS SELECT * FROM cdm.people WHERE person_id < 3")
    need = Need({"person": ("person_id",)}, people(2, 3))
    assert seen(f"duckdb://{file}?schema=cdm", tmp_path, need) == {"person": [(2,)]}


def test_odd_names_of_schemas_are_quoted(tmp_path: Path, postgres: str) -> None:
    with connected(postgres) as con:
        con.execute('CREATE SCHEMA "we""ird; drop"; CREATE TABLE "we""ird; drop".person AS SELECT 1 AS person_id')
    assert seen(postgres + '&schema=we"ird%3B drop', tmp_path, Need({"person": ("person_id",)})) == {"person": [(1,)]}


def test_an_instant_is_shown_in_the_zone_of_the_database_and_of_a_file_in_utc(tmp_path: Path, postgres: str) -> None:
    with connected(postgres) as con:
        con.execute(
            "CREATE TABLE person AS SELECT 1 AS person_id, TIMESTAMPTZ '2020-01-01 00:30:00+09' AS birth_datetime"
        )
        con.execute("CREATE TABLE death AS SELECT 1 AS person_id, TIMESTAMPTZ '2020-01-01 00:30:00+09' AS death_date")
        con.execute(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''Asia/Seoul''', current_database()); END $$"
        )
    need = Need({"person": ("birth_datetime",), "death": ("death_date",)})
    assert seen(postgres, tmp_path, need) == {
        "person": [(HALF_PAST,)],
        "death": [(date(2020, 1, 1),)],
    }
    instant = pa.array([HALF_PAST], pa.timestamp("us", "Asia/Seoul"))
    content = {"person": pa.table({"person_id": [1], "birth_datetime": instant})}
    folder = write_parquet(tmp_path / "cdm", content)
    need = Need({"person": ("birth_datetime",)})
    assert seen(f"parquet://{folder}", tmp_path, need) == {"person": [(HALF_PAST,)]}


@pytest.mark.parametrize("kind", ["duckdb", "parquet", "postgresql"])
def test_an_empty_required_value_is_passed_on_as_it_is(kind: str, tmp_path: Path, postgres: str) -> None:
    content = tiny()
    content["person"] = content["person"].set_column(2, "year_of_birth", pa.array([None, 1960, None], pa.int64()))
    address = write(kind, tmp_path, postgres, content)
    need = Need({"person": ("person_id", "year_of_birth")}, people(1, 2))
    assert seen(address, tmp_path, need) == {"person": [(1, None), (2, 1960)]}


@pytest.mark.parametrize("kind", ["duckdb", "parquet", "postgresql"])
def test_a_row_of_nobody_is_shown_to_everybody_and_never_with_people(kind: str, tmp_path: Path, postgres: str) -> None:
    content = tiny()
    content["measurement"] = content["measurement"].set_column(1, "person_id", pa.array([1, None, 2], pa.int64()))
    address = write(kind, tmp_path, postgres, content)
    columns = {"measurement": ("measurement_id",)}
    assert seen(address, tmp_path, Need(columns)) == {"measurement": [(10,), (11,), (12,)]}
    assert seen(address, tmp_path, Need(columns, people(1, 2))) == {"measurement": [(10,), (12,)]}


def test_endless_dates_stay_endless(tmp_path: Path, postgres: str) -> None:
    with connected(postgres) as con:
        con.execute(
            "CREATE TABLE person (person_id int, birth_datetime timestamp); CREATE TABLE death (death_date date)"
        )
        con.execute("INSERT INTO person VALUES (1, 'infinity'), (2, '-infinity'), (3, '4713-01-01 BC'), (4, NULL)")
        con.execute("INSERT INTO death VALUES ('infinity'), ('-infinity'), ('2020-01-01'), (NULL)")
    with open_source(postgres, tmp_path) as source, connect() as con:
        source.attach(con, Need({"person": ("birth_datetime",), "death": ("death_date",)}))
        days = con.execute("SELECT CAST(death_date AS VARCHAR) FROM cdm.death ORDER BY death_date").fetchall()
        times = con.execute("SELECT CAST(birth_datetime AS VARCHAR) FROM cdm.person ORDER BY birth_datetime").fetchall()
    assert days == [("-infinity",), ("2020-01-01",), ("infinity",), (None,)]
    assert times == [("-infinity",), ("4713-01-01 (BC) 00:00:00",), ("infinity",), (None,)]


def test_parquet_parts_stand_in_a_folder_named_after_the_table(tmp_path: Path) -> None:
    folder = write_parquet(tmp_path / "c[d]m * it's", tiny())
    person = tiny()["person"]
    (folder / "person.parquet").unlink()
    (folder / "Person.parquet").mkdir()
    pq.write_table(person.slice(0, 1), folder / "Person.parquet" / "part-0.parquet")
    pq.write_table(person.slice(1).select(person.column_names[::-1]), folder / "Person.parquet" / "part-1.PARQUET")
    (folder / "Person.parquet" / "_SUCCESS").touch()
    need = Need({"person": ("person_id", "year_of_birth")})
    assert seen(f"parquet://{folder}", tmp_path, need) == {"person": [(1, 1950), (2, 1960), (3, 1970)]}


def test_a_hospital_of_hundreds_of_other_tables_opens_at_once(tmp_path: Path, postgres: str) -> None:
    address = write_postgres(postgres, tiny())
    with connected(postgres) as con:
        con.execute(
            "DO $$ BEGIN FOR i IN 1..500 LOOP EXECUTE format('CREATE TABLE cdm.t%s (a int, b text)', i); END LOOP; END $$"
        )
    started = time.process_time()
    with open_source(address, tmp_path) as source:
        assert set(source.tables()) == set(tiny())
    assert time.process_time() - started < 1


def test_two_hospitals_in_one_engine_do_not_mix(tmp_path: Path) -> None:
    one = write_duckdb(tmp_path / "one.duckdb", tiny())
    two = write_duckdb(tmp_path / "two.duckdb", {"person": tiny()["person"].slice(1, 1)})
    with (
        open_source(f"duckdb://{one}?schema=cdm", tmp_path) as first,
        open_source(f"duckdb://{two}?schema=cdm", tmp_path) as second,
        connect() as con,
    ):
        first.attach(con, Need({"person": ("person_id",), "note": ("note_id",)}, people(1, 2)))
        second.attach(con, Need({"person": ("person_id",)}))
        assert con.execute("FROM cdm.person").fetchall() == [(2,)]
        assert con.execute("SELECT count(*) FROM cdm.note").fetchall() == [(1,)]
        first.attach(con, Need({"person": ("person_id",)}, people(3)))
        assert con.execute("FROM cdm.person").fetchall() == [(3,)]


def test_a_pull_whose_engine_fails_ends_at_once_though_the_server_still_thinks(tmp_path: Path, postgres: str) -> None:
    content = tiny()
    content["measurement"] = content["measurement"].set_column(5, "value_as_number", pa.array(["x", "y", "z"]))
    address = write_postgres(postgres, content)
    with connected(postgres) as con:
        con.execute("ALTER TABLE cdm.person RENAME TO stored")
        con.execute(f"CREATE VIEW cdm.person AS SELECT {PERSON} FROM cdm.stored WHERE pg_sleep(20) IS NOT NULL")
    started = time.monotonic()
    with pytest.raises(BadInput, match="are not a number"):
        seen(address, tmp_path, Need({"person": ("person_id",), "measurement": ("value_as_number",)}))
    assert time.monotonic() - started < 15


def test_people_that_are_no_column_of_whole_numbers_are_refused(tmp_path: Path, postgres: str) -> None:
    for kind in ("parquet", "postgresql"):
        with open_source(write(kind, tmp_path, postgres, tiny()), tmp_path) as source, connect() as con:
            for wrong in (pa.table({"id": [1]}), pa.table({"person_id": ["1"]})):
                with pytest.raises(BadInput, match="one int64 column person_id"):
                    source.attach(con, Need({"person": ("person_id",)}, wrong))


rows = st.lists(st.tuples(st.integers(1, 12), st.integers(1, 99)), max_size=30)


@settings(max_examples=10, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows, asked=st.none() | st.sets(st.integers(0, 13)))
def test_any_need_is_the_rows_of_the_people_asked(
    rows: list[tuple[int, int]], asked: set[int] | None, tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_pull, "PEOPLE_AT_ONCE", 3)
    measurement = pa.table(
        {
            "measurement_id": pa.array(range(len(rows)), pa.int64()),
            "person_id": pa.array([person for person, _ in rows], pa.int64()),
            "measurement_concept_id": pa.array([concept for _, concept in rows], pa.int64()),
        }
    )
    content = {"person": tiny()["person"], "measurement": measurement}
    expected = sorted((i, *row) for i, row in enumerate(rows) if asked is None or row[0] in asked)
    columns = {"measurement": ("measurement_id", "person_id", "measurement_concept_id")}
    need = Need(columns, None if asked is None else people(*sorted(asked)))
    with connected(postgres) as con:
        con.execute("DROP SCHEMA IF EXISTS cdm CASCADE")
    write_postgres(postgres, content)
    folder = write_parquet(tmp_path / "cdm", content)
    assert seen(f"parquet://{folder}", tmp_path, need)["measurement"] == expected
    assert seen(f"{postgres}&schema=cdm", tmp_path, need)["measurement"] == expected


def test_a_source_that_lost_its_snapshot_says_so(tmp_path: Path, postgres: str) -> None:
    address = write_postgres(postgres, tiny())
    with open_source(address, tmp_path) as source, connect() as con, connected(postgres) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'naru' AND pid <> pg_backend_pid() AND datname = current_database()"
        )
        time.sleep(0.2)
        with pytest.raises(SourceUnavailable, match="lost|ended"):
            source.attach(con, Need({"person": ("person_id",)}))
