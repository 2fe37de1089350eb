"""Who gets in: password, lock-out, second factor, sessions, forms, limits, headers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pyotp
import pytest
from fastapi import FastAPI

from drb import Board
from drb.accounts import FAILURES, fingerprint
from portal.app import create_app
from portal.security import Limits
from portal.sign_in import second
from portal.sign_in.passwords import hashed, matches, weak
from portal.visit import COOKIE
from tests.portal.conftest import KEY, PASSWORD, Browser, NewBrowser, settings, token


def test_the_right_password_lets_in_and_the_page_is_korean(browser: NewBrowser) -> None:
    visitor = browser("secretary")
    assert visitor.last.status_code == 303
    page = visitor.get("/queue")
    assert page.status_code == 200
    assert '<html lang="ko">' in page.text
    assert "업무 목록" in page.text


@pytest.mark.parametrize(("person", "password"), [("secretary", "wrong"), ("nobody", PASSWORD), ("", "")])
def test_a_stranger_learns_nothing(browser: NewBrowser, person: str, password: str) -> None:
    visitor = browser().sign_in(person, password)
    assert visitor.last.status_code == 401
    assert "아이디나 비밀번호가 맞지 않습니다" in visitor.last.text
    assert visitor.get("/queue").headers["location"] == "/sign-in"


def test_five_wrong_tries_lock_the_account_for_a_while_and_that_is_an_event(browser: NewBrowser, board: Board) -> None:
    for _ in range(FAILURES):
        visitor = browser().sign_in("secretary", "wrong")
    assert "잠겼습니다" in visitor.last.text
    assert browser().sign_in("secretary").last.status_code == 401
    assert board.events("auditor", "person:secretary")[-1].action == "lock_account"
    board.clock.now += timedelta(minutes=16)  # type: ignore[attr-defined]
    assert browser().sign_in("secretary").last.status_code == 303


def test_a_session_ends_when_it_is_idle_or_signed_out_and_a_stolen_database_opens_nothing(
    browser: NewBrowser, board: Board
) -> None:
    visitor = browser("secretary")
    cookie = visitor.cookies[COOKIE]
    assert cookie not in str(board.engine.raw_connection().execute("SELECT * FROM sign_in_session").fetchall())
    board.clock.now += timedelta(minutes=31)  # type: ignore[attr-defined]
    assert visitor.get("/queue").headers["location"] == "/sign-in"
    visitor = browser("secretary")
    cookie = visitor.cookies[COOKIE]
    visitor.fill_in("/sign-out")
    visitor.cookies.set(COOKIE, cookie)
    assert visitor.get("/queue").headers["location"] == "/sign-in"
    assert fingerprint(cookie) != cookie


def test_every_sign_in_gets_a_new_cookie(browser: NewBrowser) -> None:
    visitor = browser("secretary")
    first = visitor.cookies[COOKIE]
    assert visitor.sign_in("secretary").cookies[COOKIE] != first


def test_a_closed_account_is_out_at_once(browser: NewBrowser, board: Board) -> None:
    visitor = browser("secretary")
    board.people.close_account("admin", "secretary")
    assert visitor.get("/queue").status_code == 303
    assert browser().sign_in("secretary").last.status_code == 401


def test_a_form_of_another_site_is_refused(browser: NewBrowser, board: Board) -> None:
    visitor = browser("secretary")
    assert visitor.post("/cases/case-sent/screen").status_code == 403
    assert visitor.post("/cases/case-sent/screen", data={"_csrf": "0" * 64}).status_code == 403
    right = token(visitor.get("/me").text)
    crossed = visitor.post(
        "/cases/case-sent/screen", data={"_csrf": right}, headers={"origin": "https://elsewhere.example"}
    )
    assert crossed.status_code == 403
    assert board.cases.get("auditor", "case-sent").state.value == "SUBMITTED"
    assert visitor.post("/cases/case-sent/screen", data={"_csrf": right}).status_code == 303
    assert browser().post("/sign-in", data={"person": "secretary", "password": PASSWORD}).status_code == 403


def test_those_who_decide_need_a_second_factor_and_a_code_works_once(app: FastAPI, board: Board) -> None:
    strict = create_app(settings(second_factor="required"), board)
    visitor = Browser(strict, follow_redirects=False).sign_in("secretary")
    assert visitor.last.headers["location"] == "/sign-in/enrol"
    assert visitor.get("/queue").headers["location"] == "/sign-in/second"
    page = visitor.get("/sign-in/enrol").text
    secret = page.split('name="secret" value="')[1][:32]
    code = pyotp.TOTP(secret).now()
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for given, status in ((wrong, 422), (code, 303)):
        form = {"_csrf": token(visitor.get("/sign-in/enrol").text), "secret": secret, "code": given}
        assert visitor.post("/sign-in/enrol", data=form).status_code == status
    assert visitor.get("/queue").status_code == 200
    again = Browser(strict, follow_redirects=False).sign_in("secretary")
    assert again.last.headers["location"] == "/sign-in/second"
    assert again.get("/queue").status_code == 303
    assert (
        again.fill_in("/sign-in/second", {"code": code}, "/sign-in/second").status_code == 401
    )  # used while enrolling
    account = board.accounts.get("secretary")
    assert account is not None
    assert account.totp_sealed is not None
    assert second.unseal(KEY, account.totp_sealed, "secretary") == secret
    assert second.unseal(KEY, account.totp_sealed, "chair") is None
    assert second.unseal(b"x" * 32, account.totp_sealed, "secretary") is None
    fresh = pyotp.TOTP(secret).at((account.totp_step + 1) * second.STEP)
    assert again.fill_in("/sign-in/second", {"code": fresh}, "/sign-in/second").status_code == 303
    assert again.get("/queue").status_code == 200
    # Half in is not in: nobody replaces a second factor without having used it.
    half = Browser(strict, follow_redirects=False).sign_in("secretary")
    assert half.get("/sign-in/enrol").headers["location"] == "/sign-in/second"


def test_an_invitation_sets_a_password_once(browser: NewBrowser, board: Board) -> None:
    code = board.accounts.open("admin", "author")
    form = {"person": "author", "code": code, "new": "another long sentence", "again": "another long sentence"}
    visitor = browser()
    wrong = {**form, "code": "wrong"}
    assert visitor.fill_in("/invitation", wrong, "/invitation").status_code == 403
    assert visitor.fill_in("/invitation", {**form, "new": "short", "again": "short"}, "/invitation").status_code == 422
    assert visitor.fill_in("/invitation", form, "/invitation").status_code == 303
    assert visitor.fill_in("/invitation", form, "/invitation").status_code == 403
    assert browser().sign_in("author").last.status_code == 401
    assert browser().sign_in("author", "another long sentence").last.status_code == 303


def test_a_changed_password_ends_every_session(browser: NewBrowser) -> None:
    one, two = browser("member1"), browser("member1")
    form = {"old": PASSWORD, "new": "another long sentence", "again": "another long sentence"}
    assert one.fill_in("/me/password", {**form, "old": "wrong"}).status_code == 422
    assert one.fill_in("/me/password", form).status_code == 303
    assert two.get("/queue").status_code == 303


@pytest.mark.parametrize(
    ("password", "key"),
    [
        ("short", "error.weak.length"),
        ("x" * 201, "error.weak.length"),
        ("aaaaaaaaaaaaaaaa", "error.weak.common"),
        ("the secretary's own", "error.weak.common"),
        ("password12345", "error.weak.common"),
        ("네 개의 낱말로 된 문장", None),
    ],
)
def test_weak_passwords_are_named(password: str, key: str | None) -> None:
    assert weak(password, "secretary") == key


def test_passwords_are_kept_as_argon2id_and_compare() -> None:
    kept = hashed("a long sentence")
    assert kept.startswith("$argon2id$")
    assert matches(kept, "a long sentence")
    assert not matches(kept, "another")
    assert not matches(None, "nobody's password")


def test_every_answer_carries_the_headers_and_no_page_has_anything_inline(browser: NewBrowser) -> None:
    visitor = browser("secretary")
    for path in ("/queue", "/cases/case-review", "/statistics", "/nothing", "/static/portal.css", "/api/v1/queue"):
        answer = visitor.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in policy
        if not path.startswith("/static"):
            assert answer.headers["cache-control"] == "no-store"
        assert " style=" not in answer.text
        assert " onclick=" not in answer.text
    assert "httponly" in visitor.last.headers["set-cookie"].lower()
    assert "samesite=lax" in visitor.last.headers["set-cookie"].lower()


def test_cookies_are_for_https_only_where_browsers_come_by_https(board: Board) -> None:
    secure = create_app(settings(), board)
    object.__setattr__(secure.state.portal.settings, "address", "https://drb.example.kr")
    answer = Browser(secure, base_url="https://testserver", follow_redirects=False).sign_in("secretary").last
    assert "secure" in answer.headers["set-cookie"].lower()


def test_a_body_that_is_too_large_is_refused_before_it_is_read(browser: NewBrowser) -> None:
    assert browser("secretary").post("/cases/case-sent/screen", content=b"x" * 1_000_001).status_code == 413


def test_a_body_without_a_length_is_cut_where_it_becomes_too_large(browser: NewBrowser) -> None:
    def endless() -> Iterator[bytes]:
        yield from (b"x" * 100_000 for _ in range(30))

    answer = browser("secretary").post(
        "/cases/case-sent/screen", content=endless(), headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/cases/%00", "/cases?words=%00", "/audit?object=%00", "/api/v1/cases/%00"])
def test_a_zero_byte_is_no_address(browser: NewBrowser, path: str) -> None:
    assert browser("auditor").get(path).status_code == 400


def test_limits_refill_with_time_and_forget_the_oldest() -> None:
    limits = Limits(2, 10, most=2)
    assert [limits.take("a", 0.0) for _ in range(3)] == [True, True, False]
    assert limits.take("a", 5.0)
    assert not limits.take("a", 5.1)
    assert limits.take("b", 5.1)
    assert limits.take("c", 5.1)
    assert set(limits.buckets) == {"b", "c"}


def test_the_eleventh_try_a_minute_is_too_often(board: Board) -> None:
    app = create_app(settings(limits=True), board)
    object.__setattr__(app.state.portal, "tries", Limits(10, 1e9))  # a minute that does not end while the test runs
    visitor = Browser(app, follow_redirects=False)
    statuses = [visitor.sign_in("nobody", "wrong").last.status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_the_language_switch_leads_back_to_our_own_pages_only(browser: NewBrowser, back: str) -> None:
    visitor = browser("secretary")
    assert visitor.get("/language/en", params={"back": back}).headers["location"] == "/"
    assert visitor.get("/language/en", params={"back": "/cases?page=2"}).headers["location"] == "/cases?page=2"
    assert '<html lang="en">' in visitor.get("/queue").text
