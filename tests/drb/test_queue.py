"""What waits for whom, who is told, and what lists show; by the same rules that decide."""

from sqlalchemy import event, select

from drb.board import Board
from drb.models import Notice
from drb.states import Route
from tests.drb import cast
from tests.drb.cast import CASE, RELEASE, V1


def waits(board: Board, person: str) -> dict[str, tuple[str, ...]]:
    return {item.object: item.actions for item in board.queue(person)}


def test_a_case_waits_for_one_role_after_the_other(any_board: Board) -> None:
    cast.draft(any_board)
    assert waits(any_board, "applicant") == {f"case:{CASE}": ("submit",)}
    assert waits(any_board, "secretary") == {}
    any_board.cases.submit("applicant", CASE)
    assert waits(any_board, "applicant") == {}
    assert waits(any_board, "secretary") == {f"case:{CASE}": ("screen",)}
    any_board.cases.screen("secretary", CASE)
    assert waits(any_board, "secretary") == {f"case:{CASE}": ("return", "route")}
    any_board.cases.route("secretary", CASE, Route.FULL)
    assert waits(any_board, "member1") == {f"case:{CASE}": ("vote",)}
    any_board.cases.vote("member1", CASE, "APPROVE")  # type: ignore[arg-type]
    assert waits(any_board, "member1") == {}
    assert waits(any_board, "rival") == {}


def test_a_release_waits_for_author_reviewers_and_secretary(approved_case: Board) -> None:
    cast.build(approved_case)
    approved_case.releases.check("system", RELEASE, V1, passed=True)
    assert waits(approved_case, "author") == {f"release:{RELEASE}": ("submit",)}
    approved_case.releases.submit("author", RELEASE, V1)
    assert waits(approved_case, "member1") == {f"release:{RELEASE}": ("vote", "return")}
    approved_case.releases.vote("member1", RELEASE, V1, True)
    approved_case.releases.vote("member2", RELEASE, V1, True)
    assert waits(approved_case, "secretary") == {f"release:{RELEASE}": ("approve", "reject")}
    approved_case.releases.approve("secretary", RELEASE, V1)
    assert waits(approved_case, "system")[f"release:{RELEASE}"] == ("begin_publish",)


def test_the_queue_asks_as_many_questions_for_ten_cases_as_for_one(board: Board) -> None:
    counted: list[str] = []
    cast.draft(board, "case-0")
    board.cases.submit("applicant", "case-0")
    event.listen(board.engine, "before_cursor_execute", lambda *args: counted.append(args[2]))
    board.queue("secretary")
    one = len(counted)
    for number in range(1, 10):
        cast.draft(board, f"case-{number}")
        board.cases.submit("applicant", f"case-{number}")
    counted.clear()
    assert len(board.queue("secretary")) == 10
    assert len(counted) == one


def test_notices_name_object_and_action_and_nothing_else(approved_case: Board) -> None:
    with approved_case.desk.read() as work:
        notices = [(n.person_id, n.object, n.action, n.at_once) for n in work.session.scalars(select(Notice))]
    assert ("secretary", f"case:{CASE}", "submit", False) in notices
    assert ("member1", f"case:{CASE}", "route", False) in notices
    assert ("applicant", f"case:{CASE}", "approve", True) in notices
    assert not [n for n in notices if n[0] == "rival"]


def test_pictures_are_plain_json(any_board: Board) -> None:
    import json

    cast.approved_case(any_board, conditions={"expires_on": "2027-01-01"})
    cast.released(any_board)
    cast.granted(any_board)
    things = [
        *any_board.cases.list("auditor"),
        *any_board.releases.list("auditor"),
        *any_board.grants.list("auditor"),
        *any_board.people.list(),
        *any_board.people.organisations(),
        *any_board.queue("system"),
        *any_board.events("auditor"),
        any_board.verify(),
        any_board.may_download("applicant", RELEASE),
    ]
    for thing in things:
        assert json.loads(json.dumps(thing.to_json(), ensure_ascii=False))
    assert any_board.counts()["release"] == {"RELEASED": 1}


def test_events_are_read_by_those_whose_they_are(any_board: Board) -> None:
    from tests.drb.test_cases import refused

    cast.approved_case(any_board)
    assert any_board.events("applicant", f"case:{CASE}")
    assert any_board.events("secretary", f"case:{CASE}", limit=1)[0].action == "approve"
    for person in ("rival", "coordinator", "admin"):
        with refused("visible"):
            any_board.events(person, f"case:{CASE}")
    with refused("visible"):
        any_board.events("secretary")
