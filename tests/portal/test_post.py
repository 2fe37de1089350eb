"""Notices as letters, through a real SMTP server on loopback: what is told, to whom, once, and nothing that is sensitive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller

from drb import Board
from drb.errors import BadInput
from portal.post.send import Server, deliver, server_of
from tests.drb.cast import CASE, RELEASE
from tests.portal.test_oidc import free_port

ADDRESS = "https://drb.example.kr"


class Mailbox:
    """Keeps what was delivered; refuses those whom it is told to."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.refusing: set[str] = set()

    async def handle_RCPT(self, server, session, envelope, address, options):  # type: ignore[no-untyped-def]  # noqa: N802
        if address in self.refusing:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # type: ignore[no-untyped-def]  # noqa: N802
        self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, Server]]:
    box, port = Mailbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, Server("127.0.0.1", port, "drb@example.kr")
    controller.stop()


def test_what_is_told_at_once_and_what_waits_for_the_morning(board: Board, mailbox: tuple[Mailbox, Server]) -> None:
    box, server = mailbox
    sent, failed = deliver(board, server, ADDRESS, digest=False)
    assert (sent, failed) == (len(box.letters), 0)
    subjects = {(letter["To"], letter["Subject"]) for letter in box.letters}
    number = board.cases.get("system", CASE).number
    assert ("applicant@example.org", f"[나루] 승인 결정 확인 - 심의 건 {number}") in subjects
    assert deliver(board, server, ADDRESS, digest=False) == (0, 0)
    box.letters.clear()
    deliver(board, server, ADDRESS, digest=True)
    of_secretary = [letter for letter in box.letters if letter["To"] == "secretary@example.org"]
    assert [letter["Subject"] for letter in of_secretary] == ["[나루] 오늘의 업무 알림"]
    assert f"{ADDRESS}/cases/case-sent" in of_secretary[0].get_content()
    assert deliver(board, server, ADDRESS, digest=True) == (0, 0)


def test_a_letter_holds_case_study_organisation_action_and_link_and_nothing_else(
    board: Board, mailbox: tuple[Mailbox, Server]
) -> None:
    box, server = mailbox
    board.releases.recall("chair", RELEASE, "홍길동 환자가 재식별됨")
    deliver(board, server, ADDRESS, digest=False)
    letter = next(one for one in box.letters if one["To"] == "applicant@example.org" and "회수" in one["Subject"])
    text = letter.get_content()
    for words in ("deterioration", "스타트업", f"{ADDRESS}/", "회수: 이용을 멈추고 사본을 파기하십시오"):
        assert words in text
    everything = "".join(one.get_content() + one["Subject"] for one in box.letters)
    for secret in ("홍길동", "재식별", "이름 ", "중환자 악화 예측", "조기 예측 모델"):
        assert secret not in everything


def test_a_person_who_reads_english_is_written_to_in_english(board: Board, mailbox: tuple[Mailbox, Server]) -> None:
    box, server = mailbox
    board.accounts.set_lang("applicant", "en")
    deliver(board, server, ADDRESS, digest=False)
    letter = next(one for one in box.letters if one["To"] == "applicant@example.org")
    assert letter["Content-Language"] == "en"
    assert letter["Subject"].startswith("[Naru]")


def test_a_refused_letter_stays_in_the_outbox_and_the_others_go(board: Board, mailbox: tuple[Mailbox, Server]) -> None:
    box, server = mailbox
    box.refusing.add("applicant@example.org")
    sent, failed = deliver(board, server, ADDRESS, digest=True)
    assert failed == 1
    assert sent == len(box.letters) > 0
    box.refusing.clear()
    assert deliver(board, server, ADDRESS, digest=True) == (1, 0)


def test_reminders_come_thirty_seven_and_one_day_before_the_end_once(
    board: Board, mailbox: tuple[Mailbox, Server]
) -> None:
    box, server = mailbox
    deliver(board, server, ADDRESS, digest=True)
    box.letters.clear()
    board.releases.recall("chair", RELEASE, "사유")
    written = []
    for _ in range(31):
        written.append(board.outbox.remind() + board.outbox.remind())
        board.clock.now += timedelta(days=1)  # type: ignore[attr-defined]
    assert [day for day, count in enumerate(written) if count] == [0, 23, 29]
    deliver(board, server, ADDRESS, digest=True)
    told = next(one for one in box.letters if one["To"] == "applicant@example.org").get_content()
    assert told.count("사본을 파기하고 확인서를 제출하십시오") == 3
    assert "기한: 2026-04-01" in told


def test_a_server_that_is_away_loses_nothing(board: Board, mailbox: tuple[Mailbox, Server]) -> None:
    box, server = mailbox
    with pytest.raises(BadInput, match="does not answer"):
        deliver(board, Server("127.0.0.1", free_port(), "drb@example.kr"), ADDRESS, digest=False)
    sent, _ = deliver(board, server, ADDRESS, digest=False)
    assert sent == len(box.letters) > 0


@pytest.mark.parametrize("address", ["http://x", "smtp://", "smtp://user:secret@host", "smtp://host:port"])
def test_an_address_of_no_mail_server_is_told_without_its_password(address: str) -> None:
    with pytest.raises(BadInput, match="smtp://user@host:port") as told:
        server_of(address, "drb@example.kr", None)
    assert "secret" not in str(told.value)


def test_a_password_is_never_sent_in_the_clear(board: Board, mailbox: tuple[Mailbox, Server]) -> None:
    _, server = mailbox
    given = Server(server.host, server.port, server.sender, "user", "secret")
    with pytest.raises(BadInput, match="no encryption"):
        deliver(board, given, ADDRESS, digest=False)
