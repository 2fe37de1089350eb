"""What a hospital's database offers to the rooms above, whatever kind of database it is.

A room says what it needs (`Need`), the source makes exactly that visible as schema `cdm` of a DuckDB engine.
Implementations stand in `cdm/sources/`; `cdm.open_source(url)` chooses one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

import duckdb
import pyarrow as pa

CdmVersion = Literal["5.3", "5.4"]


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


class Source(ABC):
    """A hospital's CDM, opened read-only. Use as a context manager.

    url: the address without any secret. kind: 'duckdb', 'parquet', 'postgresql'.
    Every method raises `SourceUnavailable` when the database is away and `BadInput` when it is not an OMOP CDM.
    """

    url: str
    kind: str
    version: CdmVersion

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

    @abstractmethod
    def close(self) -> None:
        """Give everything back; idempotent."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
