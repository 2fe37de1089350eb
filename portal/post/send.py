"""Hand letters to a mail server; a notice is marked as sent once the server took its letter, and not before."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from drb import Board
from drb.errors import BadInput
from portal.post.letters import letters

SECONDS = 20.0


@dataclass(frozen=True)
class Server:
    """A mail server. tls: from the first byte on; otherwise it is asked for where it is offered."""

    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = None
    tls: bool = False


def server_of(address: str, sender: str, password: str | None) -> Server:
    """Read smtp://user@host:port or smtps://... Raises BadInput."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.password:
        raise BadInput("the mail server is written smtp://user@host:port or smtps://...; its password comes as a file")
    secure = parts.scheme == "smtps"
    return Server(parts.hostname, port or (465 if secure else 587), sender, parts.username, password, secure)


def deliver(board: Board, server: Server, address: str, *, digest: bool) -> tuple[int, int]:
    """Send what waits; give how many letters were taken and how many refused. Raises BadInput when there is no server.

    A digest tells what waits for the morning; otherwise what is told at once. A letter that was taken and could not be
    marked is sent again: twice is better than never.
    """
    posts = board.outbox.due(at_once=not digest)
    if not posts:
        return 0, 0
    sent = failed = 0
    with _connected(server) as smtp:
        for post in posts:
            for letter in letters(post, server.sender, address, digest=digest):
                try:
                    smtp.send_message(letter.message)
                except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPSenderRefused):
                    failed += 1
                    continue
                board.outbox.sent(letter.notices)
                sent += 1
    return sent, failed


@contextmanager
def _connected(server: Server) -> Iterator[smtplib.SMTP]:
    kind = smtplib.SMTP_SSL if server.tls else smtplib.SMTP
    try:
        with kind(server.host, server.port, timeout=SECONDS) as smtp:
            if not server.tls and smtp.has_extn("starttls"):
                smtp.starttls()
            if server.user and server.password:
                if not server.tls and not isinstance(smtp.sock, ssl.SSLSocket):
                    raise BadInput("the mail server offers no encryption; the password is not sent to it in the clear")
                smtp.login(server.user, server.password)
            yield smtp
    except smtplib.SMTPAuthenticationError:
        raise BadInput("the mail server refuses the user or password") from None
    except (OSError, smtplib.SMTPException) as error:
        raise BadInput(
            f"the mail server {server.host}:{server.port} does not answer ({type(error).__name__}); nothing is lost, try again"
        ) from None
