"""The names that a hospital knows: its patients and its staff, found in all their forms in one pass."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from cdm.errors import BadInput
from deid.text.forms import HANGUL, LATIN, LONG, SHORT, WORD, korean_forms, latin_forms
from deid.text.normalise import CLOSE, NAMED, OPEN, changed, normalise
from deid.text.settings import TextSettings
from deid.text.words import WORDS

# What stands behind or before a name. Of a word that is a name too only these tell.
_TITLE = (
    "(?:님|씨|선생|교수|간호|과장|원장|부장|전공의|전문의|레지던트|인턴|박사|의사|약사|기사|치료사|주치의|"
    "할머니|할아버지|어르신|군[은이의 ]|양[은이의 ])"
)
_PARTICLE = (
    "(?:은|는|이|가|을|를|의|에|에게|께|께서|와|과|도|만|한테|이?라고|이?라는|으?로|이며|이고|이다|이?랑|"
    "까지|부터|처럼|보다|입니다|임|아|야)?"
)
_AFTER = rf"(?:[ \t\n]?(?:{_TITLE}|환자|산모|보호자)|{_PARTICLE}(?:[^가-힣]|$))"
_ROLE = (
    "(?:환자명?|보호자|성명|이름|교수|간호사|의사|선생님?|과장|담당의?|주치의|집도의|부친|모친|아버지|어머니|"
    "배우자|남편|아내|아들|딸|산모|아기)"
)
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
    korean = hangul.filter(hangul.str.contains(f"^{HANGUL}{{2,12}}$")).unique()
    words = plain.str.to_lowercase().str.extract_all("[a-z]+")
    is_latin = plain.str.contains(r"^[A-Za-z][A-Za-z .,'-]*$") & words.list.len().is_between(2, 4)
    forms = pl.concat([korean_forms(korean, (*WORDS, *settings.words)), latin_forms(words.filter(is_latin))])
    forms = forms.unique("form", keep="first", maintain_order=True).sort(
        pl.col("form").str.len_bytes(), "form", descending=[True, False]
    )
    usable = hangul.str.contains(f"^{HANGUL}{{2,12}}$") | is_latin
    return Names(
        forms["form"], forms.select(pl.concat_str("mark", "form", pl.lit(CLOSE))).to_series(), int((~usable).sum())
    )


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


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
    return changed(text, rows, _decide(seen.gather(rows)))


def _decide(seen: pl.Series) -> pl.Series:
    name = f"([^{CLOSE}]*){CLOSE}"
    any_korean = f"[{LONG}{SHORT}{WORD}]"
    for pattern, becomes in (
        (f"({_ASKED}){any_korean}{name}", f"${{1}}{NAMED}"),
        (f"({_ROLE}){LONG}{name}", f"${{1}}{NAMED}"),
        (f"({HANGUL}){any_korean}{name}", "${1}${2}"),
        (f"{LONG}{name}", NAMED),
        (f"{SHORT}{name}({_AFTER})", f"{NAMED}${{2}}"),
        (f"{WORD}{name}([ \\t\\n]?{_TITLE})", f"{NAMED}${{2}}"),
        (f"([A-Za-z0-9]){LATIN}{name}", "${1}${2}"),
        (f"{LATIN}{name}([A-Za-z0-9])", "${1}${2}"),
        (f"{LATIN}{name}", NAMED),
        (f"[{OPEN}{CLOSE}]", ""),
    ):
        seen = seen.str.replace_all(pattern, becomes)
    return seen
