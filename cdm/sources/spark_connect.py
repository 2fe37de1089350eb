"""The CDM of a Spark Connect server's catalogue: `spark://host:15002?schema=cdm`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import duckdb

from cdm.engine import Limits
from cdm.errors import BadInput, SourceUnavailable
from cdm.source import CdmVersion, InPlace, Need, Release, Source
from cdm.sources import fingerprint, spark_session
from cdm.sources.found import (
    Catalog,
    FoundTable,
    by_lower_name,
    cdm_tables,
    check_is_cdm,
    present,
    version_of,
    wanted,
    with_vocabulary,
)
from cdm.sources.spark_errors import translated
from cdm.sources.spark_in_place import SparkInPlace, columns_of, ticked

OPTIONS = ("schema", "vocabulary_schema", "tls")
PORT = 15002


def open_connect(url: str, place: str, options: Mapping[str, str]) -> Source:
    """Open the catalogue; a token in NARU_SOURCE_PASSWORD is sent, over TLS only.

    Raises SourceUnavailable when the server is away, BadInput for a wrong address or no CDM.
    """
    try:
        parts = urlsplit(f"spark://{place}")
        host, port = parts.hostname, parts.port or PORT
    except ValueError:
        host = None
    if not host or parts.path.strip("/"):
        raise BadInput(
            f"{url} is neither spark://host:{PORT}?schema=cdm nor spark://local[2]/absolute/path/of/a/folder"
        )
    session = spark_session.connected(url, host, port, _options(url, unquote(parts.username or ""), options))
    try:
        return SparkConnect(url, session, options)
    except BaseException:
        session.stop()
        raise


def _options(url: str, user: str, options: Mapping[str, str]) -> str:
    """The options of Spark Connect's own address; it may hold the token: never printed."""
    token = os.environ.get("NARU_SOURCE_PASSWORD", "")
    tls = options.get("tls", "yes" if token else "no")
    if tls not in ("yes", "no") or (token and tls == "no"):
        raise BadInput(f"tls of {url} has to be yes or no, and yes where NARU_SOURCE_PASSWORD is set")
    given = {"use_ssl": "true" if tls == "yes" else "false", "token": token, "user_id": user, "user_agent": "naru"}
    return "".join(f";{name}={quote(value, safe='')}" for name, value in given.items() if value)


class SparkConnect(Source):
    """A CDM that stays in Spark: what can be done in place is done there, and no rows are copied out."""

    kind = "spark"
    always_in_place = True

    def __init__(self, url: str, session: Any, options: Mapping[str, str]) -> None:
        self.url = url
        self._session: Any | None = session
        self._release: Release | None = None
        self._catalog: Catalog = _catalog(session, options.get("schema", "default"), url)
        if vocabulary := options.get("vocabulary_schema"):
            self._catalog = with_vocabulary(self._catalog, _catalog(session, vocabulary, url))
        check_is_cdm(self._catalog, url)
        claimed = self._one(fingerprint.source_query(self._catalog, "STRING"))
        self.version: CdmVersion = version_of(self._catalog, claimed[2] if claimed else None, url)

    def tables(self) -> Mapping[str, tuple[str, ...]]:
        """See `Source.tables`."""
        return present(self._catalog, self.version)

    def release(self) -> Release:
        """See `Source.release`. Counted once and kept; Spark has no state over several tables that could be held."""
        if self._release is None:
            names = fingerprint.counted(self._catalog, self.version)
            counts = [self._one(f"SELECT count(*) FROM {self._catalog[name].relation}") or (0,) for name in names]
            vocabulary = self._one(fingerprint.vocabulary_query(self._catalog, "STRING"))
            self._release = fingerprint.fingerprint(
                self.version,
                self._one(fingerprint.source_query(self._catalog, "STRING")),
                vocabulary[0] if vocabulary else None,
                {name: count for name, (count,) in zip(names, counts, strict=True)},
            )
        return self._release

    def attach(self, con: duckdb.DuckDBPyConnection, need: Need) -> None:
        """Refuse: rows are not pulled out of a cluster yet."""
        del con, need
        raise BadInput(
            f"{self.url}: rows are not copied out of Spark Connect; use --in-place, or write the tables this step needs "
            "as Parquet files and name their folder"
        )

    def in_place(self, need: Need, limits: Limits | None = None) -> InPlace:
        """See `Source.in_place`. The session is the source's own."""
        del limits
        asked = wanted(need, self._catalog, self.version, self.url)
        return SparkInPlace(self._alive(), self.url, asked, lambda session: None)

    def close(self) -> None:
        """See `Source.close`. The server drops what is left of the session."""
        if self._session is not None:
            session, self._session = self._session, None
            session.stop()

    def _one(self, query: str | None) -> tuple[Any, ...] | None:
        if query is None:
            return None
        with translated(self.url):
            found = self._alive().sql(query).toArrow().to_pylist()
            return tuple(found[0].values()) if found else None

    def _alive(self) -> Any:
        if self._session is None:
            raise SourceUnavailable(f"{self.url} was closed already")
        return self._session


def _catalog(session: Any, schema: str, url: str) -> Catalog:
    """Find the CDM tables of a schema, `schema` or `catalog.schema`."""
    if not re.fullmatch(r"[^.`]+(\.[^.`]+)?", schema):
        raise BadInput(f"schema of {url} has to be schema, or catalog.schema")
    inside = schema.split(".")
    with translated(url):
        rows = session.sql(f"SHOW TABLES IN {ticked(*inside)}").toArrow().to_pylist()
        names = by_lower_name(row["tableName"] for row in rows if not row["isTemporary"])
        return {lower: _found(session, ticked(*inside, name)) for lower, name in names.items() if lower in cdm_tables()}


def _found(session: Any, relation: str) -> FoundTable:
    return FoundTable(relation, columns_of(session.sql(f"SELECT * FROM {relation}")))
