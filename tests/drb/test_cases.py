"""심의 건 on both databases: the form, the routes, votes and quorum, conditions, and the ends of a case."""

from datetime import date, timedelta

import pytest

from drb.board import Board
from drb.errors import BadInput, Refused
from drb.states import CaseState, Choice, Route
from tests.drb import cast
from tests.drb.cast import CASE, SITE, STUDY
from tests.drb.conftest import NewBoard


def refused(code: str):  # type: ignore[no-untyped-def]
    return pytest.raises(Refused, check=lambda error: error.code == code)


def test_cases_are_numbered_by_year_without_a_gap(new_board: NewBoard) -> None:
    clock = cast.Clock()
    board = new_board(clock=clock)
    for case in ("a", "b"):
        cast.draft(board, case)
    clock.now += timedelta(days=365)
    cast.draft(board, "c")
    assert [case.number for case in board.cases.list("system")] == ["2026-0001", "2026-0002", "2027-0001"]


def test_the_year_of_a_number_is_koreas(new_board: NewBoard) -> None:
    clock = cast.Clock()
    clock.now = clock.now.replace(year=2026, month=12, day=31, hour=15, minute=30)
    board = new_board(clock=clock)
    cast.draft(board)
    assert board.cases.get("applicant", CASE).number == "2027-0001"


def test_creating_the_same_case_again_changes_nothing_and_another_under_its_id_is_refused(any_board: Board) -> None:
    cast.draft(any_board)
    cast.draft(any_board)
    assert len(any_board.cases.list("applicant")) == 1
    with pytest.raises(BadInput, match="another content"):
        any_board.cases.create("applicant", STUDY, SITE, "다른 제목", "목적", ["person"], case_id=CASE)


def test_a_case_without_an_id_gets_one_from_its_number(any_board: Board) -> None:
    case = any_board.cases.create("applicant", STUDY, SITE, "제목", "목적", ["person"])
    assert (case.id, case.state) == ("case-2026-0001", CaseState.DRAFT)


def test_an_incomplete_form_is_not_taken_and_the_missing_parts_are_named(any_board: Board) -> None:
    any_board.cases.create("applicant", STUDY, SITE, "제목", "목적", ["person"], case_id=CASE)
    with refused("form_complete") as told:
        any_board.cases.submit("applicant", CASE)
    assert "irb_reference" in told.value.reason
    any_board.cases.edit("applicant", CASE, irb_reference="IRB-1")
    assert any_board.cases.submit("applicant", CASE).state is CaseState.SUBMITTED


def test_a_returned_case_needs_an_answer_to_each_comment(any_board: Board) -> None:
    cast.draft(any_board)
    any_board.cases.submit("applicant", CASE)
    any_board.cases.screen("secretary", CASE)
    with refused("comments_given"):
        any_board.cases.return_("secretary", CASE, {})
    any_board.cases.return_("secretary", CASE, {"purpose": "구체적으로", "tables": "최소한으로"})
    with refused("comments_answered"):
        any_board.cases.resubmit("applicant", CASE, {"purpose": "보완함"})
    case = any_board.cases.resubmit("applicant", CASE, {"purpose": "보완함", "tables": "줄임"})
    assert (case.state, case.version) == (CaseState.SUBMITTED, 2)
    assert [(c.section, c.words, c.answer) for c in case.comments] == [
        ("purpose", "구체적으로", "보완함"),
        ("tables", "최소한으로", "줄임"),
    ]


def test_the_chair_decides_only_with_a_quorum(in_review: Board) -> None:
    for member in ("member1", "member2"):
        in_review.cases.vote(member, CASE, Choice.APPROVE)
    with refused("quorum_met") as told:
        in_review.cases.approve("chair", CASE)
    assert "2 of 3 votes" in told.value.reason
    in_review.cases.vote("member3", CASE, Choice.REJECT)
    assert in_review.cases.approve("chair", CASE).state is CaseState.APPROVED


