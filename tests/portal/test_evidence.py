"""The evidence pack out of a real package's reports, and as one file that needs nothing from outside."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from fastapi import FastAPI

from deid.differencing import Difference
from drb import Board
from drb.evidence import PARTS, Light, Said
from flows.demo.evidence import pack
from flows.evidence import differencing
from flows.evidence.counts import attrition, table1
from flows.evidence.risk import risk
from portal.evidence import as_html
from tests.drb.cast import RELEASE
from tests.portal.conftest import visitor

NEXT = f"{RELEASE}-next"


def test_page_file_and_json_come_from_one_source_and_every_look_is_recorded(app: FastAPI, board: Board) -> None:
    made = pack(board.releases.get("system", NEXT))
    board.evidence.lay(made)
    member = visitor(app, board, "member1")
    page = member.get(f"/releases/{NEXT}/evidence").text
    told = member.get(f"/releases/{NEXT}/evidence.json").json()
    file = member.get(f"/releases/{NEXT}/evidence.html")
    assert told["digest"] == made.digest()
    assert "attachment" in file.headers["content-disposition"]
    for text in (page, file.text):
        assert made.digest() in text
        assert made.manifest_digest in text
        assert all(f'id="part-{name}"' in text for name in PARTS)
        assert "<svg" in text
    looks = [e for e in board.events("system", f"release:{NEXT}") if e.action == "view_evidence"]
    assert [e.actor for e in looks] == ["member1"] * 3


def test_the_file_needs_nothing_from_outside_in_either_language(board: Board) -> None:
    made = pack(board.releases.get("system", NEXT))
    for lang in ("ko", "en"):
        text = as_html(made, lang)
        assert not re.findall(r"""(?:src|href)=["'](?!#)""", text)
        assert "url(" not in text
    assert not re.search("[가-힣]", re.sub("<style>.*?</style>", "", as_html(made, "en"), flags=re.DOTALL))
    assert "특정인을 찾는 공격자" in as_html(made, "ko")


def test_a_suppressed_count_is_told_as_suppressed() -> None:
    first = {"role": "case", "step": "0", "rule": "r", "people": "2,630"}
    part = attrition([first, {**first, "step": "1", "people": "*"}])
    assert [row[3] for row in part.tables[0].rows] == [2630, None]


RISK: dict[str, Any] = {
    "k": 5,
    "k_reached": 6,
    "tier": "open-room",
    "dates": {"largest_shift_days": 365},
    "quasi_identifiers": [],
    "before": {"prosecutor": 1.0, "journalist": 1.0, "marketer": 0.1},
    "after": {"prosecutor": 1 / 6, "journalist": 1 / 6, "marketer": 0.03, "uniques": 0, "classes": 9},
}


def test_a_difference_above_the_limit_and_a_class_below_k_are_marked() -> None:
    rows = [{"covariate": "age", "level": "", "cases": "63.1 (14.2)", "controls": "*"}]
    balance = {"covariate": "age", "level": "", "smd_before": "0.3", "smd_after": "0.05"}
    assert table1(rows, [balance]).light is Light.GREEN
    assert table1(rows, [{**balance, "smd_after": "-0.2"}]).light is Light.AMBER
    assert risk(RISK).light is Light.GREEN
    assert risk({**RISK, "k_reached": 4}).light is Light.RED
    assert risk({**RISK, "after": {**RISK["after"], "uniques": 1}}).light is Light.RED
    assert risk({}).light is Light.GREY


