"""A column as whole numbers: the texts that occur in it, and the place of each row's among them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from deid.table.scan import collect, text, unreadable

AT_ONCE = 1 << 16


@dataclass(frozen=True)
class Coded:
    """A column of n rows.

    values: the different texts, ascending; codes: n places among them, unsigned and as narrow as they can be.
    """

    values: tuple[str, ...]
    codes: pl.Series

    def among(self, known: tuple[str, ...]) -> pl.Series:
        """The place of each row's text among known ones (unsigned), null where it is none of them."""
        if self.values == known:
            return self.codes
        places = pl.Series(self.values, dtype=pl.String).cast(pl.Enum(known), strict=False).to_physical()
        return places.gather(self.codes)


def coded(rows: pl.LazyFrame, path: Path, name: str) -> Coded:
    """Read one column of a file that `scan` has opened. Raises BadInput where the file cannot be read to its end."""
    if path.suffix == ".parquet" and rows.collect_schema()[name] == pl.String:
        return _of_dictionary(path, name)
    values = tuple(collect(rows.select(text(rows, name).unique().sort())).to_series().to_list())
    return Coded(values, collect(rows.select(text(rows, name).cast(pl.Enum(values)).to_physical())).to_series())


def _of_dictionary(path: Path, name: str) -> Coded:
    """Take texts as the file numbers them: its numbers are renamed, and no text of a row is made (a sixth of the time)."""
    try:
        read = pq.ParquetFile(path, read_dictionary=[name]).read(columns=[name]).column(0)
        whole: Any = read.unify_dictionaries().combine_chunks()
    except (pa.ArrowException, OSError):  # its text may quote the file
        raise unreadable() from None
    texts = pl.Series([*whole.dictionary.to_pylist(), None], dtype=pl.String).fill_null("")
    # Arrow's own conversion imports pandas where it is installed, which takes a second.
    number = cast(pl.Series, pl.from_arrow(whole.indices)).fill_null(len(texts) - 1).to_numpy()
    # A file may number texts that no row has, and count a missing one beside an empty one.
    used = np.zeros(len(texts), dtype=np.bool_)
    for part in _parts(number):
        used[part] = True
    values = tuple(texts.filter(pl.Series(used)).unique().sort().to_list())
    place = texts.cast(pl.Enum(values), strict=False).to_physical().fill_null(0).to_numpy()
    return Coded(values, pl.Series(_renamed(number, place)))


def _parts(number: NDArray[np.int32]) -> Iterator[NDArray[np.int32]]:
    """Cut an array into parts that stay in a core's second-level cache."""
    return (number[start : start + AT_ONCE] for start in range(0, number.size, AT_ONCE))


def _renamed(number: NDArray[np.int32], place: NDArray[np.unsignedinteger]) -> NDArray[np.unsignedinteger]:
    found = np.empty(number.size, place.dtype)
    for part, out in zip(_parts(number), _parts(found), strict=True):
        np.take(place, part, out=out, mode="clip")
    return found
