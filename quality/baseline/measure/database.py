"""The hospital's database while it is measured: one table open at a time, asked in few and large questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from cdm.errors import BadInput, UnfitValues
from cdm.schema import Table, tables
from cdm.source import Need, Source
from quality.baseline.declared.structure import checked_tables
from quality.measure.engine import quote

BATCH = 1 << 17
# Kinds of sources whose tables are shown as views over the hospital's files.
VIEWS = frozenset({"duckdb", "parquet"})


class Database:
    """A source attached to an engine. today: the day that moving limits count from.

    unfit: (table, field) -> how many values its type cannot hold; such a field counts as missing for every other check.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, source: Source, today: date) -> None:
        self.con, self.source, self.today = con, source, today
        self.version = source.version
        self.present: Mapping[str, tuple[str, ...]] = source.tables()
        self.unfit: dict[tuple[str, str], int] = {}
        self.table = ""
        self.fields: tuple[str, ...] = ()
        self.rows = 0
        self.hashed = 0
        self.made: set[str] = set()
        self._facts: dict[str, Any] = {}
        self._filled: dict[str, int] = {}
        self._counted: dict[str, tuple[int, ...]] = {}
        self._shown: dict[str, tuple[str, ...]] = {}

    def schema(self, table: str) -> Table:
        """Describe a table as the CDM does."""
        return tables(self.version)[table]

    def has(self, table: str, *fields: str) -> bool:
        """Whether the database has these fields, with values that their types can hold."""
        return set(fields) <= {name for name in self.present.get(table, ()) if (table, name) not in self.unfit}

    def attach(self, table: str, fields: Iterable[str]) -> tuple[str, ...]:
        """Show these fields of a table as cdm.<table>, those that cannot be read left out. Returns those of them shown.

        Where a table is a view, all its fields are shown once and for all; where it is a copy, those asked for each time.
        """
        if not self.shows_views:
            return self._attach(table, fields)
        if table not in self._shown:
            self._shown[table] = self._attach(table, self.present.get(table, ()))
        return tuple(name for name in fields if name in self._shown[table])

    def _attach(self, table: str, fields: Iterable[str]) -> tuple[str, ...]:
        shown = tuple(name for name in fields if self.has(table, name))
        while shown:
            try:
                self.source.attach(self.con, Need({table: shown}))
                break
            except UnfitValues as unfit:
                self.unfit[table, unfit.column] = unfit.count
                shown = tuple(name for name in shown if name != unfit.column)
        return shown

    def drop(self, table: str) -> None:
        """Give back the copy of a table; a view costs nothing and stays."""
        if not self.shows_views:
            self.run(f"DROP TABLE IF EXISTS cdm.{quote(table)}")

    def open(self, table: str) -> bool:
        """Show a table with all its fields; count and hash what is filled, once. Whether there is anything to ask.

        hashed: the sum of the rows' hashes, where tables are views (`prints`); 0 elsewhere.
        """
        self.table, self.rows, self.hashed, self._filled = table, 0, 0, {}
        self.fields = self.attach(table, self.present.get(table, ()))
        if not self.fields:
            return False
        if table not in self._counted:
            names = [quote(field) for field in self.fields]
            hashed = f"coalesce(sum(hash({', '.join(names)})::HUGEINT), 0)" if self.shows_views else "0"
            self._counted[table] = self.one(
                f"SELECT count(*), {hashed}, {', '.join(f'count({name})' for name in names)} FROM {self.name}"
            )
        self.rows, self.hashed, *filled = self._counted[table]
        self._filled = dict(zip(self.fields, filled, strict=True))
        return True

    @property
    def shows_views(self) -> bool:
        """Whether showing a table costs nothing."""
        return self.source.kind in VIEWS

    def checks(self, table: str) -> bool:
        """Whether a table is one that checks are about."""
        return any(one.name == table for one in checked_tables(self.version))

    @property
    def name(self) -> str:
        """The open table, ready for FROM."""
        return f"cdm.{quote(self.table)}"

    def filled(self, field: str) -> int:
        """How many rows of the open table hold a value there."""
        return self._filled[field]

    def day(self, field: str, table: str | None = None) -> str:
        """The expression of a date field's day, or of any other field as it is."""
        family = self.schema(table or self.table).column(field).family
        return f"CAST(t.{quote(field)} AS DATE)" if family == "datetime" else f"t.{quote(field)}"

    def make(self, name: str, select: str) -> None:
        """Keep what several tables' checks need as a table of the engine, for every connection to it."""
        self.run(f"CREATE OR REPLACE TABLE {name} AS {select}")
        self.made.add(name)

    def another(self) -> Database:
        """The same database over a connection of its own, to be asked at the same time. What was shown and made is there, too."""
        other = copy(self)
        other.con = self.con.cursor()
        return other

    def size(self, table: str) -> int:
        """How many rows a table that was opened before has; 0 of another."""
        return self._counted.get(table, (0,))[0]

    def fact(self, sql: str) -> Any:
        """Fetch one value of tables made so; it is asked once."""
        if sql not in self._facts:
            (self._facts[sql],) = self.one(sql)
        return self._facts[sql]

    def run(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Execute a statement of our own. Raises BadInput without a word of what rows hold."""
        self.rows_of(sql, values)

    def one(self, sql: str, values: Sequence[Any] = ()) -> tuple[Any, ...]:
        """Fetch the one row of an aggregate."""
        return self.rows_of(sql, values)[0]

    def batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        """Stream a query of our own as Arrow batches."""
        try:
            yield from self.con.sql(sql).to_arrow_reader(BATCH)
        except duckdb.Error as error:
            raise self._unreadable(error) from None

    def rows_of(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Fetch a small answer."""
        try:
            return self.con.execute(sql, list(values)).fetchall()
        except duckdb.Error as error:
            raise self._unreadable(error) from None

    def _unreadable(self, error: duckdb.Error) -> BadInput:
        """Say that a table cannot be measured. DuckDB quotes the offending cell; only the kind of error may be told."""
        return BadInput(
            f"{self.source.url}: table {self.table or 'person'} cannot be measured ({type(error).__name__}); "
            "check that its files are whole and its columns of the CDM's types"
        )
