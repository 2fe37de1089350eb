"""Differencing: this release against every earlier one of the hospital, in figures that passed disclosure control there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deid.differencing import EVERYBODY, TOGETHER, Difference, told
from drb.evidence import Light, Part, Said, Table

_ROLES: Mapping[str, Said] = {
    EVERYBODY: Said(ko="모든 사람", en="everybody"),
    "case": Said(ko="환자군", en="cases"),
    "control": Said(ko="대조군", en="controls"),
}
_GROUPS: Mapping[str, Said] = {
    "added": Said(ko="새로 들어온 사람", en="people who came"),
    "left": Said(ko="빠진 사람", en="people who left"),
}
_HEAD = (
    Said(ko="이전 반출", en="earlier release"),
    Said(ko="역할", en="role"),
    Said(ko="겹치는 사람", en="in both"),
    Said(ko="이번에만 있는 사람", en="only in this one"),
    Said(ko="이전에만 있는 사람", en="only in the earlier one"),
    Said(ko="판정", en="verdict"),
)


def differencing(found: Sequence[Difference], unknown: Sequence[str], k: int, threshold: int) -> Part:
    """Draw the part. unknown: earlier releases of which the hospital kept no person set."""
    if not found and not unknown:
        return Part(light=Light.GREEN, said=(Said(ko="이 병원의 첫 반출입니다.", en="The hospital's first release."),))
    small = [one for one in found if one.small]
    light = Light.RED if small else Light.AMBER if unknown else Light.GREEN
    said = [_verdict(small, k)]
    if unknown:
        names = ", ".join(unknown)
        said.append(
            Said(
                ko=f"사람 목록이 남아 있지 않아 비교하지 못한 반출: {names}. 병원에 확인하십시오.",
                en=f"Not compared, because the hospital kept no person set of them: {names}; ask the hospital.",
            )
        )
    lines = tuple(_line(told(one, threshold), k) for one in found)
    title = Said(ko=f"이전 반출과의 차분 ({threshold}명 미만은 가림)", en=f"Differences (below {threshold} withheld)")
    return Part(light=light, said=tuple(said), tables=(Table(title=title, head=_HEAD, rows=lines),) if lines else ())


def _verdict(small: Sequence[Difference], k: int) -> Said:
    if not small:
        return Said(
            ko=f"이전 반출에서 빼서 남는 사람이 1~{k - 1}명인 집단은 없습니다.",
            en=f"Subtracting an earlier release leaves no group of 1 to {k - 1} people.",
        )
    names = ", ".join(dict.fromkeys(_name(one.against).en for one in small))
    names_ko = ", ".join(dict.fromkeys(_name(one.against).ko for one in small))
    return Said(
        ko=f"이전 반출과 빼면 {k}명 미만의 집단이 드러납니다: {names_ko}. 차단 대상입니다.",
        en=f"Subtracting leaves a group of fewer than {k} people: {names}. To be blocked.",
    )


def _name(against: str) -> Said:
    if against == TOGETHER:
        return Said(ko="이전 반출 모두", en="all earlier releases together")
    return Said(ko=against, en=against)


def _line(one: Difference, k: int) -> tuple[Said | str | int | None, ...]:
    role = _ROLES.get(one.role, Said(ko=one.role, en=one.role))
    groups = [_GROUPS[name] for name in one.small]
    verdict = Said(ko="이상 없음", en="nothing found")
    if groups:
        verdict = Said(
            ko=f"{', '.join(g.ko for g in groups)}: {k}명 미만",
            en=f"{', '.join(g.en for g in groups)}: fewer than {k}",
        )
    return (_name(one.against), role, one.shared, one.added, one.left, verdict)
