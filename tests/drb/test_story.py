"""From the application to the download, and back: the happy path and its ends."""

from drb.board import Board
from drb.states import CaseState, ReleaseState
from tests.drb import cast
from tests.drb.cast import CASE, RELEASE


def test_a_startup_gets_what_the_board_approved(board: Board) -> None:
    cast.approved_case(board)
    assert board.cases.get("applicant", CASE).state is CaseState.APPROVED
    assert not board.may_download("applicant", RELEASE)
    cast.released(board)
    cast.granted(board)
    assert board.releases.get("applicant", RELEASE).state is ReleaseState.RELEASED
    assert board.may_download("applicant", RELEASE)
    assert board.grants.download("applicant", RELEASE).downloads == 1
    assert board.verify().ok
    actions = [event.action for event in board.events("auditor", f"release:{RELEASE}")]
    assert actions == [
        "build",
        "pass_gates",
        "submit",
        "vote",
        "vote",
        "approve",
        "begin_publish",
        "finish_publish",
    ]
