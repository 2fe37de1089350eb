"""Re-identification: equivalence classes, attackers against their limit, dates, what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drb.evidence import Light, Part, Said, Table

_ATTACKERS = (
    ("prosecutor", "특정인을 찾는 공격자", "prosecutor"),
    ("journalist", "아무나 찾는 공격자", "journalist"),
    ("marketer", "다수를 찾는 공격자", "marketer"),
)


def risk(report: Mapping[str, Any]) -> Part:
    """Draw the risk part from the package's risk record."""
    if not report:
        return Part(light=Light.GREY, missing=Said(ko="위험 평가 자료가 없습니다.", en="There is no risk record."))
    wanted, reached = int(report["k"]), int(report["k_reached"])
    limit = 1 / wanted
    after, before = report["after"], report["before"]
    attackers = tuple(
        (Said(ko=ko, en=en), round(before[name], 4), round(after[name], 4), round(limit, 4))
        for name, ko, en in _ATTACKERS
    )
    over = any(after[name] > limit + 1e-12 for name, _, _ in _ATTACKERS) or reached < wanted or after["uniques"] > 0
    head = (
        Said(ko="공격자", en="attacker"),
        Said(ko="처리 전", en="before"),
        Said(ko="처리 후", en="after"),
        Said(ko="한계", en="limit"),
    )
    said = [
        Said(
            ko=f"k-익명성: 요구 {wanted}, 도달 {reached}; 처리 후 유일한 사람 {after['uniques']}명, 동질집합 {after['classes']}개",
            en=f"k-anonymity: {wanted} asked, {reached} reached; {after['uniques']} unique people and {after['classes']} classes after",
        ),
        Said(
            ko=f"날짜 이동: 최대 {report['dates']['largest_shift_days']}일; 등급 {report['tier']}",
            en=f"Dates are shifted by up to {report['dates']['largest_shift_days']} days; tier {report['tier']}",
        ),
    ]
    table = Table(title=Said(ko="공격자 모형", en="Attacker models"), head=head, rows=attackers)
    quasi = Table(
        title=Said(ko="준식별자", en="Quasi-identifiers"),
        head=(Said(ko="이름", en="name"), Said(ko="일반화 수준", en="level"), Said(ko="전체 수준", en="levels")),
        rows=tuple((q["name"], q["level"], q["levels"]) for q in report["quasi_identifiers"]),
    )
    return Part(light=Light.RED if over else Light.GREEN, said=tuple(said), tables=(table, quasi))
