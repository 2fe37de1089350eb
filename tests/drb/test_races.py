"""Two people at once, and a process that dies in the middle: one wins, the other is told; nothing lost, nothing twice."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy.orm import Session

from drb import work
from drb.board import Board, open_board
from drb.errors import Refused
from drb.ledger import Entry
from drb.states import ReleaseState
from tests.drb import cast
from tests.drb.cast import CASE, RELEASE, V1


def at_once(board: Board, *calls: Callable[[Board], object]) -> list[str]:
    """Run calls on boards of their own at the same moment; 'ok' or the code of the refusal of each."""
    gate = Barrier(len(calls))
    address = board.engine.url.render_as_string(hide_password=False)

    def run(call: Callable[[Board], object]) -> str:
        with open_board(address) as own:
            gate.wait()
            try:
                call(own)
            except Refused as refused:
                return refused.code
            return "ok"

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_two_secretaries_decide_at_once_and_one_is_told(reviewed: Board) -> None:
    outcomes = at_once(
        reviewed,
        lambda board: board.releases.approve("secretary", RELEASE, V1),
        lambda board: board.releases.reject("secretary2", RELEASE, "희귀 코드"),
    )
    assert sorted(outcomes) == ["ok", "state"]
    winner = ReleaseState.APPROVED if outcomes[0] == "ok" else ReleaseState.REJECTED
    assert reviewed.releases.get("auditor", RELEASE).state is winner
    actions = [event.action for event in reviewed.events("auditor", f"release:{RELEASE}")][-2:]
    assert actions in (["approve", "refused:reject"], ["reject", "refused:approve"])
    assert reviewed.verify().ok


def test_three_reviewers_vote_at_once_and_two_count(approved_case: Board) -> None:
    cast.submitted(approved_case)
    outcomes = at_once(
        approved_case,
        *(
            lambda board, member=member: board.releases.vote(member, RELEASE, V1, True)
            for member in ("member1", "member2", "member3")
        ),
    )
    assert sorted(outcomes) == ["ok", "ok", "state"]
    assert len(approved_case.releases.get("auditor", RELEASE).votes) == 2
    assert approved_case.verify().ok


def test_the_same_member_votes_twice_at_once_and_one_vote_counts(approved_case: Board) -> None:
    cast.submitted(approved_case)
    outcomes = at_once(approved_case, *[lambda board: board.releases.vote("member1", RELEASE, V1, True)] * 2)
    assert sorted(outcomes) == ["not_voted", "ok"]


def test_cases_created_at_once_get_different_numbers(any_board: Board) -> None:
    outcomes = at_once(any_board, *(lambda board, i=i: cast.draft(board, f"case-{i}") for i in range(4)))
    assert outcomes == ["ok"] * 4
    numbers = {case.number.partition("-")[2] for case in any_board.cases.list("system")}
    assert numbers == {"0001", "0002", "0003", "0004"}


def test_a_suspension_and_a_publication_at_once_never_both_win(approved_case: Board) -> None:
    cast.publishing(approved_case)
    outcomes = at_once(
        approved_case,
        lambda board: board.releases.finish_publish("system", RELEASE, V1),
        lambda board: board.cases.suspend("chair", CASE, "민원"),
    )
    assert outcomes[1] == "ok"
    assert outcomes[0] in {"ok", "case_approved"}
    assert not approved_case.may_download("applicant", RELEASE)
    assert approved_case.verify().ok


def killed(address: str, where: str) -> int:
    """Approve in a process of its own that is killed at a point of the transaction; give the signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            approve_until(address, where)
        finally:
            os._exit(1)
    return os.WTERMSIG(os.waitpid(child, 0)[1])


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def approve_until(address: str, where: str) -> None:
    append = work.append

    def append_and_die(session: Session, entry: Entry) -> None:
        append(session, entry)
        die()

    if where == "before the event":
        work.append = die  # type: ignore[assignment]
    elif where == "after the event":
        work.append = append_and_die  # type: ignore[assignment]
    elif where == "before the notices":
        work.tell = die
    with open_board(address) as board:
        board.releases.approve("secretary", RELEASE, V1)
        die()


@pytest.mark.parametrize(
    ("where", "done"),
    [
        ("before the event", False),
        ("after the event", False),
        ("before the notices", False),
        ("after the commit", True),
    ],
)
def test_a_process_killed_in_a_decision_leaves_all_of_it_or_nothing(reviewed: Board, where: str, done: bool) -> None:
    address = reviewed.engine.url.render_as_string(hide_password=False)
    reviewed.close()
    assert killed(address, where) == signal.SIGKILL
    assert reviewed.verify().ok
    state = reviewed.releases.get("auditor", RELEASE).state
    assert state is (ReleaseState.APPROVED if done else ReleaseState.REVIEWED)
    if done:
        with pytest.raises(Refused, match="it is approved|the release is approved"):
            reviewed.releases.approve("secretary2", RELEASE, V1)
    else:
        reviewed.releases.approve("secretary2", RELEASE, V1)
    actions = [event.action for event in reviewed.events("auditor", f"release:{RELEASE}")]
    assert actions.count("approve") == 1
    assert reviewed.verify().ok


def test_a_database_that_is_held_by_another_is_waited_for_and_then_named(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    from drb import database
    from drb.errors import BadInput

    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    path = str(board.engine.url.database)
    with closing(sqlite3.connect(path, isolation_level=None)) as holder, open_board(f"sqlite:///{path}") as hasty:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(BadInput, match="was busy"):
            cast.draft(hasty)
        holder.execute("ROLLBACK")
        cast.draft(hasty)


def test_the_file_is_the_owners_alone(tmp_path: Path) -> None:
    with open_board(f"sqlite:///{tmp_path}/board/board.sqlite"):
        assert (tmp_path / "board").stat().st_mode & 0o077 == 0
        assert (tmp_path / "board" / "board.sqlite").stat().st_mode & 0o077 == 0
