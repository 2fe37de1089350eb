"""What the pages do: the queue, decisions with typed confirmation and undo, recall, downloads, people, the audit view."""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Barrier

from fastapi import FastAPI
from sqlalchemy import event

from drb import Board, open_board
from drb.quorum import Settings
from drb.seed import seed
from drb.states import CaseState, ReleaseState
from portal.app import create_app
from tests.drb.cast import CASE, RELEASE, V2
from tests.portal.conftest import Browser, settings, visitor

NEXT = f"{RELEASE}-next"


def act(browser: Browser, address: str, **form: object):
    return browser.post(address, data={"_csrf": browser.csrf, **form})


def test_a_decision_needs_the_number_typed_and_can_be_undone_for_ten_minutes(app: FastAPI, board: Board) -> None:
    strict = open_board(
        board.engine.url.render_as_string(), settings=Settings(undo=timedelta(minutes=10)), clock=board.clock
    )
    browser = visitor(create_app(settings(), strict), strict, "secretary")
    number = board.releases.get("system", NEXT).case_number
    wrong = act(browser, f"/releases/{NEXT}/approve", digest=V2, typed="2026-9999")
    assert (wrong.status_code, "입력이 다릅니다" in wrong.text) == (422, True)
    assert act(browser, f"/releases/{NEXT}/approve", digest=V2, typed=number).status_code == 303
    page = browser.get(f"/releases/{NEXT}?done=release.approve").text
    assert "10분 안에 취소할 수 있습니다" in page
    assert "까지 결정을 취소할 수 있습니다" in page
    other = visitor(create_app(settings(), strict), strict, "secretary2")
    assert act(other, f"/releases/{NEXT}/undo").status_code == 403
    assert act(browser, f"/releases/{NEXT}/undo").status_code == 303
    assert board.releases.get("system", NEXT).state is ReleaseState.REVIEWED
    act(browser, f"/releases/{NEXT}/approve", digest=V2, typed=number)
    board.clock.now += timedelta(minutes=11)
    assert act(browser, f"/releases/{NEXT}/undo").status_code == 403
    strict.close()


def test_the_undo_that_was_promised_holds_for_a_publisher_with_other_settings(board: Board) -> None:
    from tests.drb.cast import CDM, POLICY
    from tests.drb.test_cases import refused

    strict = open_board(
        board.engine.url.render_as_string(), settings=Settings(undo=timedelta(minutes=10)), clock=board.clock
    )
    strict.releases.approve("secretary", NEXT, V2)
    with refused("undo_over"):
        board.releases.begin_publish("system", NEXT, V2, policy_digest=POLICY, cdm_digest=CDM)
    board.clock.now += timedelta(minutes=11)
    board.releases.begin_publish("system", NEXT, V2, policy_digest=POLICY, cdm_digest=CDM)
    strict.close()


def test_two_secretaries_decide_at_once_and_the_second_is_told(app: FastAPI, board: Board) -> None:
    number = board.releases.get("system", NEXT).case_number
    gate = Barrier(2)

    def decide(person: str, address: str, **form: object) -> tuple[int, str]:
        browser = visitor(app, board, person)
        gate.wait()
        answer = act(browser, address, typed=number, **form)
        return answer.status_code, answer.text

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(decide, "secretary", f"/releases/{NEXT}/approve", digest=V2)
        two = pool.submit(decide, "secretary2", f"/releases/{NEXT}/reject", words="희귀 코드")
        answers = [one.result(), two.result()]
    assert sorted(status for status, _ in answers) == [303, 409]
    assert "다른 사람이 먼저 처리했습니다" in next(text for status, text in answers if status == 409)
    decided = [e.action for e in board.events("system", f"release:{NEXT}") if e.action in {"approve", "reject"}]
    assert len(decided) == 1
    assert board.verify().ok