def test_nobody_votes_twice_and_the_decision_follows_the_votes(any_board: Board) -> None:
    cast.voted(any_board, choice=Choice.REJECT)
    with refused("not_voted"):
        any_board.cases.vote("member1", CASE, Choice.APPROVE)
    with refused("votes_approve"):
        any_board.cases.approve("chair", CASE)
    with refused("votes_favour"):
        any_board.cases.approve_conditionally("chair", CASE, ["IRB"])
    assert any_board.cases.reject("chair", CASE, "목적 불분명").state is CaseState.REJECTED


def test_a_declared_interest_recuses_and_the_quorum_is_counted_anew(voted: Board) -> None:
    voted.cases.declare_interest("member2", CASE)
    with refused("quorum_met"):
        voted.cases.approve("chair", CASE)
    with refused("no_conflict"):
        voted.cases.vote("member2", CASE, Choice.APPROVE)
    voted.cases.vote("chair", CASE, Choice.APPROVE)
    assert voted.cases.approve("chair", CASE).state is CaseState.APPROVED


def test_a_member_of_the_applicants_organisation_is_recused(any_board: Board) -> None:
    from drb.states import Role

    people = any_board.people
    people.add_organisation("admin", "mixed", "board", "혼합", "Mixed")
    people.add_person("admin", "겸직", "startup", [Role.MEMBER], person_id="insider")
    people.confirm_roles("admin2", "insider")
    cast.in_review(any_board)
    with refused("site"):  # a startup serves no hospital
        any_board.cases.vote("insider", CASE, Choice.APPROVE)


def test_an_external_vote_is_needed_on_the_full_route(any_board: Board) -> None:
    from drb.states import Role

    for number in (1, 2):
        any_board.people.add_person("admin", "내부", "hospital", [Role.MEMBER], person_id=f"inside{number}")
        any_board.people.confirm_roles("admin2", f"inside{number}")
    cast.in_review(any_board)
    for member in ("member1", "inside1", "inside2", "chair"):
        any_board.cases.vote(member, CASE, Choice.APPROVE)
    with refused("quorum_met") as told:
        any_board.cases.approve("chair", CASE)
    assert "outside the hospital" in told.value.reason


def test_a_conditional_approval_holds_once_secretary_and_another_member_agree(any_board: Board) -> None:
    cast.voted(any_board, choice=Choice.CONDITIONAL)
    with refused("requirements_given"):
        any_board.cases.approve_conditionally("chair", CASE, [])
    any_board.cases.approve_conditionally("chair", CASE, ["IRB 변경승인", "보안서약"], {"min_k": 5})
    with refused("evidence_complete"):
        any_board.cases.endorse("member1", CASE)
    any_board.cases.give_evidence("applicant", CASE, "r1", "승인서 첨부")
    any_board.cases.give_evidence("applicant", CASE, "r2", "서약서 첨부")
    with refused("endorsed_by_another"):
        any_board.cases.confirm_conditions("secretary", CASE)
    any_board.cases.endorse("member1", CASE)
    case = any_board.cases.confirm_conditions("secretary", CASE)
    assert case.state is CaseState.APPROVED
    assert case.conditions.min_k == 5
    assert [(r.name, r.words, r.evidence) for r in case.requirements] == [
        ("r1", "IRB 변경승인", "승인서 첨부"),
        ("r2", "보안서약", "서약서 첨부"),
    ]


def test_new_evidence_needs_a_new_endorsement(any_board: Board) -> None:
    cast.voted(any_board, choice=Choice.CONDITIONAL)
    any_board.cases.approve_conditionally("chair", CASE, ["IRB"])
    any_board.cases.give_evidence("applicant", CASE, "r1", "첫 증빙")
    any_board.cases.endorse("member1", CASE)
    any_board.cases.give_evidence("applicant", CASE, "r1", "다른 증빙")
    with refused("endorsed_by_another"):
        any_board.cases.confirm_conditions("secretary", CASE)


