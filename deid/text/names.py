"""The names that a hospital knows: its patients and its staff, found in all their forms in one pass."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from cdm.errors import BadInput
from deid.text.normalise import CLOSE, NAMED, OPEN, normalise
from deid.text.settings import TextSettings
from deid.text.words import WORDS

_LONG, _SHORT, _WORD, _LATIN = OPEN
_HANGUL = "[가-힣]"
_TITLE = (
    r"(?:님|씨|선생|교수|간호|과장|원장|부장|전공의|전문의|레지던트|인턴|박사|의사|약사|기사|치료사|주치의|할머니|할아버지|어르신|군[은이의 ]|양[은이의 ])"
)
_AFTER = rf"(?:[ \t\n]?(?:{_TITLE}|환자|산모|보호자)|(?:은|는|이|가|을|를|의|에|에게|께|께서|와|과|도|만|한테|이라고|라고|으로|로|이며|이고)?(?:[^가-힣]|$))"
_ROLE = r"(?:환자명?|보호자|성명|이름|교수|간호사|의사|선생님?|과장|담당의?|주치의|집도의|부친|모친|아버지|어머니|배우자|남편|아내|아들|딸|산모|아기)"
_ASKED = r"(?:성명|이름|환자명|보호자명|의사명|서명|담당의|주치의|집도의)[ \t]?[:：]?[ \t]?"


@dataclass(frozen=True)
class Names:
    """The forms of all names, longest first, and each with the marks around it. unusable: names that cannot be looked for."""

    forms: pl.Series
    marked: pl.Series
    unusable: int


def prepare(names: pa.Table | None, settings: TextSettings) -> Names:
    """Prepare the names of a table (person_id or null for staff, name) to be looked for.

    A name is of Hangul (2 to 12 syllables, spaces do not count) or of Latin letters (2 to 4 words); others are counted
    as unusable. Raises BadInput where the table has no column `name` of text.
    """
    if names is None or "name" not in settings.kinds:
        return Names(pl.Series([], dtype=pl.String), pl.Series([], dtype=pl.String), 0)
    if "name" not in names.column_names or not _is_text(names.schema.field("name").type):
        raise BadInput("the table of names has no column 'name' of text; give one with person_id and name")
    given = pl.Series(names.column("name")).cast(pl.String).drop_nulls().unique(maintain_order=True)
    plain = normalise(given).str.strip_chars()
    hangul = plain.str.replace_all(r"[ \t\n]", "")
    korean = hangul.filter(hangul.str.contains(f"^{_HANGUL}{{2,12}}$")).unique()
    words = plain.str.to_lowercase().str.extract_all("[a-z]+")
    is_latin = plain.str.contains(r"^[A-Za-z][A-Za-z .,'-]*$") & words.list.len().is_between(2, 4)
    forms = pl.concat([_korean_forms(korean, settings), _latin_forms(words.filter(is_latin))])
    forms = forms.unique("form", keep="first", maintain_order=True).sort(
        pl.col("form").str.len_bytes(), "form", descending=[True, False]
    )
    usable = hangul.str.contains(f"^{_HANGUL}{{2,12}}$") | is_latin
    return Names(forms["form"], forms.select(pl.concat_str("mark", "form", pl.lit(CLOSE))).to_series(), int((~usable).sum()))


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _korean_forms(names: pl.Series, settings: TextSettings) -> pl.DataFrame:
    """Give (form, mark): together, the family name apart, each syllable apart, across the end of a line."""
    common = pl.Series([*WORDS, *settings.words])
    size = pl.col("name").str.len_chars()
    mark = (
        pl.when(pl.col("name").is_in(common.implode())).then(pl.lit(_WORD))
        .when(size == 2).then(pl.lit(_SHORT)).otherwise(pl.lit(_LONG))
    )  # fmt: skip
    base = names.to_frame("name").with_columns(mark.alias("mark"))
    syllables = pl.col("name").str.extract_all(_HANGUL)

    def cut(at: int, gap: str) -> pl.Expr:
        return pl.concat_str(pl.col("name").str.slice(0, at), pl.lit(gap), pl.col("name").str.slice(at))

    parts = [base.select(pl.col("name").alias("form"), "mark")]
    parts += [
        base.filter(size.is_between(3, 4) & (size > at)).select(cut(at, gap).alias("form"), "mark")
        for at, gap in ((1, " "), (2, " "), (1, "\n"), (2, "\n"), (3, "\n"), (1, "-"), (1, "."), (1, ". "))
    ]
    parts += [
        base.filter(size.is_between(2, 4)).select(syllables.list.join(gap).alias("form"), "mark")
        for gap in (" ", "  ", "-", ".", "·", "\n", " - ", ". ", " . ", "_", "/")
    ]
    return pl.concat(parts)


def _latin_forms(words: pl.Series) -> pl.DataFrame:
    """Give (form, mark) of names in Latin letters, whichever of their ends the family name stands at."""
    base = words.to_frame("words")
    sides = [_latin_side(base, family_first=side) for side in (True, False)]
    return pl.concat(sides).filter(pl.col("form").str.len_bytes() > 4)


def _latin_side(base: pl.DataFrame, *, family_first: bool) -> pl.DataFrame:
    size = pl.col("words").list.len()
    family = pl.col("words").list.get(0 if family_first else -1)
    given = pl.col("words").list.slice(1 if family_first else 0, size - 1)
    # A match without regard to case would lose the case where it is none after all, so each case is a form.
    parts = [
        pl.concat([_full(base, case(family), given.list.eval(case(pl.element()))) for case in (_lower, _upper, _title)]),
        _full(base, _title(family), pl.concat_list(_title(given.list.get(0)), given.list.slice(1))),
        _initials(base, _title(family), given.list.eval(_upper(pl.element().str.slice(0, 1)))),
    ]
    return pl.concat(parts)


def _full(base: pl.DataFrame, family: pl.Expr, given: pl.Expr) -> pl.DataFrame:
    return pl.concat(
        [
            _pairs(base, family, given.list.join(joint), (" ", ", ", ",", "\n", "-", ".", "  ", " . ", " - ", "_", " ,"))
            for joint in (" ", "-", "", "\n")
        ]
    )


def _initials(base: pl.DataFrame, family: pl.Expr, letters: pl.Expr) -> pl.DataFrame:
    written = [pl.concat_str(letters.list.join(joint), pl.lit(".")) for joint in (".", ". ")]
    written += [letters.list.get(0) + ".", letters.list.join("")]
    pairs = [_pairs(base, family, one, (" ", ", ", "", "\n")) for one in written[:3]]
    return pl.concat([*pairs, _pairs(base.filter(pl.col("words").list.len() > 2), family, written[3], (" ", ", "))])


def _pairs(base: pl.DataFrame, family: pl.Expr, given: pl.Expr, gaps: tuple[str, ...]) -> pl.DataFrame:
    both = [pl.concat_str(one, pl.lit(gap), two) for gap in gaps for one, two in ((family, given), (given, family))]
    return pl.concat([base.select(form.alias("form"), pl.lit(_LATIN).alias("mark")) for form in both])


def _lower(word: pl.Expr) -> pl.Expr:
    return word


def _upper(word: pl.Expr) -> pl.Expr:
    return word.str.to_uppercase()


def _title(word: pl.Expr) -> pl.Expr:
    return word.str.to_titlecase()


def replace(text: pl.Series, names: Names) -> pl.Series:
    """Give the texts with one NAMED for each name that is one where it stands.

    A name of three syllables or more stands at the start of a word, or after a role (환자홍길동). One of two also ends
    with the word, a particle or a title. One that is a word too (이상, 유지) has a title or a form's field beside it.
    A Latin name stands between characters that are no Latin letter or digit.
    """
    if names.forms.is_empty():
        return text
    seen = text.str.replace_many(names.forms.implode(), names.marked.implode(), leftmost=True)
    rows = seen.str.contains(CLOSE, literal=True).fill_null(value=False).arg_true()
    if rows.is_empty():
        return text
    return text.scatter(rows, _decide(seen.gather(rows)))


def _decide(seen: pl.Series) -> pl.Series:
    name = f"([^{CLOSE}]*){CLOSE}"
    any_korean = f"[{_LONG}{_SHORT}{_WORD}]"
    for pattern, becomes in (
        (f"({_ASKED}){any_korean}{name}", f"${{1}}{NAMED}"),
        (f"({_ROLE}){_LONG}{name}", f"${{1}}{NAMED}"),
        (f"({_HANGUL}){any_korean}{name}", "${1}${2}"),
        (f"{_LONG}{name}", NAMED),
        (f"{_SHORT}{name}({_AFTER})", f"{NAMED}${{2}}"),
        (f"{_WORD}{name}([ \\t\\n]?{_TITLE})", f"{NAMED}${{2}}"),
        (f"([A-Za-z0-9]){_LATIN}{name}", "${1}${2}"),
        (f"{_LATIN}{name}([A-Za-z0-9])", "${1}${2}"),
        (f"{_LATIN}{name}", NAMED),
        (f"[{OPEN}{CLOSE}]", ""),
    ):
        seen = seen.str.replace_all(pattern, becomes)
    return seen
