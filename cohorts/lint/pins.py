"""Where this hospital's vocabulary gives a concept set other concepts than the one with which it was imported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb
import numpy as np

from cdm.vocabulary import unknown_concepts
from cohorts.columns.keys import Whole
from cohorts.expression import Expression
from cohorts.lint.findings import Finding, finding
from cohorts.pins import PinnedSet, Pins

SHOWN = 10


def pinned(
    con: duckdb.DuckDBPyConnection, expression: Expression, members: Sequence[Whole], pins: Pins, *, edited: bool
) -> Iterator[Finding]:
    """Sets whose concepts differ. edited: whether the definition is another one than was imported.

    members: what each set of the definition, in their order, holds by this vocabulary.
    """
    if edited:
        yield finding(
            "pins_of_other_definition", "warning", (),
            f"The definition was changed after it was imported on {pins.resolved_at}; its pins tell what its concept sets "
            "gave then. Import it again to pin it as it is.",
            f"정의가 {pins.resolved_at}에 가져온 뒤로 바뀌었습니다. 고정 파일은 가져올 때의 개념 집합을 말합니다. "
            "지금 상태로 고정하려면 다시 가져오십시오.",
        )  # fmt: skip
    known = {one.id: one for one in pins.concept_sets}
    for position, given in enumerate(expression.concept_sets or ()):
        one = known.get(given.id)
        if one is None:
            continue
        there = np.unique(np.array(one.concept_ids, np.int64))
        lost, extra = np.setdiff1d(there, members[position]), np.setdiff1d(members[position], there)
        if len(lost) or len(extra):
            strange = len(unknown_concepts(con, lost.tolist()))
            yield _differs(position, one, pins, tuple(lost.tolist()), tuple(extra.tolist()), strange)


def _differs(
    position: int, one: PinnedSet, pins: Pins, lost: tuple[int, ...], extra: tuple[int, ...], unknown: int
) -> Finding:
    pin = f"{pins.vocabulary.source_key}, {pins.vocabulary.version}"
    here = len(one.concept_ids) - len(lost) + len(extra)
    name = f" ({one.name})" if one.name else ""
    en, ko = [], []
    if lost:
        en.append(f"{len(lost)} missing here ({unknown} unknown to this vocabulary): {_ids(lost, 'and {} more')}")
        ko.append(f"여기에 없음 {len(lost)}개(이 어휘가 모르는 것 {unknown}개): {_ids(lost, '외 {}개')}")
    if extra:
        en.append(f"{len(extra)} extra here: {_ids(extra, 'and {} more')}")
        ko.append(f"여기에만 있음 {len(extra)}개: {_ids(extra, '외 {}개')}")
    return finding(
        "concept_set_resolves_differently", "warning", ("ConceptSets", position),
        f"Concept set {one.id}{name} gives {here} concepts here and gave {len(one.concept_ids)} where it was pinned "
        f"({pin}): {'; '.join(en)}.",
        f"개념 집합 {one.id}{name}은(는) 여기서 개념 {here}개이고 고정할 때는 {len(one.concept_ids)}개였습니다({pin}). "
        f"{'; '.join(ko)}.",
        missing=lost, extra=extra,
    )  # fmt: skip


def _ids(ids: tuple[int, ...], more: str) -> str:
    shown = ", ".join(map(str, ids[:SHOWN]))
    return shown if len(ids) <= SHOWN else f"{shown} {more.format(len(ids) - SHOWN)}"
