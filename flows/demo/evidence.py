"""Evidence for the demo board's open releases: figures of nobody, in the form in which a hospital lays them."""

from __future__ import annotations

from deid.differencing import EVERYBODY, Difference
from drb import Board
from drb.evidence import PARTS, Light, Pack, Part, Point, Said, Table
from drb.seed.draw import number
from drb.states import ReleaseState
from drb.views import ReleaseView
from flows.evidence import differencing
from flows.evidence.counts import worded
from flows.evidence.risk import risk

OPEN = (ReleaseState.CHECKED, ReleaseState.SUBMITTED, ReleaseState.PARTIALLY_REVIEWED, ReleaseState.REVIEWED)


def lay_demo_evidence(board: Board) -> int:
    """Lay a pack beside every open release of the demo; give how many. Again: changes nothing."""
    laid = 0
    for state in OPEN:
        for release in board.releases.list("system", state):
            board.evidence.lay(pack(release))
            laid += 1
    return laid


DEFINITION = Said(
    ko="입원한 19세 이상 환자 가운데 24시간 안에 중환자실로 옮겨진 사람을 환자군으로 함.\n"
    "나이, 성별, 입원 연도가 같은 대조군을 한 명씩 고름.",
    en="Cases are adults who were moved to intensive care within 24 hours of admission.\n"
    "Each has one control of the same age, sex and year.",
)


def _only(said: Said, light: Light = Light.GREEN) -> Part:
    return Part(light=light, said=(said,))


def _said(ko: str, en: str) -> Said:
    return Said(ko=ko, en=en)


def pack(release: ReleaseView) -> Pack:
    """Ten parts for one release."""
    people = int(release.summary.get("people") or 400)
    k = release.smallest_class or 5
    light = Light.AMBER if release.summary.get("warnings") else Light.GREEN
    names = ("age", "sex", "index_year", "hypertension", "diabetes", "statin", "creatinine", "prior_admission")
    points = tuple(
        Point(
            name=name,
            before=number(f"before {release.name} {name}", -380, 380) / 1000,
            after=number(f"after {release.name} {name}", -80, 80) / 1000,
        )
        for name in names
    )
    warned = int(light is Light.AMBER)
    first = _only(_said("이 심의 건의 첫 반출입니다.", "The first release under this case."))
    parts = {
        "summary": _only(
            _said("시연용 자료입니다. 실제 환자와 관계가 없습니다.", "Made for a demo; it is about nobody."), light
        ),
        "scope": _scope(release),
        "attrition": _attrition(people),
        "table1": Part(light=Light.GREEN, points=points, tables=(_table1(people),)),
        "risk": risk(_risk(k)),
        "differencing": _differencing(release, people),
        "quality": _only(_said(f"점검 363개: 차단 0개, 경고 {warned}개", f"363 checks: 0 block, {warned} warn"), light),
        "changes": first,
        "definition": Part(light=Light.GREEN, prose=DEFINITION),
        "provenance": Part(light=Light.GREEN, tables=(_provenance(release),)),
    }
    return Pack(
        release=release.name, manifest_digest=release.manifest_digest, parts={name: parts[name] for name in PARTS}
    )


def _differencing(release: ReleaseView, people: int) -> Part:
    """Against two earlier releases that nobody made; where the package has warnings, a few people stand alone."""
    few = 3 if release.summary.get("warnings") else 40
    found = []
    for place, against in enumerate(
        (f"{release.study_id}-{release.site_id}-0.8.0", f"{release.study_id}-{release.site_id}-0.9.0")
    ):
        shared = people // 2 + number(f"shared {release.name} {against}", 20, people // 4)
        added = few if place else people - shared
        small = ("added",) if added < 5 else ()
        found.append(Difference(against, EVERYBODY, shared, added, number(f"left {against}", 12, 90), small))
    return differencing(found, (), k=5, threshold=10)


def _scope(release: ReleaseView) -> Part:
    head = (
        _said("테이블", "table"),
        _said("신청한 열", "columns asked for"),
        _said("승인한 열", "columns approved"),
        _said("제공한 열 수", "columns delivered"),
    )
    rows = tuple((table, "*", "*", len(columns)) for table, columns in release.tables.items())
    said = _said("승인 범위를 벗어난 테이블: 없음", "Tables beyond the approval: none")
    return Part(light=Light.GREEN, said=(said,), tables=(Table(title=_said("항목", "Items"), head=head, rows=rows),))


def _attrition(people: int) -> Part:
    head = (_said("역할", "role"), _said("단계", "step"), _said("규칙", "rule"), _said("사람", "people"))
    rows = (
        (worded("case"), 0, _said("입원", "admitted"), people * 40),
        (worded("case"), 1, _said("19세 이상", "19 or over"), people * 36),
        (worded("case"), 2, _said("관찰 365일", "observed for 365 days"), people * 9),
        (worded("case"), 3, _said("중환자실 이동", "moved to intensive care"), None),
        (worded("control"), 0, _said("입원", "admitted"), people * 40),
        (worded("control"), 1, _said("중환자실 이동 없음", "not moved to intensive care"), people * 31),
    )
    return Part(light=Light.GREEN, tables=(Table(title=_said("선정 과정", "Attrition"), head=head, rows=rows),))


def _table1(people: int) -> Table:
    head = (_said("특성", "covariate"), _said("수준", "level"), _said("환자군", "cases"), _said("대조군", "controls"))
    rows = (
        (worded("people"), "", people // 2, people // 2),
        (worded("age"), "", "63.1 (14.2)", "62.8 (14.5)"),
        (worded("sex"), worded("female"), people // 4, people // 4 + 3),
        ("diabetes", "", people // 6, None),
    )
    return Table(title=_said("기초 특성", "Table 1"), head=head, rows=rows)


def _risk(k: int) -> dict[str, object]:
    before = {"prosecutor": 1.0, "journalist": 1.0, "marketer": 0.1475}
    after = {"prosecutor": 1 / k, "journalist": 1 / k, "marketer": 0.5 / k, "uniques": 0, "classes": 27}
    quasi = [{"name": "sex", "level": 0, "levels": 2}, {"name": "birth_year", "level": 1, "levels": 5}]
    dates = {"largest_shift_days": 365}
    told = {"k": 5, "k_reached": k, "before": before, "after": after}
    return {**told, "dates": dates, "tier": "standard", "quasi_identifiers": quasi}


def _provenance(release: ReleaseView) -> Table:
    head = (_said("이름", "name"), _said("값", "value"))
    facts = {**release.provenance, "policy": release.policy_digest, "cdm": release.cdm_digest}
    rows = tuple((name, str(value)) for name, value in sorted(facts.items()))
    return Table(title=_said("출처", "Provenance"), head=head, rows=rows)