def test_a_blind_review_shows_no_vote_before_both_are_in(app: FastAPI, board: Board) -> None:
    board.releases.return_("member1", NEXT, "다시")
    board.releases.resubmit("author", NEXT, V2)
    board.releases.vote("member2", NEXT, V2, False, "희귀 코드가 있습니다")
    page = visitor(app, board, "member1").get(f"/releases/{NEXT}").text
    assert "비공개" in page
    assert "희귀 코드가 있습니다" not in page
    row = visitor(app, board, "member1").get("/queue").text
    assert "지난 검토 이후 변경 없음" in row


def test_the_queue_filters_assigns_and_reminds_and_decides_nothing_in_bulk(app: FastAPI, board: Board) -> None:
    browser = visitor(app, board, "secretary")
    assert "case-sent" in browser.get("/queue?kind=case&mine=1").text
    assert "case-sent" not in browser.get("/queue?kind=release").text
    assert "조건에 맞는 건이 없습니다" in browser.get("/queue?words=nothing-like-it").text
    ticked = ["case:case-sent", "case:case-review", "grant:g-00001", "nonsense"]
    answer = act(browser, "/queue/assign", object=ticked, assignee="secretary2")
    assert answer.text.count("배정했습니다") == 2
    assert board.cases.get("system", "case-sent").assignee == "secretary2"
    assert "담당하는 간사가 아닙니다" in act(browser, "/queue/assign", object="case:case-sent", assignee="member1").text
    reminded = act(browser, "/queue/remind", object=["case:case-review", "case:case-sent"])
    assert reminded.text.count("알림을 보냈습니다") == 1  # nobody is to be reminded of what waits for the secretary
    assert act(browser, "/queue/approve", object="case:case-review").status_code in {404, 405}
    assert "case-sent" in browser.get("/queue?assignee=secretary2").text


def test_the_board_s_clock_stops_on_the_applicant_s_turn(app: FastAPI, board: Board) -> None:
    board.clock.now += timedelta(days=10)
    board.cases.screen("secretary", "case-sent")
    board.cases.return_("secretary", "case-sent", {"purpose": "구체적으로"})
    board.clock.now += timedelta(days=40)
    assert board.clock_of("case:case-sent").days() == 10
    assert "심의 시계 정지 (누적 10일)" in visitor(app, board, "secretary").get("/cases/case-sent").text
    board.cases.resubmit("applicant", "case-sent", {"purpose": "적었습니다"})
    board.clock.now += timedelta(days=21)
    turn = board.clock_of("case:case-sent")
    assert (turn.days(), turn.theirs.days, turn.left(30)) == (31, 40, -1)
    assert "1일 초과" in visitor(app, board, "secretary").get("/cases/case-sent").text


def test_a_startup_applies_is_asked_back_and_answers(app: FastAPI, board: Board) -> None:
    browser = visitor(app, board, "applicant")
    assert "패혈증 조기 예측" in browser.get("/catalogue").text
    form = {"study_id": "sepsis", "site_id": "seoul01", "title": "패혈증", "purpose": "조기 예측"}
    form |= {"tables": "person\nmeasurement: person_id, value_as_number", "irb_reference": "IRB-9", "min_k": "5"}
    bad = act(browser, "/cases/new", **{**form, "min_k": "one"})
    assert (bad.status_code, "k-익명성 하한" in bad.text, "패혈증" in bad.text) == (422, True, True)
    assert act(browser, "/cases/new", **{**form, "tables": "a b: c"}).status_code == 422
    made = act(browser, "/cases/new", **form)
    address = made.headers["location"].partition("?")[0]
    key = address.rpartition("/")[2]
    assert board.cases.get("system", key).tables == {"measurement": ("person_id", "value_as_number"), "person": ()}
    assert act(browser, f"{address}/submit").status_code == 303
    secretary = visitor(app, board, "secretary")
    act(secretary, f"{address}/screen")
    assert act(secretary, f"{address}/return").status_code == 422
    assert act(secretary, f"{address}/return", **{"section.purpose": "더 자세히"}).status_code == 303
    assert "더 자세히" in browser.get(address).text
    assert act(browser, f"{address}/edit", **{**form, "purpose": "자세한 목적"}).status_code == 303
    assert act(browser, f"{address}/resubmit", **{"section.purpose": "적었습니다"}).status_code == 303
    assert board.cases.get("system", key).state is CaseState.SUBMITTED


