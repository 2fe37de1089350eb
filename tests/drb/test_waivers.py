"""Accepted failures stand in the hospital's chain: once each, their words sealed, by whoever may."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from drb.board import Board
from drb.waivers import Waived
from tests.drb.cast import SITE
from tests.drb.conftest import NewBoard
from tests.drb.test_cases import refused

WAIVED = Waived({"check": "isForeignKey", "table": "death"}, "품질회의 3차", "원천 시스템 이관 중", date(2026, 6, 30))


def _events(board: Board) -> list[tuple[str, str, str]]:
    return [(event.action, event.actor, event.role) for event in board.events("auditor", f"site:{SITE}")]


def test_a_waiver_is_written_once_with_its_words_sealed(new_board: NewBoard) -> None:
    board = new_board("people")
    assert board.waivers.record("engineer", SITE, [WAIVED, WAIVED]) == 1
    assert board.waivers.record("officer", SITE, [WAIVED]) == 0
    longer = replace(WAIVED, expiry=date(2026, 12, 31))
    assert board.waivers.record("officer", SITE, [WAIVED, longer]) == 1
    assert _events(board) == [
        ("waive_quality", "engineer", "DATA_ENGINEER"),
        ("waive_quality", "officer", "PRIVACY_OFFICER"),
    ]
    event = board.events("auditor", f"site:{SITE}")[0]
    assert event.object_digest == WAIVED.digest
    assert (event.payload["check"], event.payload["table"], event.payload["expiry"]) == (
        "isForeignKey", "death", "2026-06-30",
    )  # fmt: skip
    assert WAIVED.reason not in str(event.payload)
    assert {event.payload["name"], event.payload["reason"]} == set(event.payload["texts"])
    assert board.verify().ok


def test_who_may_not_waive_is_refused_and_that_is_written(new_board: NewBoard) -> None:
    board = new_board("people")
    with refused("role"):
        board.waivers.record("secretary", SITE, [WAIVED])
    with refused("site"):
        board.waivers.record("engineer", "busan01", [WAIVED])
    assert [event.action for event in board.events("auditor", "board:attempts")] == ["refused:waive_quality"] * 2
    assert board.verify().ok
