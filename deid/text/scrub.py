"""Notes without the people in them: one column of text in, the same column scrubbed out, with counts by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from cdm.errors import BadInput
from deid.text.hits import cut, fill, mark, replacements
from deid.text.model import Rule
from deid.text.names import Names, prepare, replace
from deid.text.normalise import NAMED, changed, normalise
from deid.text.patterns import NAME, chosen
from deid.text.settings import KINDS, Kind, TextSettings

# So many bytes of text at once: memory is a few times as much, and each chunk builds the automaton of the names anew.
CHUNK = 64 << 20
DAYS: tuple[Kind, ...] = ("birth_date", "date", "partial_date")


@dataclass(frozen=True)
class Scrubbed:
    """The scrubbed column and what was replaced, never what it was.

    text: large_string, as long as the table, null where it was null. counts: hits by kind, for the kinds switched on.
    unusable_names: names of the table that could not be looked for (one syllable, mixed scripts).
    """

    text: pa.ChunkedArray[Any]
    counts: dict[Kind, int]
    unusable_names: int


def scrub(table: pa.Table, column: str, names: pa.Table | None, settings: TextSettings, chunk: int = CHUNK) -> Scrubbed:
    """Scrub one text column of a table.

    table: `column` of text, and with settings.dates 'shift' also `offset_days` (integer, null where unknown: that row's
    dates are then replaced). names: (person_id or null, name), the patients and staff to look for; None where there are
    none. chunk: bytes of text at once. The same input gives the same output, whatever the chunks.

    Raises BadInput for a column that is missing or of another type.
    """
    text = _column(table, column)
    days = _days(table, settings)
    known = prepare(names, settings)
    rules = chosen(settings)
    counts: Counter[Kind] = Counter({kind: 0 for kind in KINDS if kind in settings.kinds})
    parts: list[pa.Array[Any]] = []
    for start, stop in _chunks(text, chunk):
        part = pl.Series("text", text.slice(start, stop - start))
        moved = None if days is None else days.slice(start, stop - start)
        done, found = _scrub(part, known, rules, settings, moved)
        counts.update(found)
        parts.append(done.to_arrow().cast(pa.large_string()))
    return Scrubbed(pa.chunked_array(parts, pa.large_string()), dict(counts), known.unusable)


def _scrub(
    text: pl.Series, names: Names, rules: Sequence[Rule], settings: TextSettings, days: pl.Series | None
) -> tuple[pl.Series, Counter[Kind]]:
    # A name inside a hit goes with the hit: what stands between its marks is never used again.
    named = replace(mark(normalise(text), rules), names)
    found = cut(named)
    put = replacements(found, rules, settings, days)
    done, counts = fill(named, found, put["put"]), _count(put, rules)
    if not names.forms.is_empty():
        counts["name"] = int(done.str.count_matches(NAMED, literal=True).sum())
        done = done.str.replace_all(NAMED, NAME.label(settings.language), literal=True)
    # A letter given back to a number may begin something: 1234567890https://... What may be a moved date stays.
    again = [rule for rule in rules if settings.dates == "label" or rule.kind not in DAYS]
    rows = found.row.filter(put["glued"]).unique().sort()
    while not rows.is_empty():
        marked = mark(done.gather(rows), again)
        found = cut(marked)
        put = replacements(found, again, settings, None)
        done = changed(done, rows, fill(marked, found, put["put"]))
        counts.update(_count(put, again))
        rows = rows.gather(found.row.filter(put["glued"]).unique().sort())
    return done, counts


def _count(put: pl.DataFrame, rules: Sequence[Rule]) -> Counter[Kind]:
    return Counter({rules[place].kind: count for place, count in put["rule"].value_counts().iter_rows()})


def _column(table: pa.Table, column: str) -> pa.ChunkedArray[Any]:
    if column not in table.column_names:
        raise BadInput(f"the table has no column '{column}'; name its column of text")
    kind = table.schema.field(column).type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        raise BadInput(f"column '{column}' is {kind}, not text; name a column of text")
    return table.column(column).cast(pa.large_string())


def _days(table: pa.Table, settings: TextSettings) -> pl.Series | None:
    if settings.dates != "shift":
        return None
    if "offset_days" not in table.column_names or not pa.types.is_integer(table.schema.field("offset_days").type):
        raise BadInput(
            "dates are to be shifted, and the table has no integer column 'offset_days'; join it, or choose dates: label"
        )
    return pl.Series("days", table.column("offset_days")).cast(pl.Int64)


def _chunks(text: pa.ChunkedArray[Any], size: int) -> Iterator[tuple[int, int]]:
    """Give (start, stop) of rows that together have about so many bytes of text, at least one row each."""
    lengths = pc.fill_null(pc.binary_length(text), 0).to_numpy()
    ends = np.cumsum(lengths)
    start = 0
    while start < len(ends):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + size, side="right")))
        yield start, stop
        start = stop