def test_the_chair_may_return_a_case_and_the_next_round_votes_anew(voted: Board) -> None:
    voted.cases.return_("chair", CASE, {"purpose": "다시"})
    voted.cases.resubmit("applicant", CASE, {"purpose": "보완"})
    voted.cases.screen("secretary", CASE)
    voted.cases.route("secretary", CASE, Route.EXPEDITED)
    with refused("quorum_met"):
        voted.cases.approve("chair", CASE)
    voted.cases.vote("member1", CASE, Choice.APPROVE)
    voted.cases.vote("member2", CASE, Choice.APPROVE)
    assert voted.cases.approve("chair", CASE).version == 2


def test_a_suspended_case_stops_downloads_and_can_be_resumed(released: Board) -> None:
    cast.granted(released)
    released.cases.suspend("officer", CASE, "민원")
    assert released.may_download("applicant", cast.RELEASE).code == "case_approved"
    released.cases.resume("chair", CASE, "해소")
    assert released.may_download("applicant", cast.RELEASE)


def test_a_case_closes_once_every_copy_is_destroyed(released: Board) -> None:
    grant = cast.granted(released)
    released.grants.download("applicant", cast.RELEASE)
    with refused("copies_destroyed"):
        released.cases.close("secretary", CASE)
    released.grants.revoke("secretary", grant, "종료")
    with refused("destruction_certified"):
        released.grants.confirm_destroyed("secretary", grant)
    released.grants.certify_destruction("applicant", grant, "파기확인서 1호")
    released.grants.confirm_destroyed("secretary", grant)
    assert released.cases.close("secretary", CASE).state is CaseState.CLOSED


def test_only_the_applicant_withdraws_and_only_before_the_decision(approved_case: Board) -> None:
    with refused("state"):
        approved_case.cases.withdraw("applicant", CASE)
    cast.draft(approved_case, "other")
    with refused("is_applicant"):
        approved_case.cases.withdraw("colleague", "other")
    assert approved_case.cases.withdraw("applicant", "other").state is CaseState.WITHDRAWN


def test_conditions_are_typed_and_a_wrong_one_is_named(any_board: Board) -> None:
    with pytest.raises(BadInput, match="condition 'min_k'"):
        cast.draft(any_board, conditions={"min_k": 0})
    with pytest.raises(BadInput, match="condition 'expires'"):
        cast.draft(any_board, conditions={"expires": "2027-01-01"})
    cast.approved_case(any_board, conditions={"expires_on": "2027-03-01", "named_people": ["applicant"]})
    case = any_board.cases.get("applicant", CASE)
    assert case.conditions.expires_on == date(2027, 3, 1)
    assert case.conditions.duo()[-2:] == ("DUO:0000025", "DUO:0000026")


def test_an_approval_of_a_case_may_impose_other_conditions_than_those_wished_for(any_board: Board) -> None:
    cast.voted(any_board, conditions={"min_k": 3})
    case = any_board.cases.approve("chair", CASE, {"min_k": 10})
    assert (case.wished.min_k, case.conditions.min_k) == (3, 10)


def test_a_draft_is_the_applicants_own_and_another_startup_sees_nothing(any_board: Board) -> None:
    cast.draft(any_board)
    assert any_board.cases.list("secretary") == ()
    any_board.cases.submit("applicant", CASE)
    assert len(any_board.cases.list("secretary")) == 1
    assert any_board.cases.list("rival") == ()
    with refused("visible"):
        any_board.cases.get("rival", CASE)
    events = any_board.events("auditor", f"case:{CASE}")
    assert (events[-1].action, events[-1].actor) == ("refused:read", "rival")


def test_nobody_knows_the_person_and_the_attempt_stands_without_what_was_typed(any_board: Board) -> None:
    cast.draft(any_board)
    with refused("known_person"):
        any_board.cases.submit("홍길동 900101-1234567", CASE)
    last = any_board.events("auditor", f"case:{CASE}")[-1]
    assert (last.actor, last.action) == ("unknown", "refused:submit")


def test_a_case_that_is_not_there_is_a_mistake_of_the_caller(any_board: Board) -> None:
    with pytest.raises(BadInput, match="no case 'nothing'"):
        any_board.cases.submit("applicant", "nothing")
