"""A PostgreSQL database, read in one read-only REPEATABLE READ transaction: one state, from opening to closing."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import duckdb
import psycopg
from psycopg.conninfo import make_conninfo

from cdm.engine import Limits
from cdm.errors import BadInput, SourceUnavailable
from cdm.source import CdmVersion, InPlace, Need, Release, Source
from cdm.sources import fingerprint
from cdm.sources.found import Catalog, check_is_cdm, present, version_of, wanted, with_vocabulary
from cdm.sources.postgres_catalog import read_catalog
from cdm.sources.postgres_errors import not_connected, refused
from cdm.sources.postgres_pull import SETTINGS, Session, pull

# libpq's own options that say where and how safely to connect; none of them is a secret.
LIBPQ_OPTIONS = ("host", "sslmode", "sslrootcert", "sslcert", "sslkey", "service")
OPTIONS = ("schema", "vocabulary_schema", "statement_timeout", *LIBPQ_OPTIONS)
CONNECTION = {
    "application_name": "naru",
    "connect_timeout": "10",
    # A firewall that drops a silent connection is noticed in about a minute instead of hours.
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
STATEMENT_TIMEOUT_SECONDS = "14400"
# In SQL_ASCII a character is a byte, whatever the script.
_CAN = """SELECT pg_is_in_recovery(), has_database_privilege(current_database(), 'TEMPORARY'), current_database(),
    current_setting('server_encoding'), pg_backend_pid()"""


def open_postgres(url: str, place: str, options: Mapping[str, str]) -> PostgresSource:
    """Open a PostgreSQL CDM; the password comes from NARU_SOURCE_PASSWORD or from where libpq looks for it.

    Raises SourceUnavailable when the server, the database or the right to read is not there, BadInput for no CDM.
    """
    timeout = options.get("statement_timeout", STATEMENT_TIMEOUT_SECONDS)
    if not re.fullmatch(r"\d{1,7}", timeout):
        raise BadInput(f"statement_timeout of {url} has to be whole seconds")
    conninfo = conninfo_of(place, options)
    try:
        main = psycopg.connect(conninfo)
    except psycopg.Error as error:
        raise not_connected(url, str(error)) from None
    try:
        return PostgresSource(url, main, conninfo, options, timeout)
    except psycopg.Error as error:
        main.close()
        raise refused(url, error.sqlstate) from None
    except BaseException:
        main.close()
        raise


def conninfo_of(place: str, options: Mapping[str, str]) -> str:
    """Build libpq's connection string of user@host:port/database; it may hold the password: never printed."""
    try:
        parts = urlsplit(f"postgresql://{place}")
        port = parts.port
    except ValueError:
        raise BadInput("the postgresql address is not user@host:port/database") from None
    given = {
        "host": unquote(parts.hostname or ""),
        "port": str(port or ""),
        "user": unquote(parts.username or ""),
        "dbname": unquote(parts.path.lstrip("/")),
        "password": os.environ.get("NARU_SOURCE_PASSWORD", ""),
    }
    chosen = {name: value for name, value in options.items() if name in LIBPQ_OPTIONS}
    return make_conninfo("", **CONNECTION | {name: value for name, value in given.items() if value} | chosen)


class PostgresSource(Source):
    """A CDM in PostgreSQL; what a need names is copied into the engine as tables.

    A server ends a transaction that outlives it or that an administrator ends: then every method raises
    SourceUnavailable, and the source has to be opened anew (which shows a newer state).
    """

    kind = "postgresql"

    def __init__(
        self, url: str, main: psycopg.Connection[Any], conninfo: str, options: Mapping[str, str], timeout: str
    ) -> None:
        self.url = url
        self._main: psycopg.Connection[Any] | None = main
        self._release: Release | None = None
        main.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        main.read_only = True
        settings = SETTINGS | {"statement_timeout": f"{timeout}s"}
        for name, value in settings.items():
            main.execute("SELECT set_config(%s, %s, true)", (name, value))
        self._catalog: Catalog = read_catalog(main, options.get("schema", "public"), url)
        if vocabulary := options.get("vocabulary_schema"):
            self._catalog = with_vocabulary(self._catalog, read_catalog(main, vocabulary, url))
        check_is_cdm(self._catalog, url)
        claimed = self._one(fingerprint.source_query(self._catalog))
        self.version: CdmVersion = version_of(self._catalog, claimed[2] if claimed else None, url)
        snapshot = self._one("SELECT pg_export_snapshot()")
        assert snapshot is not None
        self._session = Session(url, conninfo, str(snapshot[0]), settings)

    def tables(self) -> Mapping[str, tuple[str, ...]]:
        """See `Source.tables`."""
        return present(self._catalog, self.version)

    def release(self) -> Release:
        """See `Source.release`. Counted once and kept."""
        if self._release is None:
            names = fingerprint.counted(self._catalog, self.version)
            counts = [self._one(f"SELECT count(*) FROM {self._catalog[name].relation}") or (0,) for name in names]
            vocabulary = self._one(fingerprint.vocabulary_query(self._catalog))
            self._release = fingerprint.fingerprint(
                self.version,
                self._one(fingerprint.source_query(self._catalog)),
                vocabulary[0] if vocabulary else None,
                {name: count for name, (count,) in zip(names, counts, strict=True)},
            )
        return self._release

    def attach(self, con: duckdb.DuckDBPyConnection, need: Need) -> None:
        """See `Source.attach`. Tables; on an error none of this need's tables is left."""
        asked = wanted(need, self._catalog, self.version, self.url)
        self._one("SELECT 1")
        pull(con, self._session, asked, self._catalog, need.people)

    def in_place(self, need: Need, limits: Limits | None = None) -> InPlace:
        """See `Source.in_place`. Needs the right to make temporary tables, on a server that is no standby, with no pooler between."""
        from cdm.sources.postgres_in_place import PostgresInPlace

        asked = wanted(need, self._catalog, self.version, self.url)
        told = self._one(_CAN)
        assert told is not None
        standby, may, database, encoding, process = told
        assert self._main is not None
        # A pooler names a process of its own to those who connect. It may give each transaction another session, and a
        # session, with the temporary tables in it, to others.
        if self._main.info.backend_pid != process:
            raise BadInput(
                f"{self.url} is a pooler (such as PgBouncer), which may hand a session with its temporary tables to others; name "
                "the server itself, or run it without --in-place"
            )
        if standby:
            raise BadInput(
                f"{self.url} is a standby, which makes no temporary tables; name the primary server, or run it without --in-place"
            )
        if not may:
            raise BadInput(
                f"{self.url}: this user may not make temporary tables, which work in place needs; "
                f"GRANT TEMPORARY ON DATABASE {database} to it, or run it without --in-place"
            )
        return PostgresInPlace(self._session, asked, text_filters=encoding != "SQL_ASCII")

    def close(self) -> None:
        """See `Source.close`."""
        if self._main is not None:
            self._main.close()
            self._main = None

    def _one(self, query: str | None) -> tuple[Any, ...] | None:
        if query is None:
            return None
        if self._main is None:
            raise SourceUnavailable(f"{self.url} was closed already")
        try:
            return self._main.execute(query).fetchone()
        except psycopg.Error as error:
            raise refused(self.url, error.sqlstate) from None
