"""The API: tokens hashed, scoped, expiring; the same decisions; every answer as the OpenAPI says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi import FastAPI

from drb import Board
from tests.drb.cast import CASE, RELEASE, V2
from tests.portal.conftest import Browser, visitor

NEXT = f"{RELEASE}-next"


def caller(app: FastAPI, board: Board, person: str, *scopes: str, days: int = 30) -> Browser:
    made = Browser(app, follow_redirects=False)
    made.headers["authorization"] = f"Bearer {board.sessions.issue(person, 'script', scopes, days)}"
    return made


def test_a_token_reads_what_its_person_may_read(app: FastAPI, board: Board) -> None:
    call = caller(app, board, "secretary", "read")
    assert call.get("/api/v1/queue").json()["total"] > 3
    assert call.get(f"/api/v1/cases/{CASE}").json()["state"] == "APPROVED"
    assert call.get(f"/api/v1/cases/{CASE}/events").json()[0]["action"] == "create"
    assert {o["action"] for o in call.get(f"/api/v1/releases/{NEXT}/options").json() if o["allowed"]} >= {"approve"}
    assert call.get("/api/v1/cases/nothing").status_code == 404
    assert caller(app, board, "rival", "read").get(f"/api/v1/cases/{CASE}").status_code == 403
    assert caller(app, board, "applicant", "read").get(f"/api/v1/releases/{RELEASE}/may-download").json()["allowed"]


def test_a_token_acts_within_its_scope_only(app: FastAPI, board: Board) -> None:
    reading = caller(app, board, "secretary", "read")
    assert reading.post("/api/v1/cases/case-sent/screen", json={}).status_code == 403
    acting = caller(app, board, "secretary", "act")
    assert acting.get(f"/api/v1/cases/{CASE}").status_code == 403
    assert acting.post("/api/v1/cases/case-sent/screen", json={}).json()["state"] == "SCREENING"
    assert acting.post("/api/v1/cases/case-sent/screen", json={}).status_code == 409
    assert acting.post(f"/api/v1/releases/{NEXT}/approve", json={"digest": V2}).json()["state"] == "APPROVED"
    assert acting.post("/api/v1/cases/case-sent/nothing", json={}).status_code == 422
    assert acting.post("/api/v1/cases/case-sent/route", json={"route": "x"}).json()["ko"] == "심의 경로를 선택하십시오."
    assert caller(app, board, "member1", "act").post("/api/v1/cases/case-sent/screen", json={}).status_code == 403


def test_a_token_ends(app: FastAPI, board: Board) -> None:
    call = caller(app, board, "secretary", "read", days=1)
    assert call.get("/api/v1/queue").status_code == 200
    board.clock.now += timedelta(days=1)  # type: ignore[attr-defined]
    assert call.get("/api/v1/queue").status_code == 401
    call = caller(app, board, "secretary", "read")
    board.sessions.revoke("secretary", board.sessions.tokens("secretary")[0].id)
    assert call.get("/api/v1/queue").status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer naru_x", "Basic eDp5"])
def test_nobody_calls_without_a_token(app: FastAPI, header: str) -> None:
    call = Browser(app, headers={"authorization": header} if header else None)
    assert call.get("/api/v1/queue").json()["code"] == "token"


def test_a_cookie_opens_no_api_and_a_token_no_page(app: FastAPI, board: Board) -> None:
    assert visitor(app, board, "secretary").get("/api/v1/queue").status_code == 401
    assert caller(app, board, "secretary", "read").get("/queue").status_code == 303


def test_a_token_is_shown_once_and_kept_as_a_hash(app: FastAPI, board: Board) -> None:
    browser = visitor(app, board, "secretary")
    form = {"_csrf": browser.csrf, "name": "매일 보고", "scope": ["read"], "days": "30"}
    page = browser.post("/me/tokens", data=form).text
    secret = page.split("naru_")[1].split("<")[0]
    assert f"naru_{secret}" not in browser.get("/me").text
    rows = board.engine.raw_connection().execute("SELECT * FROM api_token").fetchall()
    assert secret not in str(rows)
    assert board.events("auditor", "person:secretary")[-1].action == "issue_token"
    assert browser.post("/me/tokens", data={**form, "days": "9999"}).status_code == 422
    assert browser.post("/me/tokens", data={**form, "scope": []}).status_code == 422
    theirs = board.sessions.tokens("secretary")[0].id
    other = visitor(app, board, "member1")
    assert other.post(f"/me/tokens/{theirs}/revoke", data={"_csrf": other.csrf}).status_code == 403


def test_the_openapi_names_every_address_of_the_api_and_no_page(app: FastAPI) -> None:
    spec = Browser(app).get("/api/openapi.json").json()
    assert all(path.startswith("/api/v1/") for path in spec["paths"])
    assert len(spec["paths"]) >= 8


@pytest.mark.slow
def test_schemathesis_finds_no_fault_of_ours(app: FastAPI, board: Board) -> None:
    """Generated requests against the OpenAPI: never a 5xx, whoever asks."""
    import schemathesis
    from hypothesis import HealthCheck, given, settings
    from schemathesis.checks import not_a_server_error

    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app)
    for person in ("secretary", "applicant", "auditor"):
        secret = board.sessions.issue(person, "fuzz", ["read", "act"], 30)
        for found in schema.get_all_operations():

            @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
            @given(case=found.ok().as_strategy())
            def ask(case) -> None:  # type: ignore[no-untyped-def]
                case.call_and_validate(headers={"authorization": f"Bearer {secret}"}, checks=[not_a_server_error])  # noqa: B023

            ask()
    assert board.verify().ok
