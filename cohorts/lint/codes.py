"""Source codes of concept sets against this hospital's records. For inside the hospital: counts are exact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from cdm import arrays
from cohorts.columns.keys import Whole
from cohorts.criteria.domains import DOMAINS, DRUG_EXPOSURE
from cohorts.expression import Expression
from cohorts.expression.cohort import CustomEraExit
from cohorts.expression.concept_sets import CodedConceptSet, SourceCode
from cohorts.expression.paths import walk
from cohorts.lint.concepts import uses
from cohorts.lint.findings import Finding, finding
from cohorts.sql import source_codes

SHOWN = 10


@dataclass(frozen=True)
class _Looked:
    """A set's codes looked for in one table, beside one of its concept columns."""

    position: int
    table: str
    value: str
    concept: str


def codes(con: duckdb.DuckDBPyConnection, expression: Expression, members: Sequence[Whole]) -> Iterator[Finding]:
    """Codes that no criterion looks for, that no record here has, or whose records all have a concept of the set.

    members: what each set of the definition, in their order, holds by this vocabulary.
    """
    coded = {
        position: one for position, one in enumerate(expression.concept_sets or ()) if isinstance(one, CodedConceptSet)
    }
    looked = _looked(expression, coded)
    for position, one in coded.items():
        yield from _idle(position, one, [place.table for place in looked if place.position == position])
    for position in sorted({place.position for place in looked}):
        here = [place for place in looked if place.position == position]
        asked = list(dict.fromkeys(code.code for code in coded[position].codes if any(_in(code, p) for p in here)))
        if asked:
            found = _records(con, coded[position], here, members[position])
            yield from _told(position, coded[position], asked, {code: found[code] for code in asked if code in found})


def _in(code: SourceCode, place: _Looked) -> bool:
    return not code.tables or place.table in code.tables


def _looked(expression: Expression, coded: dict[int, CodedConceptSet]) -> list[_Looked]:
    """Where the codes are looked for: once per set and table, beside the first of its columns that is asked for."""
    places = {one.id: position for position, one in coded.items()}
    found: dict[tuple[int, str], _Looked] = {}
    for use in uses(expression):
        domain = DOMAINS[use.kind]
        if use.concept_set in places and domain.source_value:
            position = places[use.concept_set]
            found.setdefault((position, domain.table), _Looked(position, domain.table, domain.source_value, use.column))
    for _, part in walk(expression):
        if isinstance(part, CustomEraExit) and part.drug_codeset_id in places:
            position, table = places[part.drug_codeset_id], DRUG_EXPOSURE.table
            value, concept = str(DRUG_EXPOSURE.source_value), str(DRUG_EXPOSURE.concept)
            found.setdefault((position, table), _Looked(position, table, value, concept))
    return list(found.values())


def _idle(position: int, given: CodedConceptSet, tables: list[str]) -> Iterator[Finding]:
    idle = [one.code for one in given.codes if not (set(tables) & set(one.tables) if one.tables else tables)]
    if idle:
        yield finding(
            "codes_not_used", "warning", ("ConceptSets", position),
            f"{_few(idle, 'and {} more')}: no criterion looks for these source codes of {_set(given)}; it is not asked for in a "
            "table with source values, or not in theirs.",
            f"{_few(idle, '외 {}개')}: {_korean(given)}의 이 원천 코드를 찾는 조건이 없습니다. 원천 값이 있는 테이블에서(또는 적힌 "
            "테이블에서) 이 개념 집합을 쓰지 않습니다.",
        )  # fmt: skip


def _records(
    con: duckdb.DuckDBPyConnection, given: CodedConceptSet, looked: list[_Looked], members: Whole
) -> dict[str, tuple[int, int]]:
    """Code -> its records here, and those of them without a concept of the set; over all tables where it is looked for."""
    found: dict[str, tuple[int, int]] = {}
    con.register("member", arrays.table({"concept_id": members}))
    for place in looked:
        codes = list(dict.fromkeys(code.code for code in given.codes if _in(code, place)))
        if not codes:
            continue
        columns: dict[str, pa.Array[Any]] = {
            "stream": arrays.numbers(np.arange(len(codes), dtype=np.int16)),
            "code": arrays.texts([code.removesuffix("*").strip().upper() for code in codes]),
            "prefix": arrays.flags(np.array([code.endswith("*") for code in codes], np.bool_)),
        }
        con.register("codes", pa.table(columns))
        sql = f"""SELECT v.stream, count(*), count(*) FILTER (WHERE m.concept_id IS NULL)
FROM cdm.{place.table} t JOIN ({source_codes.values("codes", place.table, place.value)}) v ON v.value = t.{place.value}
LEFT JOIN member m ON m.concept_id = t.{place.concept} GROUP BY v.stream ORDER BY v.stream"""
        for number, records, unmapped in con.execute(sql).fetchall():
            before = found.get(codes[number], (0, 0))
            found[codes[number]] = (before[0] + records, before[1] + unmapped)
        con.unregister("codes")
    con.unregister("member")
    return found


def _told(
    position: int, given: CodedConceptSet, asked: list[str], found: dict[str, tuple[int, int]]
) -> Iterator[Finding]:
    steps = ("ConceptSets", position)
    without = [code for code in asked if code not in found]
    if without:
        yield finding(
            "codes_without_records", "warning", steps,
            f"{_few(without, 'and {} more')}: no record here has these source codes of {_set(given)}; see how this hospital "
            "writes them (dots, zeros in front).",
            f"{_few(without, '외 {}개')}: {_korean(given)}의 이 원천 코드를 가진 기록이 없습니다. 이 병원의 표기(점, 앞의 0)를 "
            "확인하십시오.",
        )  # fmt: skip
    mapped = [code for code, (_, unmapped) in found.items() if not unmapped]
    if mapped:
        yield finding(
            "codes_add_nothing", "note", steps,
            f"{_few(mapped, 'and {} more')}: all records here with these source codes have a concept of {_set(given)} already; "
            "the codes add nothing.",
            f"{_few(mapped, '외 {}개')}: 이 원천 코드의 기록은 모두 이미 {_korean(given)}의 개념을 가지고 있어 더해지는 것이 없습니다.",
        )  # fmt: skip
    adding = {code: unmapped for code, (_, unmapped) in found.items() if unmapped}
    if adding:
        yield finding(
            "codes_add_records", "note", steps,
            f"The source codes of {_set(given)} add {sum(adding.values()):,} records that its concepts do not find (first: "
            f"{_few(list(adding), 'and {} more')}).",
            f"{_korean(given)}의 원천 코드로 개념만으로는 찾지 못하는 기록 {sum(adding.values()):,}건이 더해집니다"
            f"({_few(list(adding), '외 {}개')}).",
        )  # fmt: skip


def _few(codes: list[str], more: str) -> str:
    shown = ", ".join(codes[:SHOWN])
    return shown if len(codes) <= SHOWN else f"{shown} {more.format(len(codes) - SHOWN)}"


def _set(given: CodedConceptSet) -> str:
    return f"concept set {given.id}{f' ({given.name})' if given.name else ''}"


def _korean(given: CodedConceptSet) -> str:
    return f"개념 집합 {given.id}{f' ({given.name})' if given.name else ''}"
