"""The rows of cohorts, kept until all people are done, and their file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cdm.arrays import numbers, repeated
from cdm.errors import BadInput
from cohorts.columns.eras import Intervals
from cohorts.columns.keys import Days, Whole
from cohorts.columns.observed import Observed

_GROUP = 1 << 20  # rows of a row group


class CohortRows:
    """Cohort rows by definition; parts of the people come in order of person_id."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = list(names)
        self._rows: list[list[tuple[Whole, Days, Days]]] = [[] for _ in self._names]

    def add(self, definition: int, cohort: Intervals, observed: Observed) -> None:
        """Keep the rows of one definition."""
        self.put(definition, observed.ids[cohort.person], cohort.start.astype(np.int32), cohort.end.astype(np.int32))

    def put(self, definition: int, subject_id: Whole, start: Days, end: Days) -> None:
        """Keep rows that are in order of subject_id, start and end."""
        if len(subject_id):
            self._rows[definition].append((subject_id, start, end))

    def write(self, out: Path, key: str) -> None:
        """Write a Parquet file: `key`, subject_id, cohort_start_date, cohort_end_date, in order of all four."""
        whole = all(_is_whole(name) for name in self._names)
        kind = pa.int64() if whole else pa.string()
        schema = pa.schema(
            [
                (key, kind),
                ("subject_id", pa.int64()),
                ("cohort_start_date", pa.date32()),
                ("cohort_end_date", pa.date32()),
            ]
        )
        order = sorted(range(len(self._names)), key=lambda at: int(self._names[at]) if whole else self._names[at])
        try:
            with pq.ParquetWriter(out, schema, **_encoded(schema)) as writer:
                self._write(writer, order, whole=whole, schema=schema)
        except OSError as error:
            raise BadInput(
                f"{out} cannot be written ({error.strerror or type(error).__name__}); check the folder and the disk, then run again"
            ) from None

    def _write(self, writer: pq.ParquetWriter, order: Sequence[int], *, whole: bool, schema: pa.Schema) -> None:
        waiting: list[pa.Table] = []
        for at in order:
            label = int(self._names[at]) if whole else self._names[at]
            waiting += [_table(label, schema, *part) for part in self._rows[at]]
            if sum(table.num_rows for table in waiting) >= _GROUP:
                writer.write_table(pa.concat_tables(waiting), row_group_size=_GROUP)
                waiting = []
        writer.write_table(pa.concat_tables([pa.Table.from_batches([], schema), *waiting]), row_group_size=_GROUP)


def _encoded(schema: pa.Schema) -> dict[str, Any]:
    """Differences of ordered numbers pack into fewer bytes than zstd leaves of them plain, at half the time."""
    delta = {name: "DELTA_BINARY_PACKED" for name in schema.names if schema.field(name).type != pa.string()}
    texts = [name for name in schema.names if name not in delta]
    return {"compression": "none", "use_dictionary": texts or False, "column_encoding": delta}


def _table(label: int | str, schema: pa.Schema, subject: Whole, start: Days, end: Days) -> pa.Table:
    labels = repeated(label, len(subject))
    days = (numbers(np.asarray(day, np.int32), pa.date32()) for day in (start, end))
    return pa.Table.from_arrays([labels, numbers(subject), *days], schema=schema)


def _is_whole(name: str) -> bool:
    return name.isascii() and name.removeprefix("-").isdigit() and str(int(name)) == name
