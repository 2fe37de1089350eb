"""What a startup does with its keys in the portal: registers them, fetches what is sealed to them, signs what it destroyed."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from pyrage import x25519

from drb import Board
from drb.columns import canonical
from drb.destruction import statement
from drb.states import GrantState
from drb.views import ReleaseView
from extract import sign
from flows.cli.portal import fetched_from
from flows.home import Home
from flows.recall import of_portal
from portal.app import create_app
from tests.drb.cast import RELEASE, V1, V2
from tests.portal.conftest import OF_ROLE, STRANGERS, Browser, settings, visitor

NEXT, GRANT = f"{RELEASE}-next", "g-00001"
SIGNING = Ed25519PrivateKey.generate()
PUBLIC = SIGNING.public_key().public_bytes_raw().hex()
CERTIFY = f"/grants/{GRANT}/certify_destruction"


def age() -> str:
    return str(x25519.Identity.generate().to_public())


def register(browser: Browser, age_key: str, signing: str = PUBLIC, typed: str = "applicant"):
    return browser.post("/keys", data={"_csrf": browser.csrf, "age": age_key, "signing": signing, "typed": typed})


def certificate(key: Ed25519PrivateKey = SIGNING, release: str = RELEASE, digest: str = V1) -> bytes:
    said = statement(release, digest, "applicant", date(2026, 3, 2), 40)
    return json.dumps({"statement": said, "signature": key.sign(canonical(said).encode()).hex()}).encode()


def hand_in(browser: Browser, document: bytes, typed: str = GRANT):
    """As a browser sends the form with a chosen file."""
    sent = {"signed": ("gi_bleed.destroyed.json", document, "application/json")}
    return browser.post(CERTIFY, data={"_csrf": browser.csrf, "words": "", "typed": typed}, files=sent)


@pytest.fixture
def due(board: Board) -> Board:
    """A board on which the applicant registered keys and the use was ended."""
    board.keys.register("applicant", age(), PUBLIC)
    board.grants.revoke("secretary", GRANT, "이용 종료")
    return board


def written(board: Board) -> list[object]:
    return [event for event in board.events("system") if not event.action.startswith("refused:")]


def test_a_startup_registers_its_keys_and_others_in_their_place(app: FastAPI, board: Board) -> None:
    browser = visitor(app, board, "applicant")
    assert "등록한 키가 없습니다" in browser.get("/keys").text
    first, second = age(), age()
    assert register(browser, f" {first}\n", PUBLIC.upper()).headers["location"] == "/keys?done=keys.register"
    page = browser.get("/keys?done=keys.register").text
    for words in (first, PUBLIC, "키를 등록했습니다", "키 교체", "2026-03-02 21:3"):
        assert words in page
    assert register(browser, second, typed="colleague").status_code == 422
    assert board.keys.of(["applicant"])["applicant"].age == first
    assert register(browser, second).status_code == 303
    assert second in browser.get("/keys").text
    assert first not in browser.get("/keys").text
    assert [e.action for e in board.events("system", "keys:applicant")] == ["register_key", "register_key"]
    assert board.verify().ok


def test_keys_are_shown_and_asked_of_startups_only(app: FastAPI, board: Board) -> None:
    board.keys.register("applicant", mine := age(), PUBLIC)
    for person in ("colleague", "secretary", "chair", "auditor"):
        assert mine not in visitor(app, board, person).get("/keys").text
    browser = visitor(app, board, "secretary")
    assert 'action="/keys"' not in browser.get("/keys").text
    assert register(browser, age(), typed="secretary").status_code == 403
    assert not board.keys.of(["secretary"])
    assert board.events("system")[-1].action == "refused:read"


@pytest.mark.parametrize(
    ("age_key", "signing", "korean", "english"),
    [
        ("age1x", PUBLIC, "age1로 시작하는 62자", "an age public key is expected"),
        ("age1" + "q" * 58, PUBLIC, "age1로 시작하는 62자", "an age public key is expected"),  # its checksum is wrong
        (PUBLIC, age(), "age1로 시작하는 62자", "an age public key is expected"),
        (age(), "beef", "16진수 64자리", "an Ed25519 public key is expected"),
    ],
    ids=["too short", "wrong checksum", "in each other's place", "signing key too short"],
)
def test_a_wrong_key_is_told_in_one_sentence(
    app: FastAPI, board: Board, age_key: str, signing: str, korean: str, english: str
) -> None:
    browser = visitor(app, board, "applicant")
    for lang, words in (("ko", korean), ("en", english)):
        browser.get(f"/language/{lang}")
        answer = register(browser, age_key, signing)
        assert (answer.status_code, words in answer.text) == (422, True)
    assert not board.keys.of(["applicant"])


def test_a_pasted_secret_key_is_refused_and_stands_nowhere(
    app: FastAPI, board: Board, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    identity = str(x25519.Identity.generate())
    sign.create(tmp_path / "signing.key")
    pem = (tmp_path / "signing.key").read_text(encoding="ascii")
    browser = visitor(app, board, "applicant")
    for pair in ((identity, PUBLIC), (identity.lower(), PUBLIC), (age(), identity), (age(), pem), (pem, PUBLIC)):
        for typed in ("applicant", "wrong"):
            answer = register(browser, *pair, typed=typed)
            assert answer.status_code == 422
            assert ("개인키는 어디에도 보내면 안 됩니다" in answer.text) is (typed == "applicant")
            for secret in (identity, identity.lower(), pem.splitlines()[1]):
                assert secret not in answer.text
    board.engine.dispose()
    everything = caplog.text.encode() + b"".join(path.read_bytes() for path in tmp_path.glob("board.sqlite*"))
    for secret in (identity, identity.lower(), pem.splitlines()[1], pem.splitlines()[1].lower()):
        assert secret.encode() not in everything


@pytest.mark.parametrize("pasted", [False, True])
def test_a_signed_certificate_certifies_and_the_secretary_confirms(app: FastAPI, due: Board, pasted: bool) -> None:
    browser = visitor(app, due, "applicant")
    assert 'type="file" name="signed"' in browser.get(f"/grants/{GRANT}").text
    assert hand_in(browser, certificate(), typed="g-1").status_code == 422
    if pasted:
        form = {"_csrf": browser.csrf, "words": certificate().decode(), "typed": GRANT}
        answer = browser.post(CERTIFY, data=form)
    else:
        answer = hand_in(browser, certificate())
    assert answer.headers["location"] == f"/grants/{GRANT}?done=grant.certify_destruction"
    assert due.events("system", f"grant:{GRANT}")[-1].action == "certify_destruction"
    secretary = visitor(app, due, "secretary")
    page = secretary.get(f"/grants/{GRANT}").text
    assert "2026-03-02에 파일 40개를 파기했다고 서명했습니다" in page
    assert PUBLIC in page
    form = {"_csrf": secretary.csrf, "typed": GRANT}
    assert secretary.post(f"/grants/{GRANT}/confirm_destroyed", data=form).status_code == 303
    assert due.grants.get("system", GRANT).state is GrantState.DESTROYED
    assert due.verify().ok


def test_a_certificate_that_does_not_hold_is_refused_and_nothing_is_recorded(app: FastAPI, due: Board) -> None:
    browser, before = visitor(app, due, "applicant"), written(due)
    wrong = {
        "이 이용권의 것이 아닙니다": [certificate(release=NEXT), certificate(digest=V2)],
        "등록된 공개키와 맞지 않습니다": [
            certificate(Ed25519PrivateKey.generate()),
            certificate().replace(b'"files": 40', b'"files": 4'),
        ],
        "naru destroy가 만든 파기 확인서가 아닙니다": [b"[]", b"\xff\xfe", b'{"statement": 1}', b"x" * 20_000],
    }
    for sentence, documents in wrong.items():
        for document in documents:
            answer = hand_in(browser, document)
            assert (answer.status_code, sentence in answer.text) == (422, True), (sentence, document[:60])
    pasted = {"_csrf": browser.csrf, "words": certificate(release=NEXT).decode(), "typed": GRANT}
    assert browser.post(CERTIFY, data=pasted).status_code == 422
    empty = hand_in(browser, b"")
    assert (empty.status_code, "확인서를 고르거나 붙여 넣으십시오" in empty.text) == (422, True)
    assert hand_in(browser, b"x" * 20_001).status_code == 413
    assert written(due) == before
    assert due.grants.certificate("secretary", GRANT) is None


def test_what_was_certified_in_words_is_never_shown_as_signed(app: FastAPI, due: Board) -> None:
    browser = visitor(app, due, "applicant")
    assert "서명 없이 글로 제출했습니다" not in browser.get(f"/grants/{GRANT}").text
    form = {"_csrf": browser.csrf, "words": "모든 사본을 삭제함", "typed": GRANT}
    assert browser.post(CERTIFY, data=form).status_code == 303
    for words in ("모든 사본을 삭제함", certificate(Ed25519PrivateKey.generate()).decode()):
        due.grants.certify_destruction("applicant", GRANT, words)  # as a command line can: nobody held a signature
        page = visitor(app, due, "secretary").get(f"/grants/{GRANT}").text
        assert "서명 없이 글로 제출했습니다" in page
        assert words.replace('"', "&#34;") in page
    assert due.verify().ok


def test_nobody_but_the_grantee_certifies_however_right_the_certificate_is(app: FastAPI, due: Board) -> None:
    before = written(due)
    others = {*OF_ROLE.values(), *(name for name, _, _ in STRANGERS), "colleague", "rival"} - {"applicant"}
    for person in sorted(others):
        browser = visitor(app, due, person)
        for document in (certificate(), b"{}"):
            assert hand_in(browser, document).status_code in {403, 409}, person
    assert written(due) == before
    stranger = visitor(app, due, "applicant")
    stranger.csrf = "0" * 64
    assert hand_in(stranger, certificate()).status_code == 403


def test_a_file_comes_with_a_certificate_and_with_nothing_else(app: FastAPI, due: Board) -> None:
    browser = visitor(app, due, "applicant")
    file = {"age": ("key", age().encode())}
    assert browser.post("/keys", data={"_csrf": browser.csrf, "typed": "applicant"}, files=file).status_code == 400
    two = [("signed", ("a", certificate())), ("signed", ("b", certificate()))]
    assert browser.post(CERTIFY, data={"_csrf": browser.csrf, "typed": GRANT}, files=two).status_code == 400


def test_the_address_of_the_sealed_release_is_told_to_whom_it_is_sealed(board: Board) -> None:
    address = "s3://releases/naru"
    told = f"naru pull {RELEASE} --from {address} --to data/{RELEASE}"
    app, silent = create_app(settings(delivery=address), board), create_app(settings(), board)
    pages = (f"/grants/{GRANT}", f"/releases/{RELEASE}")
    browser = visitor(app, board, "applicant")
    for page in pages:
        text = browser.get(page).text
        assert told not in text
        assert "등록한 키가 없어 봉인본을 받을 수 없습니다" in text
    board.keys.register("applicant", age(), PUBLIC)
    for page in pages:
        assert told in browser.get(page).text
        unknown = visitor(silent, board, "applicant").get(page).text
        assert "주소는 병원에 물으십시오" in unknown
        assert address not in visitor(app, board, "secretary").get(page).text
        assert address not in visitor(app, board, "colleague").get(page).text
    board.grants.revoke("secretary", GRANT, "이용 종료")
    for page in pages:
        assert address not in browser.get(page).text


@pytest.mark.parametrize(
    ("delivery", "told"),
    [
        ("s3://releases/naru", True),
        ("https://store.example.kr/naru", True),
        ("/srv/naru/delivery", False),
        ("file:///srv/naru/delivery", False),
        ("https://user:secret@store.example.kr/naru", False),
    ],
)
def test_a_folder_of_this_machine_is_told_to_nobody(delivery: str, told: bool) -> None:
    assert fetched_from(delivery) == (delivery if told else None)


def recall(app: FastAPI, board: Board, person: str = "chair"):
    browser = visitor(app, board, person)
    number = board.releases.get("system", RELEASE).case_number
    form = {"_csrf": browser.csrf, "words": "재식별 위험", "typed": number}
    answer = browser.post(f"/releases/{RELEASE}/recall", data=form)
    return answer, browser.get(f"/releases/{RELEASE}?done=release.recall").text


def test_a_recall_stops_downloads_at_once_and_says_when_the_stores_are_emptied(app: FastAPI, board: Board) -> None:
    answer, page = recall(app, board)
    assert answer.status_code == 303
    assert "내려받기가 바로 멈췄습니다" in page
    assert "다음 정기 실행(naru recalls)이 비웁니다" in page
    browser = visitor(app, board, "applicant")
    assert browser.post(f"/releases/{RELEASE}/download", data={"_csrf": browser.csrf}).status_code in {403, 409}


@pytest.mark.parametrize("by_token", [False, True])
def test_a_recall_goes_on_to_the_stores_once_and_a_refused_one_does_not(board: Board, by_token: bool) -> None:
    emptied: list[ReleaseView] = []
    app = create_app(settings(empty_stores=emptied.append), board)
    assert recall(app, board, "member1")[0].status_code == 403
    assert emptied == []
    if by_token:
        call = Browser(app, headers={"authorization": f"Bearer {board.sessions.issue('chair', 'x', ['act'], 1)}"})
        address = f"/api/v1/releases/{RELEASE}/recall"
        assert call.post(address, json={"words": "재식별 위험"}).json()["state"] == "RECALLED"
    else:
        assert "지금 비우고 있으며" in recall(app, board)[1]
    assert [(view.name, view.state.value) for view in emptied] == [(RELEASE, "RECALLED")]


def test_the_portal_of_a_publishing_home_empties_the_stores_and_another_one_cannot(
    board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("NARU_STORE", raising=False)
    home = Home(tmp_path / "home")
    assert of_portal(home) is None
    home.board_key.parent.mkdir(parents=True)
    sign.create(home.board_key)
    (home.store / RELEASE).mkdir(parents=True)
    (home.store / RELEASE / "MANIFEST.json").write_bytes(b"{}")
    app = create_app(settings(empty_stores=of_portal(home), store=home.store), board)
    monkeypatch.setenv("NARU_STORE", "ftp://nowhere")
    view = replace(board.releases.get("system", RELEASE))
    empty = of_portal(home)
    assert empty is not None
    empty(view)  # a store that cannot be had: told in the log, raised to nobody
    assert "naru recalls goes on" in caplog.text
    assert not (home.store / RELEASE).exists()  # what can be emptied is, whatever fails after it
    monkeypatch.delenv("NARU_STORE")
    assert recall(app, board)[0].status_code == 303
    assert not (home.store / RELEASE).exists()
    notice = next((home.root / "delivery").rglob("*.json")).read_text(encoding="utf-8")
    assert json.loads(notice)["notice"]["release"] == RELEASE
