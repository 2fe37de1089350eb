"""Where the identifiers of a text are, of what kind each is, and what stands in its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from deid.text.model import Rule
from deid.text.normalise import HIT, changed
from deid.text.patterns import searched, whole
from deid.text.pieces import OFF, SPELLED, TIME
from deid.text.settings import TextSettings
from deid.text.shift import move

_KINDS = {"hit": pl.String, "rule": pl.Int64, "before": pl.String, "label": pl.String, "after": pl.String}


@dataclass(frozen=True)
class Cut:
    """Texts with hits, cut at their edges.

    rows: the places of the texts that have a hit. pieces: all their pieces, one after the other; in each text what
    stands before the first hit, that hit, what stands before the next ... and what stands after the last.
    odd: the places of the hits among the pieces. row: for each hit, the place of its text. ends: where each text ends.
    """

    rows: pl.Series
    pieces: pl.Series
    odd: npt.NDArray[np.int64]
    row: pl.Series
    ends: npt.NDArray[np.int64]

    @property
    def hits(self) -> pl.Series:
        """Give the hits, in order."""
        return self.pieces.gather(self.odd)


def mark(text: pl.Series, rules: Sequence[Rule]) -> pl.Series:
    """Give the texts with a HIT on either side of each hit: the one that begins first, of those the one declared first."""
    return text.str.replace_all(searched(rules), f"{HIT}${{0}}{HIT}") if rules else text


def cut(marked: pl.Series) -> Cut:
    """Cut marked texts at their marks."""
    rows = marked.str.contains(HIT, literal=True).fill_null(value=False).arg_true()
    pieces = marked.gather(rows).str.split(HIT)
    counts = pieces.list.len().to_numpy().astype(np.int64)
    ends = np.cumsum(counts)
    within = np.arange(counts.sum()) - np.repeat(ends - counts, counts)
    flat = pieces.explode() if len(rows) else pl.Series([], dtype=pl.String)
    return Cut(rows, flat, np.flatnonzero(within % 2), pl.Series(np.repeat(rows.to_numpy(), counts // 2)), ends)


def classify(hits: pl.Series, rules: Sequence[Rule], settings: TextSettings) -> pl.DataFrame:
    """Tell the distinct hits apart: hit, rule (its place among the rules), before, label, after.

    The rule is the first whose pattern the whole hit is. before, after: a letter that was written onto a number.
    """
    left, parts = hits.unique(maintain_order=True), [pl.DataFrame(schema=_KINDS)]
    for place, rule in enumerate(rules):
        if left.is_empty():
            break
        own = left.str.contains(f"^(?:{whole(rule)})$")
        parts.append(_labelled(left.filter(own), place, rule, settings))
        left = left.filter(~own)
    assert left.is_empty(), "a hit is what some rule matched"
    return pl.concat(parts)


def _labelled(hits: pl.Series, place: int, rule: Rule, settings: TextSettings) -> pl.DataFrame:
    before = rf"^([A-Za-z_])[0-9{SPELLED}+(]" if rule.gives_back else "^(())"
    after = rf"[0-9{SPELLED}]([A-Za-z_])$" if OFF in rule.pattern or TIME in rule.pattern else "(())$"
    return hits.to_frame("hit").select(
        "hit",
        pl.lit(place, pl.Int64).alias("rule"),
        pl.col("hit").str.extract(before).fill_null("").alias("before"),
        pl.lit(rule.label(settings.language)).alias("label"),
        pl.col("hit").str.extract(after).fill_null("").alias("after"),
    )


def replacements(found: Cut, rules: Sequence[Rule], settings: TextSettings, days: pl.Series | None) -> pl.DataFrame:
    """Give for each hit, in order: rule, `put`, what stands in its place, and `glued`, whether a letter follows in it.

    days: for each text, by how many days its person's dates move; null where that is unknown.
    """
    hits = found.hits
    kinds = classify(hits, rules, settings)
    table = pl.DataFrame({"hit": hits}).join(kinds, on="hit", how="left", maintain_order="left")
    put = pl.concat_str("before", "label", "after")
    if settings.dates == "shift" and days is not None:
        dates = [place for place, rule in enumerate(rules) if rule.kind == "date"]
        table = table.with_columns(days.gather(found.row).alias("days"))
        moved = pl.when(pl.col("rule").is_in(dates)).then(move(pl.col("hit"), pl.col("days")))
        put = pl.coalesce(moved + pl.col("after"), put)
    return table.select("rule", put.alias("put"), (pl.col("after") != "").alias("glued"))


def fill(text: pl.Series, found: Cut, put: pl.Series) -> pl.Series:
    """Give the texts with the replacements, in order, where the hits are."""
    if found.rows.is_empty():
        return text
    order = np.arange(len(found.pieces))
    order[found.odd] = len(found.pieces) + np.arange(len(put))
    row: Any = pl.concat([found.pieces, put]).gather(order).to_arrow().cast(pa.large_string())
    # All pieces stand in one buffer, one after the other: a text is where its first begins and its last ends.
    _, offsets, data = row.buffers()
    edges = np.frombuffer(offsets, np.int64)[np.concatenate([[0], found.ends])]
    filled = pl.Series(pa.LargeStringArray.from_buffers(len(found.ends), pa.py_buffer(edges), data))
    return changed(text, found.rows, filled)
