"""Where the identifiers of a text are, of what kind each is, and what stands in its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from deid.text.model import Rule
from deid.text.normalise import HIT, changed
from deid.text.pieces import OFF, ONTO, SPELLED, either
from deid.text.settings import TextSettings
from deid.text.shift import move

_KINDS = {"hit": pl.String, "rule": pl.Int64, "before": pl.String, "label": pl.String, "after": pl.String}
Chosen = Sequence[tuple[Rule, str]]


@dataclass(frozen=True)
class Found:
    """The hits of some texts. marked: each text with one HIT for each hit; hits: the hits of all, in order.

    row: for each hit, the place of its text.
    """

    marked: pl.Series
    hits: pl.Series
    row: pl.Series


def find(text: pl.Series, rules: Chosen) -> Found:
    """Find the hits of all rules at once: the one that begins first, and of those the one declared first."""
    if not rules:
        return Found(text, pl.Series([], dtype=pl.String), pl.Series([], dtype=pl.UInt32))
    pattern = either(*(pattern for _, pattern in rules))
    hits = text.str.extract_all(pattern)
    some = (hits.list.len() > 0).fill_null(value=False).arg_true()
    hits, marked = hits.gather(some), changed(text, some, text.gather(some).str.replace_all(pattern, HIT))
    row = pl.select(pl.lit(some).repeat_by(pl.lit(hits.list.len())).explode()).to_series()
    return Found(marked, hits.explode(), row)


def classify(hits: pl.Series, rules: Chosen, settings: TextSettings) -> pl.DataFrame:
    """Tell the distinct hits apart: hit, rule (its place among the rules), before, label, after.

    The rule is the first whose pattern the whole hit is. before, after: a letter that was written onto a number.
    """
    left, parts = hits.unique(maintain_order=True), [pl.DataFrame(schema=_KINDS)]
    for place, (rule, pattern) in enumerate(rules):
        if left.is_empty():
            break
        own = left.str.contains(f"^(?:{pattern})$")
        parts.append(_labelled(left.filter(own), place, rule, settings))
        left = left.filter(~own)
    assert left.is_empty(), "a hit is what some rule matched"
    return pl.concat(parts)


def _labelled(hits: pl.Series, place: int, rule: Rule, settings: TextSettings) -> pl.DataFrame:
    before = "^([A-Za-z_])" if ONTO in rule.pattern else "^(())"
    after = rf"[0-9{SPELLED}]([A-Za-z_])$" if OFF in rule.pattern else "(())$"
    return hits.to_frame("hit").select(
        "hit",
        pl.lit(place, pl.Int64).alias("rule"),
        pl.col("hit").str.extract(before).fill_null("").alias("before"),
        pl.lit(rule.label(settings.language)).alias("label"),
        pl.col("hit").str.extract(after).fill_null("").alias("after"),
    )


def replacements(found: Found, rules: Chosen, settings: TextSettings, days: pl.Series | None) -> pl.DataFrame:
    """Give for each hit, in order: rule, `put`, what stands in its place, and `glued`, whether a letter follows in it.

    days: for each text, by how many days its person's dates move; null where that is unknown.
    """
    kinds = classify(found.hits, rules, settings)
    table = pl.DataFrame({"hit": found.hits}).join(kinds, on="hit", how="left", maintain_order="left")
    put = pl.concat_str("before", "label", "after")
    if settings.dates == "shift" and days is not None:
        dates = [place for place, (rule, _) in enumerate(rules) if rule.kind == "date"]
        table = table.with_columns(days.gather(found.row).alias("days"))
        moved = pl.when(pl.col("rule").is_in(dates)).then(move(pl.col("hit"), pl.col("days")))
        put = pl.coalesce(moved, put)
    return table.select("rule", put.alias("put"), (pl.col("after") != "").alias("glued"))


def fill(marked: pl.Series, put: pl.Series) -> pl.Series:
    """Put the replacements, in order, where the HITs are."""
    rows = marked.str.contains(HIT, literal=True).fill_null(value=False).arg_true()
    if rows.is_empty():
        return marked
    pieces = marked.gather(rows).str.split(HIT)
    ends = np.cumsum(pieces.list.len().to_numpy(), dtype=np.int64)
    count, texts = int(ends[-1]), np.arange(len(ends))
    # Piece, replacement, piece ...: each text has one replacement less than it has pieces.
    stands = 2 * np.arange(count) - np.repeat(texts, np.diff(ends, prepend=0))
    order = np.full(count + len(put), -1)
    order[stands] = np.arange(count)
    order[order < 0] = count + np.arange(len(put))
    row: Any = pl.concat([pieces.explode(), put]).gather(order).to_arrow().cast(pa.large_string())
    # All of them stand in one buffer, one after the other: a text is where its first begins and its last ends.
    _, offsets, data = row.buffers()
    edges = np.frombuffer(offsets, np.int64)[np.concatenate([[0], stands[ends - 1] + 1])]
    return changed(marked, rows, pl.Series(pa.LargeStringArray.from_buffers(len(ends), pa.py_buffer(edges), data)))
