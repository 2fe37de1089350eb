"""What a hospital's database offers to the rooms above, whatever kind of database it is.

A room says what it needs (`Need`), the source makes exactly that visible as schema `cdm` of a DuckDB engine.
Implementations stand in `cdm/sources/`; `cdm.open_source(url)` chooses one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

import duckdb
import pyarrow as pa

from cdm.engine import Limits
from cdm.errors import BadInput

CdmVersion = Literal["5.3", "5.4"]
Engine = Literal["duckdb", "postgresql", "spark"]
Kind = Literal["long", "int", "number", "date", "text"]
ARROW_TYPES: Mapping[Kind, pa.DataType] = {
    "long": pa.int64(), "int": pa.int32(), "number": pa.float64(), "date": pa.date32(), "text": pa.string(),
}  # fmt: skip


@dataclass(frozen=True)
class Need:
    """The tables, columns and people that a step reads.

    columns: table -> the columns to show; an empty tuple means every column that this CDM version defines.
    people: one int64 column `person_id` without duplicates; rows of tables with a person key, their own or through
        the row that they hang on (note_nlp through note), are limited to them. None means everybody. Tables about
        nobody (vocabulary, care_site ...) are never limited.
    """

    columns: Mapping[str, tuple[str, ...]]
    people: pa.Table | None = None


@dataclass(frozen=True)
class Release:
    """Which state of which database was read: enough to say 'the same CDM release' or 'another one'.

    row_counts: rows per clinical table (vocabulary tables are told by vocabulary_version).
    digest: SHA-256 over the canonical JSON of all of it.
    """

    cdm_source_name: str
    cdm_version: CdmVersion
    cdm_release_date: str | None
    vocabulary_version: str | None
    row_counts: Mapping[str, int] = field(default_factory=dict)
    digest: str = ""


@dataclass(frozen=True)
class Capabilities:
    """What a database can do in place; what one cannot is refused by the flag's name before anything runs.

    one_state: everything of one `InPlace.work` sees the same state. columns: the most columns of one query; None: any
    number. text_filters: `_` of a LIKE pattern means one character, of any script.
    """

    one_state: bool = True
    columns: int | None = None
    text_filters: bool = True


class Work(ABC):
    """Some statements in a row, in a session that has tables of its own for a while.

    Queries are SQL of the engine in `InPlace.engine`. Every method raises `SourceUnavailable` or `BadInput` in a sentence
    that quotes no value of a row. A table is loaded or filled before it is looked at.
    """

    @abstractmethod
    def load(self, table: str, rows: pa.Table) -> None:
        """Put a small table in; its columns are those of the table, in their order."""

    @abstractmethod
    def fill(self, table: str, query: str) -> None:
        """Put what a query finds into a table; its columns are those of the table, in their order."""

    @abstractmethod
    def fetch(self, query: str) -> pa.Table:
        """What a query finds. Infinite dates come as the last or first date that Arrow has."""


class InPlace(ABC):
    """A database that computes by itself, so that only results leave it. Nothing is written into its schemas.

    It shows the tables of a need (of everybody) as `cdm_<table>`; columns have the CDM's family: whole numbers, doubles,
    dates, texts. An optional column that lacks is NULL. engine: whose SQL it speaks. Use as a context manager.
    """

    engine: Engine
    capabilities: Capabilities

    @abstractmethod
    def work(self, tables: Mapping[str, Mapping[str, Kind]]) -> AbstractContextManager[Work]:
        """Make these empty tables, for as long as the context lasts."""

    @abstractmethod
    def close(self) -> None:
        """Give everything back; idempotent."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Source(ABC):
    """A hospital's CDM, opened read-only. Use as a context manager.

    url: the address without any secret. kind: 'duckdb', 'parquet', 'postgresql', 'spark'. always_in_place: whether rows
    are best left where they are whenever the work can be done there.
    Every method raises `SourceUnavailable` when the database is away and `BadInput` when it is not an OMOP CDM.
    """

    url: str
    kind: str
    version: CdmVersion
    always_in_place: bool = False

    @abstractmethod
    def tables(self) -> Mapping[str, tuple[str, ...]]:
        """The CDM tables present, with their CDM columns present, both in lower case, in CDM order."""

    @abstractmethod
    def release(self) -> Release:
        """The fingerprint of the state that this source shows while it is open."""

    def vocabulary_key(self) -> str | None:
        """A text that changes whenever the vocabulary tables may have changed; None: that cannot be told cheaply."""
        return None

    @abstractmethod
    def attach(self, con: duckdb.DuckDBPyConnection, need: Need) -> None:
        """Create `cdm.<table>` (view or table) in `con` for every table of `need`, replacing an earlier one.

        Column order is the CDM's. An integer, date, timestamp, number or text column keeps its own width; another
        family is cast to the CDM's type (BIGINT, DATE, TIMESTAMP, DOUBLE, VARCHAR), after a check that every value of
        the rows asked for can be: BadInput says how many cannot. A blank text counts as NULL then. An optional column
        that the database lacks is NULL of the CDM's type; a missing required column or table raises `BadInput`. The
        view is valid while both `con` and the source are open; rows come in no promised order.
        """

    def in_place(self, need: Need, limits: Limits | None = None) -> InPlace:
        """The same database as one that computes by itself; open while the source is.

        need: what it shows; its people have to be everybody. limits: how much of this machine the engine may use, where
        it is this machine's. Raises `BadInput` saying why where a database cannot, or which column has a type of another
        family than the CDM's (only a pulled copy is mended).
        """
        del need, limits
        raise BadInput(f"{self.url}: a source of kind {self.kind} does no work in place; run it without --in-place")

    @abstractmethod
    def close(self) -> None:
        """Give everything back; idempotent."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
