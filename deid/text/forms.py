"""The forms in which a name is written: Hangul with gaps and line ends, Latin in both orders, with initials, in three cases."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from deid.text.normalise import OPEN

# How a name that stands somewhere is judged: three syllables and more, two or a gap in it, a word as well, Latin.
LONG, SHORT, WORD, LATIN = tuple(OPEN)
HANGUL = "[가-힣]"
_CUTS = ((1, " "), (2, " "), (1, "\n"), (2, "\n"), (3, "\n"), (1, "-"), (1, "."), (1, "  "))
_APART = (" ", "  ", "-", ".", "·", "\n", " - ", ". ")
_BETWEEN = (" ", ", ", ",", "\n", "-", "  ")


def korean_forms(names: pl.Series, words: Iterable[str]) -> pl.DataFrame:
    """Give (form, mark): together, the family name apart, each syllable apart, across the end of a line.

    names: of Hangul alone. words: names that are words as well.
    """
    size = pl.col("name").str.len_chars()
    mark = pl.when(size == 2).then(pl.lit(SHORT)).otherwise(pl.lit(LONG))
    word = pl.col("name").is_in(list(words))
    base = names.to_frame("name").with_columns(pl.when(word).then(pl.lit(WORD)).otherwise(mark).alias("mark"))
    # 이상 호 may be "이상 호소": a name with a gap in it has to end as a word does.
    gaps = base.filter(size.is_between(2, 4)).with_columns(pl.col("mark").replace(LONG, SHORT))
    cuts = [
        pl.when(size > max(at, 2)).then(
            pl.concat_str(pl.col("name").str.slice(0, at), pl.lit(gap), pl.col("name").str.slice(at))
        )
        for at, gap in _CUTS
    ]
    apart = [pl.col("name").str.extract_all(HANGUL).list.join(gap) for gap in _APART]
    return pl.concat([base.select(pl.col("name").alias("form"), "mark"), _exploded(gaps, [*cuts, *apart])])


def latin_forms(words: pl.Series) -> pl.DataFrame:
    """Give (form, mark) of names in Latin letters, whichever end of them is the family name.

    words: lists of two to four words in small letters.
    """
    base = words.to_frame("words").with_columns(pl.lit(LATIN).alias("mark"))
    sides = [_exploded(base, _latin_side(family_first=side)) for side in (True, False)]
    return pl.concat(sides).filter(pl.col("form").str.len_bytes() > 4)


def _exploded(base: pl.DataFrame, forms: list[pl.Expr]) -> pl.DataFrame:
    return base.select(pl.concat_list(forms).alias("form"), "mark").explode("form").drop_nulls("form")


def _latin_side(*, family_first: bool) -> list[pl.Expr]:
    """List the forms of column `words`. Case is part of a form: a match without regard to it would lose it."""
    family = pl.col("words").list.get(0 if family_first else -1)
    given = pl.col("words").list.slice(1 if family_first else 0, pl.col("words").list.len() - 1)
    titled = given.list.eval(pl.element().str.to_titlecase())
    hyphened = pl.concat_list(given.list.get(0).str.to_titlecase(), given.list.slice(1))
    cased = [
        (family, given),
        (family.str.to_uppercase(), given.list.eval(pl.element().str.to_uppercase())),
        (family.str.to_titlecase(), titled),
        (family.str.to_uppercase(), titled),
        # Hong Gil-dong
        (family.str.to_titlecase(), hyphened),
        (family.str.to_uppercase(), hyphened),
    ]
    full = [
        form for one, rest in cased for joint in (" ", "-", "") for form in _pairs(one, rest.list.join(joint), _BETWEEN)
    ]
    return [
        *full,
        *_initials(family.str.to_titlecase(), given.list.eval(pl.element().str.slice(0, 1).str.to_uppercase())),
    ]


def _initials(family: pl.Expr, letters: pl.Expr) -> list[pl.Expr]:
    dotted = [pl.concat_str(letters.list.join(joint), pl.lit(".")) for joint in (".", ". ")]
    first, together = letters.list.get(0) + ".", pl.when(letters.list.len() > 1).then(letters.list.join(""))
    forms = [form for one in (*dotted, first) for form in _pairs(family, one, (" ", ", ", "", "\n"))]
    return [*forms, *_pairs(family, together, (" ", ", "))]


def _pairs(family: pl.Expr, given: pl.Expr, gaps: tuple[str, ...]) -> list[pl.Expr]:
    return [pl.concat_str(one, pl.lit(gap), two) for gap in gaps for one, two in ((family, given), (given, family))]