def test_the_form_keeps_every_condition_that_was_asked_for(app: FastAPI, board: Board) -> None:
    wished = {
        "sensitive": ["hiv", "mental-health"], "free_text": ["note"], "small_differences": True, "named_people": ["kim"],
        "columns": {"person": ["year_of_birth"]}, "expires_on": "2030-01-31", "min_k": 7, "location": "서울", "report_every_days": 90,
        "destruction_within_days": 14,
    }  # fmt: skip
    case = board.cases.create(
        "applicant", study_id="sepsis", site_id="seoul01", title="패혈증", purpose="예측", tables={"person": []}, conditions=wished,
    )  # fmt: skip
    browser = visitor(app, board, "applicant")
    page = browser.get(f"/cases/{case.id}/edit").text
    fields = {
        **dict(
            re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', re.sub(r"<input[^>]*checkbox[^>]*>", "", page))
        ),
        **dict(re.findall(r'<input name="(\w+)" type="checkbox" value="(\w+)" checked', page)),
    }
    fields = {name: given for name, given in fields.items() if name != "csrf"}
    form = {**fields, "purpose": "조기 예측", "tables": "person"}
    assert act(browser, f"/cases/{case.id}/edit", **form).status_code == 303
    again = board.cases.get("system", case.id)
    assert (again.purpose, again.wished) == ("조기 예측", case.wished)
    form.pop("small_differences")
    act(browser, f"/cases/{case.id}/edit", **{**form, "free_text": ""})
    assert board.cases.get("system", case.id).wished == case.wished.model_copy(
        update={"small_differences": False, "free_text": ()}
    )


def test_a_granted_startup_downloads_what_lies_in_the_store_and_nobody_else(
    app: FastAPI, board: Board, tmp_path: Path
) -> None:
    folder = tmp_path / "store" / RELEASE
    (folder / "tables").mkdir(parents=True)
    (folder / "tables" / "person.parquet").write_bytes(b"x" * 1000)
    (folder / "MANIFEST.json").write_bytes(b"{}")
    browser = visitor(app, board, "applicant")
    answer = act(browser, f"/releases/{RELEASE}/download")
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        assert archive.getnames() == [f"{RELEASE}/MANIFEST.json", f"{RELEASE}/tables/person.parquet"]
        extracted = archive.extractfile(f"{RELEASE}/tables/person.parquet")
        assert extracted is not None
        assert extracted.read() == b"x" * 1000
    assert board.grants.get("system", "g-00001").downloads == 1
    assert act(visitor(app, board, "colleague"), f"/releases/{RELEASE}/download").status_code == 403
    chair = visitor(app, board, "chair")
    number = board.releases.get("system", RELEASE).case_number
    assert act(chair, f"/releases/{RELEASE}/recall", words="재식별 위험", typed=number).status_code == 303
    assert act(browser, f"/releases/{RELEASE}/download").status_code == 409
    assert act(browser, "/grants/g-00001/certify_destruction", words="파기", typed="g-00001").status_code == 303
    assert (
        act(visitor(app, board, "secretary"), "/grants/g-00001/confirm_destroyed", typed="g-00001").status_code == 303
    )


def test_a_role_needs_a_second_administrator_and_nobody_changes_their_own(app: FastAPI, board: Board) -> None:
    one, two = visitor(app, board, "admin"), visitor(app, board, "admin2")
    assert act(one, "/people", name="새 사람", id="fresh", organisation="board", role="MEMBER").status_code == 303
    assert "확인 대기" in one.get("/people").text
    assert act(one, "/people/fresh/confirm").status_code == 403
    assert act(two, "/people/fresh/confirm").status_code == 303
    assert act(one, "/people/admin/propose", role="SECRETARY").status_code == 403
    assert act(one, "/people/admin/account").status_code == 403
    shown = act(one, "/people/fresh/account", email="fresh@example.org").text
    assert "초대 코드" in shown
    assert act(one, "/people", name="", id="fresh").status_code == 422
    assert act(one, "/people/fresh/propose", role="NOBODY").status_code == 422
    assert act(one, "/people/fresh/close", typed="wrong").status_code == 422
    assert act(one, "/people/fresh/close", typed="fresh").status_code == 303


