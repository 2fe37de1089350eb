"""What a reviewer sees of the versions before: whom both hold, and whom one of them alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cohorts.disclosure import MARK
from drb.evidence import Light, Part, Said, Table
from drb.views import ReleaseView


def missing(ko: str, en: str) -> Part:
    """A part that could not be made says so."""
    return Part(light=Light.GREY, missing=Said(ko=ko, en=en))


def with_overlap(part: Part, before: ReleaseView | None, changes: Mapping[str, Any]) -> Part:
    """Add to the part of changes the people of both versions, out of docs/changes.json; what is withheld is told as such."""
    if before is None:
        return part
    if not changes:
        said = Said(
            ko=f"이전 반출 {before.name} 과(와) 겹치는 사람 수를 병원에서 계산한 자료가 없습니다. 병원에 확인하십시오.",
            en=f"No count of the people shared with the earlier release {before.name} was made at the hospital; ask for it.",
        )
        return part.model_copy(update={"light": _worse(part.light, Light.AMBER), "said": (*part.said, said)})
    people: Mapping[str, str] = changes["people"]
    names = {
        "stayed all": Said(ko="두 버전 모두에 있는 사람", en="in both"),
        "added all": Said(ko="새 버전에만 있는 사람", en="in the new one alone"),
        "removed all": Said(ko="이전 버전에만 있는 사람", en="in the old one alone"),
        "removed withdrawal": Said(ko="그중 동의를 철회한 사람", en="of those, withdrew"),
    }
    rows = tuple((name, people.get(key, "-")) for key, name in names.items())
    few = any(people.get(key) == MARK for key in ("added all", "removed all"))
    said = Said(
        ko=f"비교 대상: 버전 {changes['before']}"
        + (
            ". 두 버전의 차이가 적은 사람에게서 나옵니다. 둘 다 받은 쪽은 그 사람들을 가려낼 수 있습니다."
            if few
            else ""
        ),
        en=f"Against version {changes['before']}"
        + (". Few people make the difference: whoever holds both versions can tell them apart." if few else ""),
    )
    head = (Said(ko="사람", en="people"), Said(ko="수", en="number"))
    table = Table(title=Said(ko="겹치는 사람", en="Overlap"), head=head, rows=rows)
    light = _worse(part.light, Light.AMBER if few else Light.GREEN)
    return part.model_copy(update={"light": light, "said": (*part.said, said), "tables": (*part.tables, table)})


def _worse(one: Light, other: Light) -> Light:
    return max(one, other, key=(Light.GREEN, Light.GREY, Light.AMBER, Light.RED).index)
