"""Clocks, queues, lists, statistics and the outbox read the same on SQLite and PostgreSQL; what happened is what is counted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from drb.board import Board
from drb.listing import Wanted
from drb.outbox import BEFORE
from drb.queue import Filter
from drb.quorum import Settings
from drb.states import CaseState, ReleaseState, Role
from tests.drb import cast
from tests.drb.cast import CASE, RELEASE, V1
from tests.drb.conftest import NewBoard
from tests.drb.test_cases import refused


def test_the_clock_runs_on_the_board_s_turn_only(any_board: Board) -> None:
    clock = any_board.clock
    cast.draft(any_board)
    clock.now += timedelta(days=5)  # type: ignore[attr-defined]  # a draft is nobody's turn
    any_board.cases.submit("applicant", CASE)
    clock.now += timedelta(days=2)  # type: ignore[attr-defined]
    any_board.cases.screen("secretary", CASE)
    any_board.cases.return_("secretary", CASE, {"purpose": "더"})
    clock.now += timedelta(days=9)  # type: ignore[attr-defined]
    any_board.cases.resubmit("applicant", CASE, {"purpose": "더"})
    clock.now += timedelta(days=3)  # type: ignore[attr-defined]
    turn = any_board.clock_of(f"case:{CASE}")
    assert (turn.ours.days, turn.theirs.days, turn.running) == (5, 9, True)
    figures = any_board.statistics("coordinator")
    assert figures.total == {2026: 1}
    assert figures.by_decision == {2026: {"PENDING": 1}}


def test_decisions_routes_and_topics_are_counted(voted: Board) -> None:
    voted.cases.approve("chair", CASE)
    found = voted.statistics("auditor")
    assert found.by_decision == {2026: {"APPROVED": 1}}
    assert found.by_route == {2026: {"FULL": 1}}
    assert found.by_topic == {2026: {cast.STUDY: 1}}
    assert found.by_site == {2026: {cast.SITE: 1}}
    with refused("role"):
        voted.statistics("applicant")


def test_what_has_the_same_content_as_before_is_told(reviewed: Board) -> None:
    reviewed.releases.return_("member1", RELEASE, "다시")
    entry = next(e for e in reviewed.page("author").entries if e.key == RELEASE)
    assert (entry.unchanged, entry.actions) == (True, ("resubmit",))
    cast.build(reviewed, cast.V2)
    reviewed.releases.check("system", RELEASE, cast.V2, passed=True)
    assert not next(e for e in reviewed.page("author").entries if e.key == RELEASE).unchanged


def test_a_remembered_queue_is_made_anew_when_anything_happens(in_review: Board) -> None:
    before = {e.object: e.actions for e in in_review.page("member1").entries}
    assert before[f"case:{CASE}"] == ("vote",)
    in_review.cases.vote("member1", CASE, "APPROVE")  # type: ignore[arg-type]
    assert {e.object: e.actions for e in in_review.page("member1").entries}[f"case:{CASE}"] == ()
    in_review.people.propose_end("admin", "member1", Role.MEMBER)
    in_review.people.confirm_roles("admin2", "member1")
    assert in_review.page("member1").entries == ()


def test_filters_and_lists_find_by_words_state_and_site(reviewed: Board) -> None:
    assert reviewed.page("secretary", Filter(words="DETERIORATION")).total == 1
    assert reviewed.page("secretary", Filter(kind="case")).total == 0
    assert reviewed.page("secretary", Filter(late=True)).total == 0
    rows, total = reviewed.listed("secretary", Wanted("release", words="중환자"))
    assert (total, rows[0].key, rows[0].state) == (1, RELEASE, ReleaseState.REVIEWED)
    assert reviewed.listed("secretary", Wanted("case", state="REJECTED")) == ((), 0)
    assert reviewed.listed("secretary", Wanted("case", words="100%_"))[1] == 0
    assert reviewed.listed("rival", Wanted("case"))[1] == 0


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_a_case_s_decision_is_taken_back_by_whoever_recorded_it_in_time(new_board: NewBoard, decision: str) -> None:
    board = new_board("in_review", Settings(undo=timedelta(minutes=10)))
    for member in ("member1", "member2", "member3"):
        board.cases.vote(member, CASE, "APPROVE" if decision == "approve" else "REJECT")  # type: ignore[arg-type]
    board.cases.approve("chair", CASE) if decision == "approve" else board.cases.reject("chair", CASE, "사유")
    with refused("role"):
        board.cases.undo("secretary", CASE)
    undone = board.cases.undo("chair", CASE)
    assert (undone.state, len(undone.votes), undone.decided_by) == (CaseState.IN_REVIEW, 3, None)
    assert board.verify().ok
    board.cases.approve("chair", CASE) if decision == "approve" else board.cases.reject("chair", CASE, "사유")
    board.clock.now += timedelta(minutes=11)  # type: ignore[attr-defined]
    with refused("within_undo"):
        board.cases.undo("chair", CASE)


def test_reminders_and_marks_stand_in_the_outbox(released: Board) -> None:
    cast.granted(released)
    released.accounts.open("system", "applicant", email="applicant@example.org")
    assert BEFORE == (30, 7, 1)
    posts = released.outbox.due(at_once=False)
    assert {m.action for post in posts for m in post.messages} >= {"finish_publish"}
    released.outbox.sent([m.notice for post in posts for m in post.messages])
    assert released.outbox.due(at_once=False) == ()
    released.releases.recall("chair", RELEASE, "사유")
    assert released.outbox.remind() == 1
    assert released.outbox.remind() == 0


def test_evidence_sites_and_runs_are_read_on_both_databases(reviewed: Board) -> None:
    (site,) = reviewed.sites("author")
    assert (site.site, site.releases) == (cast.SITE, {"REVIEWED": 1})
    assert [run.name for run in reviewed.runs("author", cast.SITE)] == [RELEASE]
    assert reviewed.release_page("secretary", RELEASE).release.manifest_digest == V1
    assert reviewed.case_page("secretary", CASE).releases == ((RELEASE, ReleaseState.REVIEWED),)
    with refused("visible"):
        reviewed.site("coordinator", cast.SITE)
    with refused("visible"):
        reviewed.case_page("rival", CASE)