def test_the_board_sees_the_linkage_curve_the_roles_and_what_was_replaced_in_texts() -> None:
    curve = [
        {"knowledge": kind, "known": known, "people": 500, "share": 0.2 * known if kind == "shifted" else 0.9}
        for kind in ("exact", "shifted", "near", "codes")
        for known in (1, 2, 3)
    ]
    report = {
        **RISK,
        "tier": "outside",
        "linkage": {"limit": 1, "curve": curve},
        "roles": {"model": "none", "one_role": None, "fewest": 1, "farthest": 0.5},
        "text": [{"table": "note", "column": "note_text", "texts": 40, "replaced": {"name": 7, "mobile": 2}}],
    }
    told = risk(report)
    assert told.light is Light.AMBER  # three events single out 60 %, outside a closed room
    assert risk({**report, "tier": "open-room"}).light is Light.GREEN
    said = " ".join(sentence.en for sentence in told.said)
    assert "singles out 60%" in said
    assert "of controls alone: withheld" in said
    assert "9 identifiers replaced in 40 texts" in said
    (table,) = [table for table in told.tables if "singled out" in table.title.en]
    assert [row[1:] for row in table.rows] == [("90%",) * 3, ("90%",) * 3, ("20%", "40%", "60%"), ("90%",) * 3]


def test_the_board_sees_what_each_attack_gains_beside_its_limit() -> None:
    def made(attack: str, gain: float, interval: list[float], rate: float, control: float) -> dict[str, object]:
        return {"attack": attack, "risk": gain, "interval": interval, "rate": rate, "control": control}

    attacks = [
        made("singling_out_four", 0.493, [0.41, 0.57], 0.59, 0.19),
        made("inference", 0.0, [0.0, 1.0], 1.0, 1.0),
    ]
    told = risk({**RISK, "attacks": {"limit": 0.6, "made": attacks}})
    (table,) = [table for table in told.tables if "attacker gains" in table.title.en]
    first, second = table.rows
    assert first[1:] == ("49% (41%–57%)", "59%", "19%", "60%")
    assert second[1] == Said(ko="대조군과 차이 없음", en="no better than on the control")
    assert not [t for t in risk({**RISK, "attacks": {"limit": 1, "made": []}}).tables if "attacker gains" in t.title.en]


def test_a_release_without_a_pack_says_so(app: FastAPI, board: Board) -> None:
    member = visitor(app, board, "member1")
    assert "증빙자료가 없습니다" in member.get(f"/releases/{NEXT}/evidence").text
    assert member.get(f"/releases/{NEXT}/evidence.json").status_code == 404


def test_a_new_version_is_compared_by_cause(app: FastAPI, board: Board) -> None:
    from portal.pages.difference import difference

    old = board.releases.get("system", RELEASE)
    new = replace(old, name="next", policy_digest="f" * 64, provenance={"vocabulary_version": "v6"}, smallest_class=4)
    assert {(c.cause, c.what) for c in difference(old, new)} == {
        ("policy", "policy_digest"),
        ("vocabulary", "vocabulary_version"),
        ("package", "k"),
    }
    assert "이전 버전과 비교" in visitor(app, board, "secretary").get(f"/releases/{NEXT}").text


def test_evidence_is_not_for_the_applicant_because_it_names_releases_of_others(app: FastAPI, board: Board) -> None:
    applicant = visitor(app, board, "applicant")
    assert "/evidence" not in applicant.get(f"/releases/{RELEASE}").text
    for ending in ("", ".json", ".html"):
        assert applicant.get(f"/releases/{RELEASE}/evidence{ending}").status_code == 403
    assert [e.action for e in board.events("system", f"release:{RELEASE}")][-1] == "refused:read"


def test_differencing_tells_the_verdict_and_no_number_of_the_few() -> None:
    found = (
        Difference("r-1", "all", 120, 3, 0, ("added",)),
        Difference("r-2", "all", 60, 40, 50, ()),
        Difference("*", "case", 0, 123, 70, ()),
    )
    part = differencing(found, (), k=5, threshold=10)
    assert part.light is Light.RED
    assert "r-1" in part.said[0].ko
    lines = part.tables[0].rows
    assert lines[0][2:5] == (None, None, None)
    assert lines[1][2:5] == (60, 40, 50)
    assert "3" not in str([line[2:] for line in lines[:1]])
    assert differencing(found[1:], (), k=5, threshold=10).light is Light.GREEN
    assert differencing(found[1:], ("r-0",), k=5, threshold=10).light is Light.AMBER
    assert differencing((), (), k=5, threshold=10).light is Light.GREEN
