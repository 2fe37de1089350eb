"""Re-identification: equivalence classes, attackers against their limit, dates, what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deid.attacks.plot import LABELS as ATTACKS
from deid.linkage_plot import LABELS
from drb.evidence import Light, Part, Said, Table

_ATTACKERS = (
    ("prosecutor", "특정인을 찾는 공격자", "prosecutor"),
    ("journalist", "아무나 찾는 공격자", "journalist"),
    ("marketer", "다수를 찾는 공격자", "marketer"),
)
# Where most people can be singled out, rows of events outside a closed room need a second look.
TELLING = 0.5


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
    share, curve = _linkage(report.get("linkage", {}))
    said += [*_linked(share), *_roles(report.get("roles", {})), *_texts(report.get("text", ()))]
    # In a closed room nothing but results leaves; on the recipient's own premises somebody who knows a patient may look.
    apart = report["tier"] == "outside" and share is not None and share > TELLING
    light = Light.RED if over else Light.AMBER if apart else Light.GREEN
    return Part(light=light, said=tuple(said), tables=(table, quasi, *curve, *_attacks(report.get("attacks", {}))))


def _attacks(told: Mapping[str, Any]) -> tuple[Table, ...]:
    """Give what each attack on the release gained, as a table."""
    made = told.get("made", ())
    if not made:
        return ()
    head = (
        Said(ko="공격", en="attack"),
        Said(ko="위험 (95 % 구간)", en="risk (95 % interval)"),
        Said(ko="반출본에서 성공", en="success on the release"),
        Said(ko="대조군에서 성공", en="success on the control"),
        Said(ko="한도", en="limit"),
    )
    rows = tuple(
        (
            Said(ko=ATTACKS[one["attack"]]["ko"], en=ATTACKS[one["attack"]]["en"]),
            _gain(one),
            f"{one['rate']:.0%}",
            f"{one['control']:.0%}",
            f"{told['limit']:.0%}",
        )
        for one in made
    )
    title = Said(ko="반출본을 가진 공격자가 더 얻는 것", en="What an attacker gains who holds the release")
    return (Table(title=title, head=head, rows=rows),)


def _gain(one: Mapping[str, Any]) -> Said | str:
    """A risk with its interval; where an attack did no better than on the control, that: its interval may be the whole scale."""
    if one["risk"] == 0:
        return Said(ko="대조군과 차이 없음", en="no better than on the control")
    return f"{one['risk']:.0%} ({one['interval'][0]:.0%}–{one['interval'][1]:.0%})"


def _linkage(told: Mapping[str, Any]) -> tuple[float | None, tuple[Table, ...]]:
    """Give the share that three known events single out of the moved dates, and the whole curve as a table."""
    points = {(point["knowledge"], point["known"]): float(point["share"]) for point in told.get("curve", ())}
    if not points:
        return None, ()
    known = sorted({number for _, number in points})
    rows = tuple(
        (
            Said(ko=label["ko"], en=label["en"]),
            *(f"{points[name, number]:.0%}" if (name, number) in points else None for number in known),
        )
        for name, label in LABELS.items()
    )
    head = (
        Said(ko="공격자가 아는 것", en="what the attacker knows"),
        *(Said(ko=f"사건 {number}건", en=f"{number} events") for number in known),
    )
    title = Said(ko="사건을 아는 공격자가 가려내는 사람의 비율", en="People singled out by known events")
    return points.get(("shifted", 3)), (Table(title=title, head=head, rows=rows),)


def _linked(share: float | None) -> list[Said]:
    if share is None:
        return []
    return [
        Said(
            ko=f"한 사람의 사건 세 건을 날짜와 함께 아는 공격자는 옮긴 날짜에서도 {share:.0%}를 가려냅니다.",
            en=f"Somebody who knows three events of a person with their days singles out {share:.0%}, although dates were moved.",
        )
    ]


def _roles(told: Mapping[str, Any]) -> list[Said]:
    if not told:
        return []
    alone = told["one_role"]
    number_ko, number = ("가려짐", "withheld") if alone is None else (f"{alone}명", str(alone))
    return [
        Said(
            ko=f"환자군만 또는 대조군만 있는 집단의 사람: {number_ko}; 요구한 모형 {told['model']}",
            en=f"People in a group of cases alone or of controls alone: {number}; model asked for: {told['model']}",
        )
    ]


def _texts(told: Sequence[Mapping[str, Any]]) -> list[Said]:
    return [
        Said(
            ko=f"서술문 {one['table']}.{one['column']}: 글 {one['texts']}개에서 식별정보 {sum(one['replaced'].values())}건을 바꾸었습니다. "
            "명단에 없는 이름은 남을 수 있으니 표본을 읽으십시오.",
            en=f"Free text {one['table']}.{one['column']}: {sum(one['replaced'].values())} identifiers replaced in {one['texts']} texts. "
            "A name that is in no list may stay: have a sample read.",
        )
        for one in told
    ]
