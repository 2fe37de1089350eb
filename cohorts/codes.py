"""Source codes that count as concepts of a set: EDI, KCD and local codes that a hospital has not mapped.

An event matches a concept set that carries codes where its concept is in the set, or where its source value is one of
the codes. A code is compared with the whole source value; with a `*` at its end, with its beginning. Blanks around and
capital or small letters make no difference: source systems pad their codes and write them either way, and no code system
in use (KCD, EDI, ATC, ICD) tells two codes apart by that. A dot does: `I21.0` is not `I210`, since in local codes dots
mean something. Who has both writes both, or `I21*`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from cohorts.criteria.domains import DOMAINS
from cohorts.expression import Expression
from cohorts.expression.concept_sets import CodedConceptSet, ConceptSet, SourceCode

ENDING = ".codes.yaml"
MAX_CODE = 50  # characters of a source value in the CDM
SOURCE_VALUES: Mapping[str, str] = {d.table: d.source_value for d in DOMAINS.values() if d.source_value}


def _quoted(given: object) -> object:
    if not isinstance(given, str):
        raise ValueError("a code has to stand in quotes: without them YAML takes it for a number, a date or yes or no")
    return given.strip()


def _code(given: str) -> str:
    body = given.removesuffix("*").rstrip()
    if not body or "*" in body or "%" in body:
        raise ValueError("a code is a whole code, or its beginning with one * at the end, such as I21*")
    if len(given) > MAX_CODE:
        raise ValueError(f"this code has {len(given)} characters, and a source value has at most {MAX_CODE}")
    if not given.isprintable():
        raise ValueError("a code cannot hold signs that cannot be shown")
    return given


def _table(given: str) -> str:
    if given not in SOURCE_VALUES:
        raise ValueError(f"is no table of events with source values; there are {', '.join(sorted(SOURCE_VALUES))}")
    return given


def _some(given: tuple[Any, ...]) -> tuple[Any, ...]:
    if not given:
        raise ValueError("is empty; give at least one")
    return given


Code = Annotated[str, BeforeValidator(_quoted), AfterValidator(_code)]
TableName = Annotated[str, AfterValidator(_table)]


class CodeLine(BaseModel):
    """Codes of one code system.

    vocabulary: the code system, for readers: KCD, EDI, local or another word. codes: whole codes, or beginnings such as
    `I21*`, in quotes where YAML would take them for a number. tables: the CDM's tables whose source values are looked at;
    without them every table in which the definition asks for the set.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    vocabulary: Annotated[str, Field(min_length=1, max_length=50)]
    codes: Annotated[tuple[Code, ...], AfterValidator(_some)]
    tables: Annotated[tuple[TableName, ...], AfterValidator(_some)] | None = None


class SourceCodes(BaseModel):
    """A file of source codes beside a definition.

    concept_sets: concept set, by its id or its name in the definition -> its codes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    concept_sets: dict[int | str, Annotated[tuple[CodeLine, ...], AfterValidator(_some)]]


@dataclass(frozen=True)
class Mismatch:
    """A key of the file that names no one concept set of the definition."""

    key: int | str
    said: str


def mismatches(expression: Expression, given: SourceCodes) -> Iterator[Mismatch]:
    """The keys that cannot be followed, in the file's order."""
    sets = expression.concept_sets or ()
    seen: set[int] = set()
    for key in given.concept_sets:
        found = _named(sets, key)
        if not found:
            have = ", ".join(f"{one.id} ({_name(one)})" for one in sets[:20]) or "none"
            yield Mismatch(key, f"the definition has no such concept set; it has {have}")
        elif len(found) > 1:
            yield Mismatch(key, f"the definition has {len(found)} concept sets of this name; give the id of one")
        elif found[0].id in seen:
            yield Mismatch(key, f"concept set {found[0].id} has codes above already; put all into one place")
        seen |= {one.id for one in found}


def with_codes(expression: Expression, given: SourceCodes) -> Expression:
    """The definition with codes in its concept sets. Every key names one set (`mismatches`)."""
    lines: dict[int, tuple[CodeLine, ...]] = {}
    for key, codes in given.concept_sets.items():
        (one,) = _named(expression.concept_sets or (), key)
        lines[one.id] = codes
    sets = tuple(_coded(one, lines[one.id]) if one.id in lines else one for one in expression.concept_sets or ())
    return expression.model_copy(update={"concept_sets": sets})


def _named(sets: tuple[ConceptSet, ...], key: int | str) -> list[ConceptSet]:
    if isinstance(key, int):
        return [one for one in sets if one.id == key]
    return [one for one in sets if _name(one) == " ".join(key.split())]


def _name(one: ConceptSet) -> str:
    return " ".join((one.name or "").split())


def _coded(one: ConceptSet, lines: tuple[CodeLine, ...]) -> CodedConceptSet:
    codes = tuple(
        SourceCode(vocabulary=line.vocabulary, code=code, tables=line.tables or ())
        for line in lines
        for code in line.codes
    )
    known: dict[str, Any] = {name: getattr(one, name) for name in type(one).model_fields}
    return CodedConceptSet(**known, codes=tuple(dict.fromkeys(codes)))
