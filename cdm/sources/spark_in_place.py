"""Spark computes by itself: views of a session, each computed once and kept by Spark while the work lasts.

Spark has no temporary tables. What a query finds is made a `localCheckpoint`: rows in the memory (or the local disks) of the
executors, with a plan that forgets where they come from. A view alone would be computed anew wherever it is looked at, and a
cached one still carries the whole plan below it, which doubles with each look. Nothing is written into any catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import pyarrow as pa

from cdm.errors import BadInput, SourceUnavailable
from cdm.source import ARROW_TYPES, Capabilities, InPlace, Kind, Work
from cdm.sources.found import FoundColumn, Wanted, by_lower_name
from cdm.sources.spark_errors import translated

_TYPES: Mapping[Kind, str] = {"long": "BIGINT", "int": "INT", "number": "DOUBLE", "date": "DATE", "text": "STRING"}
_SPARK: Mapping[str, str] = {
    "integer": "BIGINT", "number": "DOUBLE", "date": "DATE", "datetime": "TIMESTAMP_NTZ", "text": "STRING",
}  # fmt: skip
# Spark's families of types, by the first word of their names, that hold a column of the CDM's family without a loss.
_WHOLE = frozenset({"TINYINT", "SMALLINT", "INT", "BIGINT"})
_DAYS = frozenset({"DATE", "TIMESTAMP", "TIMESTAMP_NTZ"})
_SAFE: Mapping[str, frozenset[str]] = {
    "integer": _WHOLE,
    "number": _WHOLE | {"FLOAT", "DOUBLE", "DECIMAL"},
    "date": _DAYS,
    "datetime": _DAYS,
    "text": frozenset({"STRING", "VARCHAR", "CHAR"}),
}


def ticked(*names: str) -> str:
    """Quote the parts of a name for Spark and join them with dots."""
    return ".".join("`" + name.replace("`", "``") + "`" for name in names)


class SparkInPlace(InPlace):
    """A session of Spark. end: gives it back. unchanged: raises where what is read is not what it was."""

    engine = "spark"
    # Tables of files may be replaced between two queries: Spark has no snapshot over several tables.
    capabilities = Capabilities(one_state=False)

    def __init__(
        self,
        session: Any,
        url: str,
        asked: list[Wanted],
        end: Callable[[Any], None],
        unchanged: Callable[[], None] = lambda: None,
    ) -> None:
        self._session: Any | None = session
        self._url = url
        self._end = end
        self._unchanged = unchanged
        try:
            with translated(url):
                for one in asked:
                    _shown(session, one, url)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def work(self, tables: Mapping[str, Mapping[str, Kind]]) -> Iterator[Work]:
        """See `InPlace.work`."""
        session = self._alive()
        try:
            yield _SparkWork(session, self._url, tables)
            self._unchanged()
        finally:
            with suppress(Exception):  # a session that is gone has no views
                for name in tables:
                    session.catalog.dropTempView(name)

    def close(self) -> None:
        """See `InPlace.close`."""
        if self._session is not None:
            session, self._session = self._session, None
            self._end(session)

    def _alive(self) -> Any:
        if self._session is None:
            raise SourceUnavailable(f"{self._url} was closed already")
        return self._session


class _SparkWork(Work):
    def __init__(self, session: Any, url: str, tables: Mapping[str, Mapping[str, Kind]]) -> None:
        self._session = session
        self._url = url
        self._tables = tables

    def load(self, table: str, rows: pa.Table) -> None:
        with translated(self._url):
            given = self._session.createDataFrame(rows) if rows.num_rows else self._session.sql(_nothing(rows))
            given.createOrReplaceTempView(table)

    def fill(self, table: str, query: str) -> None:
        columns = self._tables[table]
        with translated(self._url):
            found = self._session.sql(query).toDF(*columns)
            typed = [f"CAST({ticked(name)} AS {_TYPES[kind]}) AS {ticked(name)}" for name, kind in columns.items()]
            found.selectExpr(*typed).localCheckpoint().createOrReplaceTempView(table)

    def fetch(self, query: str) -> pa.Table:
        with translated(self._url):
            found: pa.Table = self._session.sql(query).toArrow()
            return found


def columns_of(rows: Any) -> dict[str, FoundColumn]:
    """The columns of what Spark found, by their lower-case names; types are Spark's own."""
    types = {field.name: field.dataType.simpleString() for field in rows.schema.fields}
    return {lower: FoundColumn(ticked(name), types[name]) for lower, name in by_lower_name(types).items()}


def _nothing(rows: pa.Table) -> str:
    """A table without rows, which PySpark does not take from Arrow."""
    kinds = {kind: name for name, kind in ARROW_TYPES.items()}
    listed = ", ".join(f"CAST(NULL AS {_TYPES[kinds[field.type]]}) AS {ticked(field.name)}" for field in rows.schema)
    return f"SELECT {listed} WHERE false"


def _shown(session: Any, asked: Wanted, url: str) -> None:
    items = [f"{_value(asked, column.name, url)} AS {ticked(column.name)}" for column in asked.columns]
    rows = session.sql(f"SELECT {', '.join(items)} FROM {asked.found.relation}")
    rows.createOrReplaceTempView(f"cdm_{asked.table.name}")


def _value(asked: Wanted, name: str, url: str) -> str:
    """A column in the CDM's family."""
    column, found = asked.table.column(name), asked.found.columns.get(name)
    kind = _SPARK[column.family]
    if found is None:
        return f"CAST(NULL AS {kind})"
    if _family(found) in _SAFE[column.family]:
        return f"CAST({found.sql} AS {kind})"
    raise BadInput(
        f"{url}: {asked.table.name}.{name} is of another type than the CDM's {column.family}, which only a copy can mend; "
        "run it without --in-place"
    )


def _family(found: FoundColumn) -> str:
    return found.type.partition("(")[0].upper()
