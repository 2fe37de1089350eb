"""이용권 on both databases: one answer to 'may this person download', and the end of use."""

from datetime import date, timedelta

import pytest

from drb.board import Board
from drb.states import GrantState
from tests.drb import cast
from tests.drb.cast import RELEASE, TERMS
from tests.drb.conftest import NewBoard
from tests.drb.test_cases import refused


def out(board: Board, **conditions: object) -> Board:
    cast.approved_case(board, conditions=conditions)
    cast.released(board)
    return board


def test_terms_come_before_the_first_download(released: Board) -> None:
    grant = released.grants.create("secretary", "applicant", RELEASE)
    assert grant.state is GrantState.PENDING_TERMS
    assert released.may_download("applicant", RELEASE).code == "state"
    with refused("is_grantee"):
        released.grants.accept_terms("colleague", grant.id, TERMS)
    released.grants.accept_terms("applicant", grant.id, TERMS)
    assert released.may_download("applicant", RELEASE)


def test_a_grant_that_lives_is_given_back_instead_of_a_second_one(released: Board) -> None:
    first = released.grants.create("system", "applicant", RELEASE)
    assert released.grants.create("system", "applicant", RELEASE).id == first.id
    released.grants.revoke("secretary", first.id, "오류")
    assert released.grants.create("system", "applicant", RELEASE).id != first.id


def test_nobody_without_a_grant_downloads_and_the_attempt_stands(released: Board) -> None:
    for person, code in (("rival", "no_grant"), ("auditor", "no_grant"), ("nobody", "known_person")):
        assert released.may_download(person, RELEASE).code == code
        with refused(code):
            released.grants.download(person, RELEASE)
    actions = [event.action for event in released.events("auditor", f"release:{RELEASE}")]
    assert actions.count("refused:download") == 3


def test_only_people_of_the_applicants_organisation_are_entitled(released: Board) -> None:
    for person in ("rival", "member1"):
        with refused("person_entitled"):
            released.grants.create("secretary", person, RELEASE)
    assert released.grants.create("secretary", "colleague", RELEASE).person == "colleague"


def test_named_people_are_the_only_ones_entitled(any_board: Board) -> None:
    out(any_board, named_people=["colleague"])
    with refused("person_entitled"):
        any_board.grants.create("secretary", "applicant", RELEASE)


def test_a_closed_account_downloads_no_more(released: Board) -> None:
    cast.granted(released)
    released.people.close_account("admin", "applicant")
    assert released.may_download("applicant", RELEASE).code == "active"


def test_expiry_is_computed_by_the_day_in_korea(new_board: NewBoard) -> None:
    clock = cast.Clock()
    board = out(new_board(clock=clock), expires_on=date(2026, 3, 31), destruction_within_days=7)
    grant = cast.granted(board)
    last_minute = clock.now.replace(month=3, day=31, hour=14, minute=59, second=59)  # 23:59:59 in Korea
    assert board.may_download("applicant", RELEASE, last_minute)
    assert board.may_download("applicant", RELEASE, last_minute + timedelta(seconds=1)).code == "not_expired"
    assert board.grants.due() == ()
    clock.now = last_minute + timedelta(seconds=5)
    with refused("not_expired"):
        board.grants.download("applicant", RELEASE)
    (due,) = board.grants.due()
    assert (due.id, due.state, due.destroy_by) == (grant, GrantState.DESTRUCTION_DUE, date(2026, 4, 7))


def test_a_download_is_an_event_that_names_the_package(released: Board) -> None:
    grant = cast.granted(released)
    released.grants.download("applicant", RELEASE)
    last = released.events("auditor", f"grant:{grant}")[-1]
    assert (last.action, last.actor, last.payload["manifest"]) == ("download", "applicant", cast.V1)


@pytest.mark.parametrize("person", ["secretary", "chair", "officer", "system"])
def test_one_person_revokes(released: Board, person: str) -> None:
    grant = cast.granted(released)
    assert released.grants.revoke(person, grant, "위반").state is GrantState.REVOKED
    assert not released.may_download("applicant", RELEASE)


def test_a_grant_of_a_release_that_is_not_approved_is_refused(reviewed: Board) -> None:
    with refused("release_open"):
        reviewed.grants.create("system", "applicant", RELEASE)
