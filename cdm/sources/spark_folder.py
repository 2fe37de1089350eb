"""A folder of Parquet files that Spark on this machine computes on: `spark://local[2]/folder`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb

from cdm.engine import Limits
from cdm.errors import BadInput, SourceUnavailable
from cdm.source import CdmVersion, InPlace, Need, Release, Source
from cdm.sources import spark_session
from cdm.sources.found import Catalog, FoundTable, wanted
from cdm.sources.parquet_folder import files_of, open_parquet
from cdm.sources.spark_errors import translated
from cdm.sources.spark_in_place import SparkInPlace, columns_of, ticked

OPTIONS = ("memory",)
_LOCAL = re.compile(r"local\[([1-9]\d{0,2}|\*)\](/.+)", re.DOTALL)
# Spark takes a path for a pattern, and passes over files whose names begin so without a word (Hadoop's hidden files).
_PATTERN, _UNSEEN = re.compile(r"[{}\[\]*?\\,]"), ("_", ".")
# Bytes below which compiling a query to Java code takes longer than the query: a third of the time of a tiny definition.
_SMALL = 64 * 2**20
Files = Mapping[str, Sequence[Path]]


def open_folder(url: str, place: str, options: Mapping[str, str]) -> Source:
    """Open the folder; Spark itself starts when work is done in place.

    Raises BadInput for a wrong address, a wrong `memory`, and what `open_parquet` refuses.
    """
    match = _LOCAL.fullmatch(place)
    if match is None:
        raise BadInput(f"{url} is not spark://local[CORES]/absolute/path/of/a/folder, such as spark://local[2]/srv/cdm")
    memory = options.get("memory")
    if memory is not None and not re.fullmatch(r"[1-9]\d{0,5}[mg]", memory):
        raise BadInput(f"memory of {url} has to be a number with m or g, such as 4g")
    folder = Path(unquote(match[2]))
    return SparkFolder(url, folder, open_parquet(url, folder), match[1], memory)


class SparkFolder(Source):
    """A folder that DuckDB reads where rows are asked for, and Spark where work is done in place."""

    kind = "spark"

    def __init__(self, url: str, folder: Path, read: Source, cores: str, memory: str | None) -> None:
        self.url = url
        self.version: CdmVersion = read.version
        self._folder = folder
        self._read = read
        self._cores = cores
        self._memory = memory

    def tables(self) -> Mapping[str, tuple[str, ...]]:
        """See `Source.tables`."""
        return self._read.tables()

    def release(self) -> Release:
        """See `Source.release`."""
        return self._read.release()

    def vocabulary_key(self) -> str | None:
        """See `Source.vocabulary_key`."""
        return self._read.vocabulary_key()

    def attach(self, con: duckdb.DuckDBPyConnection, need: Need) -> None:
        """See `Source.attach`."""
        self._read.attach(con, need)

    def in_place(self, need: Need, limits: Limits | None = None) -> InPlace:
        """See `Source.in_place`. Starts Java, once for a process; its cores and memory are those of the address."""
        del limits
        files = {name: found for name, found in files_of(self._folder, self.url).items() if name in need.columns}
        _refuse_unseen(files, self.url)
        before = _state(files)

        def unchanged() -> None:
            if _state(files) != before:
                raise SourceUnavailable(f"{self.url}: files of the folder changed in the middle; run it again")

        session = spark_session.local(self.url, self._cores, self._memory)
        if sum(size for _, size, *_ in before) < _SMALL:
            session.conf.set("spark.sql.codegen.wholeStage", "false")
        try:
            asked = wanted(need, _catalog(session, files, self.url), self.version, self.url)
        except BaseException:
            spark_session.give_back(session)
            raise
        return SparkInPlace(session, self.url, asked, spark_session.give_back, unchanged)

    def close(self) -> None:
        """See `Source.close`."""
        self._read.close()


def _refuse_unseen(files: Files, url: str) -> None:
    for name, found in files.items():
        for file in found:
            if file.name.startswith(_UNSEEN) or _PATTERN.search(str(file)):
                raise BadInput(
                    f"{url}: Spark would not read all files of table {name}, of whose paths one has a name that begins with "
                    "_ or ., or one of { } [ ] * ? \\ or a comma; rename it, or run it without --in-place"
                )


def _state(files: Files) -> list[tuple[str, int, int, int]]:
    """Name, size, place on the disk and time of change of each file; one that is gone is missing."""
    stats = [(str(file), file.stat()) for found in files.values() for file in found if file.exists()]
    return [(name, stat.st_size, stat.st_ino, stat.st_mtime_ns) for name, stat in stats]


def _catalog(session: Any, files: Files, url: str) -> Catalog:
    with translated(url):
        return {name: _found(session, name, found) for name, found in files.items()}


def _found(session: Any, name: str, files: Sequence[Path]) -> FoundTable:
    merged = "true" if len(files) > 1 else "false"
    rows = session.read.option("mergeSchema", merged).parquet(*(f"file://{file}" for file in files))
    view = f"files_{name}"
    rows.createOrReplaceTempView(view)
    return FoundTable(ticked(view), columns_of(rows))
