"""Dates in a text: read in whatever form they stand, moved by the days of their person."""

from __future__ import annotations

import polars as pl

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Two digits of a year: to 49 of this century, from 50 on of the last, as spreadsheets read them.
_PIVOT = 50


def parse(written: pl.Expr) -> pl.Expr:
    """Give the day that a written date means, null where it means none or two.

    Day and month before the year mean something only where one of them is above 12, or where both are equal.
    """
    written = written.str.strip_chars_end("T_")
    joined = (
        pl.when(written.str.contains("^[0-9] [0-9] ")).then(written.str.replace_all("[^0-9]", "")).otherwise(written)
    )
    digits = pl.when(joined.str.count_matches("[0-9]") == 8).then(_apart(joined)).otherwise(joined)
    numbers = digits.str.extract_all("[0-9]+")
    word = written.str.to_lowercase().str.extract(f"({'|'.join(_MONTHS)})")
    named = word.replace_strict(list(_MONTHS), list(range(1, 13)), default=None, return_dtype=pl.Int64)

    def at(place: int) -> pl.Expr:
        return numbers.list.get(place, null_on_oob=True)

    def value(place: int) -> pl.Expr:
        return at(place).cast(pl.Int64, strict=False)

    first, second, third = value(0), value(1), value(2)
    american, european = (second > 12) | (first == second), first > 12
    return (
        pl.when(named.is_not_null())
        .then(_day(second, named, first))
        .when(at(0).str.len_bytes() == 4)
        .then(_day(first, second, third))
        .when((at(2).str.len_bytes() == 4) & american)
        .then(_day(third, first, second))
        .when((at(2).str.len_bytes() == 4) & european)
        .then(_day(third, second, first))
        .when(at(2).str.len_bytes() == 2)
        .then(_day(first + pl.when(first < _PIVOT).then(2000).otherwise(1900), second, third))
        .when(at(0).str.len_bytes() == 2)  # 60년 3월 5일
        .then(_day(first + pl.when(first < _PIVOT).then(2000).otherwise(1900), second, third))
    )


def _apart(joined: pl.Expr) -> pl.Expr:
    """Give 2020-10-11 for 20201011, also across the end of a line."""
    flat = joined.str.replace_all(r"-?[ \t]?\n[ \t]*", "")
    return (
        pl.when(flat.str.contains("^[0-9]{8}$"))
        .then(flat.str.replace("^([0-9]{4})([0-9]{2})([0-9]{2})$", "${1}-${2}-${3}"))
        .otherwise(joined)
    )


def _day(year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    written = pl.format("{}-{}-{}", year, month, day)
    return written.str.to_date("%Y-%m-%d", strict=False)


def move(written: pl.Expr, days: pl.Expr) -> pl.Expr:
    """Give the moved date as YYYY-MM-DD, null where it does not parse or no days are given."""
    return parse(written).dt.offset_by(pl.format("{}d", days)).dt.to_string("%Y-%m-%d")
