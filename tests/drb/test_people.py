"""People and roles on both databases: nobody gives themselves a right."""

from pathlib import Path

import pytest

from drb.board import Board, open_board
from drb.errors import BadInput, Refused
from drb.states import OrganisationKind, Role
from tests.drb.test_cases import refused


def test_the_first_person_is_an_administrator_and_appoints_the_second(tmp_path: Path) -> None:
    with open_board(f"sqlite:///{tmp_path}/board.sqlite") as board:
        board.people.add_organisation("system", "programme", OrganisationKind.PROGRAMME, "사업단", "Programme")
        first = board.people.add_person("system", "첫 관리자", "programme")
        assert first.roles == (Role.ADMIN,)
        with pytest.raises(Refused):
            board.people.add_person("system", "또 하나", "programme")
        second = board.people.add_person(first.id, "둘째 관리자", "programme", [Role.ADMIN])
        assert second.roles == (Role.ADMIN,)
        third = board.people.add_person(first.id, "셋째", "programme", [Role.ADMIN, Role.AUDITOR])
        assert (third.roles, third.pending) == ((), (Role.ADMIN, Role.AUDITOR))
        assert board.verify().ok


def test_a_role_is_in_force_once_a_second_administrator_confirms(any_board: Board) -> None:
    any_board.people.propose_role("admin", "officer", Role.CHAIR)
    with refused("second_admin"):
        any_board.people.confirm_roles("admin", "officer")
    assert any_board.people.get("officer").pending == (Role.CHAIR,)
    assert set(any_board.people.confirm_roles("admin2", "officer").roles) == {Role.CHAIR, Role.PRIVACY_OFFICER}


def test_nobody_changes_their_own_roles(any_board: Board) -> None:
    with refused("own_roles"):
        any_board.people.propose_role("admin", "admin", Role.SECRETARY)
    any_board.people.propose_role("admin", "admin2", Role.SECRETARY)
    with refused("own_roles"):
        any_board.people.confirm_roles("admin2", "admin2")
    for person in ("secretary", "chair", "system", "officer"):
        with refused("role"):
            any_board.people.propose_role(person, person, Role.ADMIN)


def test_a_role_ends_once_a_second_administrator_confirms(any_board: Board) -> None:
    any_board.people.propose_end("admin", "chair", Role.CHAIR)
    assert any_board.people.get("chair").roles == (Role.CHAIR,)
    assert any_board.people.confirm_roles("admin2", "chair").roles == ()
    with pytest.raises(BadInput, match="does not hold"):
        any_board.people.propose_end("admin", "chair", Role.CHAIR)


def test_hospital_and_startup_roles_belong_to_such_organisations(any_board: Board) -> None:
    with pytest.raises(BadInput, match="belongs to a hospital"):
        any_board.people.propose_role("admin", "applicant", Role.RELEASE_AUTHOR)
    with pytest.raises(BadInput, match="belongs to a startup"):
        any_board.people.propose_role("admin", "engineer", Role.STARTUP_USER)
    with pytest.raises(BadInput, match="automation"):
        any_board.people.propose_role("admin", "officer", Role.SYSTEM)


def test_an_erased_name_is_gone_and_the_ledger_stands(any_board: Board) -> None:
    assert any_board.people.get("member1").name == "이름 member1"
    any_board.people.erase_name("admin", "member1")
    assert any_board.people.get("member1").name is None
    report = any_board.verify()
    assert report.ok, report.first_bad


def test_an_organisation_keeps_its_kind_and_sites_but_may_change_its_name(any_board: Board) -> None:
    any_board.people.add_organisation("system", "hospital", "hospital", "새이름", "New name", site_id="seoul01")
    with pytest.raises(BadInput, match="another kind"):
        any_board.people.add_organisation("system", "hospital", "board", "새이름", "New name")
    with refused("role"):
        any_board.people.add_organisation("secretary", "fake", "hospital", "가짜", "Fake")
    names = {o.id: o.name_ko for o in any_board.people.organisations()}
    assert names["hospital"] == "새이름"
    assert any_board.verify().ok


def test_a_person_is_added_once(any_board: Board) -> None:
    with pytest.raises(BadInput, match="registered already"):
        any_board.people.add_person("admin", "동명이인", "hospital", person_id="chair")
    with pytest.raises(BadInput, match="no organisation"):
        any_board.people.add_person("admin", "누구", "nowhere")
    assert any_board.people.add_person("admin", "누구", "hospital").id == "p-0001"


def test_a_secretary_of_another_hospital_has_no_say_here(any_board: Board) -> None:
    from tests.drb import cast

    any_board.people.add_person("admin", "부산간사", "elsewhere", [Role.SECRETARY], person_id="busan")
    any_board.people.confirm_roles("admin2", "busan")
    cast.draft(any_board)
    any_board.cases.submit("applicant", cast.CASE)
    with refused("site"):
        any_board.cases.screen("busan", cast.CASE)
    assert any_board.cases.list("busan") == ()


def test_a_shared_board_may_be_limited_to_some_hospitals(any_board: Board) -> None:
    from tests.drb import cast

    any_board.people.add_organisation("admin", "south", "board", "남부", "South", serves=["busan01"])
    any_board.people.add_person("admin", "남부간사", "south", [Role.SECRETARY], person_id="south1")
    any_board.people.confirm_roles("admin2", "south1")
    cast.draft(any_board)
    any_board.cases.submit("applicant", cast.CASE)
    with refused("site"):
        any_board.cases.screen("south1", cast.CASE)
