"""Where this hospital's vocabulary gives a concept set other concepts than the one with which it was imported."""

from __future__ import annotations

from collections.abc import Iterator

from cohorts.execution.session import Session, schema
from cohorts.expression import Expression
from cohorts.lint.findings import Finding, finding
from cohorts.pins import PinnedSet, Pins

SHOWN = 10
_PINNED = schema("set_id int, concept_id long")
# `member` is what this vocabulary gives (cohorts.lint.concepts made it, with the sets' positions as numbers).
_DIFFERENT = """SELECT coalesce(p.set_id, m.set_id) AS set_id, coalesce(p.concept_id, m.concept_id) AS id,
    m.concept_id IS NULL AS missing, c.concept_id IS NULL AS unknown
FROM pinned p FULL JOIN (SELECT * FROM member WHERE set_id IN (SELECT set_id FROM pinned_set)) m
    ON m.set_id = p.set_id AND m.concept_id = p.concept_id
LEFT JOIN (SELECT DISTINCT concept_id FROM cdm.concept) c ON c.concept_id = coalesce(p.concept_id, m.concept_id)
WHERE p.concept_id IS NULL OR m.concept_id IS NULL ORDER BY ALL"""


def pinned(session: Session, expression: Expression, pins: Pins, edited: bool) -> Iterator[Finding]:
    """Sets whose concepts differ. edited: whether the definition is another one than was imported."""
    if edited:
        yield finding(
            "pins_of_other_definition", "warning", (),
            f"The definition was changed after it was imported on {pins.resolved_at}; its pins tell what its concept sets "
            "gave then. Import it again to pin it as it is.",
            f"정의가 {pins.resolved_at}에 가져온 뒤로 바뀌었습니다. 고정 파일은 가져올 때의 개념 집합을 말합니다. "
            "지금 상태로 고정하려면 다시 가져오십시오.",
        )  # fmt: skip
    known = {one.id: one for one in pins.concept_sets}
    places = {
        position: known[given.id]
        for position, given in enumerate(expression.concept_sets or ())
        if given.id in known
    }  # fmt: skip
    session.load("pinned_set", schema("set_id int"), [(position,) for position in places])
    session.load("pinned", _PINNED, [(p, concept) for p, one in places.items() for concept in one.concept_ids])
    differing: dict[int, tuple[list[int], list[int], int]] = {}
    for position, concept, missing, unknown in session.execute(_DIFFERENT).fetchall():
        lost, extra, strange = differing.get(position, ([], [], 0))
        (lost if missing else extra).append(concept)
        differing[position] = (lost, extra, strange + (missing and unknown))
    for position, (lost, extra, strange) in sorted(differing.items()):
        yield _differs(position, places[position], pins, tuple(lost), tuple(extra), strange)


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