def test_the_audit_view_verifies_and_names_what_was_tampered_with(app: FastAPI, board: Board) -> None:
    browser = visitor(app, board, "auditor")
    assert "감사원장이 검증되었습니다" in act(browser, "/audit/verify").text
    with board.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE drb_case SET title = 'x' WHERE id = 'case-a'")
    told = act(browser, "/audit/verify").text
    assert "검증되지 않습니다" in told
    assert "case:case-a" in told


def test_minutes_hold_votes_conditions_and_the_head_of_the_ledger(app: FastAPI, board: Board) -> None:
    page = visitor(app, board, "secretary").get(f"/cases/{CASE}/minutes").text
    for words in ("데이터심의위원회 회의록", "승인 조건", "이름 member1", board.head()):
        assert words in page
    assert visitor(app, board, "applicant").get(f"/cases/{CASE}/minutes").status_code == 403


def test_what_people_write_is_shown_and_never_run(app: FastAPI, board: Board) -> None:
    board.cases.screen("secretary", "case-sent")
    board.cases.return_("secretary", "case-sent", {"purpose": "<script>alert(1)</script>"})
    page = visitor(app, board, "applicant").get("/cases/case-sent").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def counted(board: Board, call: Callable[[], object]) -> int:
    questions: list[str] = []

    def note(*args: object) -> None:
        questions.append(str(args[2]))

    event.listen(board.engine, "before_cursor_execute", note)
    try:
        call()
    finally:
        event.remove(board.engine, "before_cursor_execute", note)
    return len(questions)


def test_no_page_asks_more_questions_when_there_are_more_rows(tmp_path: Path) -> None:
    """The same number of queries for a board of a hundred and thirty cases and for one of three hundred and twenty."""
    asked: dict[str, list[int]] = {}
    for name, volume, waiting, packages in (("few", 100, 12, 6), ("many", 240, 60, 18)):
        with open_board(f"sqlite:///{tmp_path}/{name}.sqlite") as board:
            seed(
                board,
                {"sepsis": "패혈증"},
                volumes={2021: volume, 2024: volume // 3},
                waiting=waiting,
                packages=packages,
            )
            app = create_app(settings(), board)
            release = board.releases.list("system", ReleaseState.SUBMITTED)[0].name
            pages = {
                "secretary_lee": [
                    "/queue",
                    "/cases",
                    "/releases",
                    "/cases/demo-2024-0001",
                    f"/releases/{release}",
                    "/statistics",
                ],
                "member_01": ["/queue"],
                "admin_park": ["/people"],
                "coord_han": ["/sites"],
                "audit_seo": ["/audit", "/grants"],
            }
            for person, paths in pages.items():
                browser = visitor(app, board, person)
                for path in paths:
                    browser.get(path)
                    told = "/releases/one" if path.startswith("/releases/") else path
                    asked.setdefault(f"{person} {told}", []).append(counted(board, partial(browser.get, path)))
    assert {page: counts for page, counts in asked.items() if counts[0] != counts[1]} == {}
    assert max(count for counts in asked.values() for count in counts) <= 60


def test_the_programme_s_volumes_are_seeded_and_counted(tmp_path: Path) -> None:
    from drb.seed import YEARLY

    volumes = {year: count // 20 for year, count in YEARLY.items()}
    with open_board(f"sqlite:///{tmp_path}/board.sqlite") as board:
        told = seed(board, {"sepsis": "패혈증"}, volumes=volumes, waiting=6, packages=3)
        assert seed(board, {"sepsis": "패혈증"}, volumes=volumes, waiting=6, packages=3).before
        assert told.cases == sum(volumes.values()) + 6
        assert board.verify().ok
        counts = board.statistics("coord_han")
        assert {year: counts.total[year] for year in volumes} == volumes
        assert all(sum(counts.by_decision[year].values()) == counts.total[year] for year in counts.years)
