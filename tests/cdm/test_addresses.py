"""Addresses of sources: what is read, what is refused, and that no secret comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdm import open_source
from cdm.address import parse
from cdm.errors import BadInput
from cdm.sources.postgres import conninfo_of
from tests.cdm.cdms import tiny, write_postgres
from tests.tables import write_duckdb


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_duckdb(tmp_path / "hospital.duckdb", tiny())


def test_an_absolute_path_has_three_slashes_or_four_as_sqlalchemy_writes_it(file: Path) -> None:
    for url in (f"duckdb://{file}?schema=cdm", f"duckdb:///{file}?schema=cdm", f"DUCKDB://{file}?schema=CDM"):
        with open_source(url, file.parent) as source:
            assert source.url == url
            assert source.kind == "duckdb"


def test_a_relative_path_has_two_slashes(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    with open_source("duckdb://hospital.duckdb?schema=cdm", file.parent) as source:
        assert source.version == "5.4"
    with pytest.raises(BadInput, match="a relative path has two slashes: duckdb://hospital.duckdb"):
        open_source("duckdb:///hospital.duckdb?schema=cdm", file.parent)


def test_a_percent_sign_in_a_path_is_decoded(tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    write_duckdb(tmp_path / "a b" / "h.duckdb", tiny())
    with open_source(f"duckdb://{tmp_path}/a%20b/h.duckdb?schema=cdm", tmp_path) as source:
        assert source.tables()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://u@h/db", "mysql:// is no kind of source that Naru opens; accepted: duckdb:///path"),
        ("cdm.duckdb", "a source is an address with ://"),
        ("", "a source is an address with ://"),
        ("duckdb://", "names no path"),
        ("duckdb:///nowhere/x.duckdb", "there is no file /nowhere/x.duckdb"),
        ("parquet:///nowhere/x", "there is no folder /nowhere/x"),
        ("duckdb:///x?scheme=cdm", "option scheme of .* is unknown; it accepts schema, vocabulary_schema"),
        ("parquet:///x?a=1", "it accepts none"),
        ("duckdb:///x?schema=a&schema=b", "names an option twice"),
        ("sample://nothing", "there is no sample nothing; there are sample://gibleed, sample://synthea1k"),
        ("synthetic://x?persons=many", "persons of .* has to be a whole number"),
        ("synthetic://x?canaries=maybe", "has to be yes or no"),
        ("postgresql://u@h:port/db", "is not user@host:port/database"),
        ("postgresql://u@h/db?statement_timeout=long", "has to be whole seconds"),
        ("postgresql://u@h/db?user=x", "option user .* is unknown"),
    ],
)
def test_a_wrong_address_is_refused_with_what_is_accepted(url: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=says):
        open_source(url, tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:SECRET@host/db",
        "postgresql://user:SEC/RET@host/db",
        "postgresql://user:SECRET?x@host/db",
        "postgresql://user@host/db?password=SECRET",
        "postgresql://user@host/db?PassFile=SECRET",
        "postgresql://user@host/db?sslpassword=SECRET",
        "mysql://user:SECRET@host/db",
    ],
)
def test_a_password_in_an_address_is_refused_and_not_repeated(url: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="NARU_SOURCE_PASSWORD, PGPASSWORD or a password file") as refused:
        open_source(url, tmp_path)
    assert "SEC" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_host_given_as_an_option_is_the_one() -> None:
    conninfo = conninfo_of("me@one:1234/db", {"host": "/sockets", "sslmode": "require", "schema": "cdm"})
    assert "host=/sockets" in conninfo
    assert "one" not in conninfo
    for part in ("user=me", "port=1234", "dbname=db", "sslmode=require", "application_name=naru", "connect_timeout=10"):
        assert part in conninfo


def test_an_empty_password_is_none() -> None:
    assert parse("postgresql://user:@host/db").place == "user:@host/db"


def test_a_missing_schema_and_one_that_holds_the_cdm_are_named(file: Path) -> None:
    with pytest.raises(BadInput, match="has no schema omop; it has cdm, main"):
        open_source(f"duckdb://{file}?schema=omop", file.parent)
    with pytest.raises(BadInput, match=r"no table person .*; there is one in schema cdm: add \?schema=cdm"):
        open_source(f"duckdb://{file}", file.parent)


@pytest.mark.parametrize("kind", ["duckdb", "postgresql"])
def test_the_vocabulary_may_stand_in_a_schema_of_its_own(kind: str, tmp_path: Path, postgres: str) -> None:
    content = tiny()
    vocabulary = {name: content.pop(name) for name in ("concept", "vocabulary")} | {"note": content.pop("note")}
    if kind == "duckdb":
        write_duckdb(tmp_path / "h.duckdb", content)
        url = f"duckdb://{write_duckdb(tmp_path / 'h.duckdb', vocabulary, schema='vocab')}?schema=cdm"
    else:
        write_postgres(postgres, vocabulary, "vocab")
        url = write_postgres(postgres, content)
    with open_source(f"{url}&vocabulary_schema=vocab", tmp_path) as source:
        assert {"person", "concept"} <= set(source.tables())
        assert "note" not in source.tables()
        assert source.release().vocabulary_version == "v5.0 31-AUG-23"
    with pytest.raises(BadInput, match="has no schema words"):
        open_source(f"{url}&vocabulary_schema=words", tmp_path)


@pytest.mark.parametrize("name", ["clock.duckdb", "version.duckdb"])
def test_the_name_of_a_file_is_not_taken_for_its_fault(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("a note of the archive " * 500)
    with pytest.raises(BadInput, match="is not a DuckDB database file"):
        open_source(f"duckdb://{tmp_path}/{name}", tmp_path)
