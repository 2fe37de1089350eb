"""One way of writing: whatever a keyboard, a scanner or a copied web page made of a text becomes plain characters."""

from __future__ import annotations

import polars as pl

# Where a hit was, where a name was, and around what may be a name: private characters that no text may bring along.
HIT, NAMED, CLOSE, OPEN = "\ue000", "\ue001", "\ue002", "\ue003\ue004\ue005\ue006"

# A text of these alone is its own normal form, and most texts are.
_UNUSUAL = r"[^\n\t\x20-\x7E가-힣]"
# Zero-width and filling characters, direction marks, soft hyphens, variation selectors, and our own.
_NOTHING = (
    r"[\u{AD}\u{34F}\u{61C}\u{115F}\u{1160}\u{17B4}\u{17B5}\u{180B}-\u{180F}\u{200B}-\u{200F}\u{202A}-\u{202E}"
    r"\u{2060}-\u{206F}\u{3164}\u{FE00}-\u{FE0F}\u{FEFF}\u{FFA0}\u{FFF0}-\u{FFFB}\u{E000}-\u{E006}\u{E0000}-\u{E0FFF}]"
)
_LINE = r"\r\n|[\r\x0B\x0C\x1C-\x1E\x{85}\x{2028}\x{2029}]"
_DASH = (
    r"[\u{58A}\u{5BE}\u{2010}-\u{2015}\u{2043}\u{207B}\u{208B}\u{2212}\u{2500}\u{2501}\u{2E3A}\u{2E3B}\u{30FC}\u{FE58}\u{FE63}"
    r"\u{FF0D}\u{FF70}\u{FE31}\u{FE32}]"
)
_DOT = r"[\u{387}\u{2022}\u{2024}\u{2027}\u{2219}\u{22C5}\u{30FB}\u{FF65}\u{318D}\u{119E}]"
_FULL_STOP = r"[\u{3002}\u{FF61}]"
# NFKC would make 103 of 10³, 5125 of 5⑫5 and 11/2 of 1½: in a note these are other numbers.
_APART = {
    **dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", (f"^{n}" for n in range(10)), strict=True)),
    **{chr(0x2460 + n): f"({n + 1})" for n in range(20)},
    **dict(zip("½⅓⅔¼¾⅛⅜⅝⅞", (" 1/2", " 1/3", " 2/3", " 1/4", " 3/4", " 1/8", " 3/8", " 5/8", " 7/8"), strict=True)),
}
# Digits of other scripts that NFKC leaves alone: Arabic, Persian, Devanagari.
_OTHER = {chr(start + n): str(n) for start in (0x660, 0x6F0, 0x966) for n in range(10)}
# The vowel ㅡ is on the same key as the dash is looked for; between digits it is one.
_VOWEL = r"([0-9] ?)[\u{3161}\u{1173}]( ?[0-9])"


def normalise(text: pl.Series) -> pl.Series:
    r"""Give texts of one normal form, null where there was null.

    NFKC (full-width letters and digits, composed Hangul); lines end in \n; every exotic space, dash and middle dot is a
    plain one; characters of no width are gone; raised digits are written ^3, circled ones (3). Applied twice it changes
    nothing more.
    """
    unusual = text.str.contains(_UNUSUAL).fill_null(value=False)
    if not unusual.any():
        return text
    where = unusual.arg_true()
    return changed(text, where, _unusual(text.gather(where)))


def changed(text: pl.Series, rows: pl.Series, becomes: pl.Series) -> pl.Series:
    """Give the texts with those of some rows changed. The given series stays: Polars scatters into the series itself."""
    if len(rows) == len(text):
        return becomes
    return text.clone().scatter(rows, becomes) if len(rows) else text


def _unusual(text: pl.Series) -> pl.Series:
    plain = (
        text.str.replace_all(_NOTHING, "")
        .str.replace_all(_LINE, "\n")
        .str.replace_many(list((_APART | _OTHER).keys()), list((_APART | _OTHER).values()))
        .str.normalize("NFKC")
    )
    for pattern, char in ((_DASH, "-"), (_DOT, "·"), (_FULL_STOP, "."), (r"[\p{Zs}\x{1680}]", " "), (_LINE, "\n")):
        plain = plain.str.replace_all(pattern, char)
    # Twice: in 1ㅡ2ㅡ3 the two share a digit.
    return plain.str.replace_all(_NOTHING, "").str.replace_all(_VOWEL, "${1}-${2}").str.replace_all(_VOWEL, "${1}-${2}")
