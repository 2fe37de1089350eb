"""naru board account | mail: how people sign in to the portal, and what they are told."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cdm.errors import BadInput
from flows.cli import show

if TYPE_CHECKING:
    from portal.post.send import Server

app = typer.Typer(no_args_is_help=True, help="Accounts of the portal; the portal's administrators open them too.")


@app.command("open", epilog="Example: naru board account open secretary_lee --email lee@example.kr")
def open_(
    person: Annotated[str, typer.Argument(metavar="PERSON")],
    email: Annotated[str | None, typer.Option("--email", help="Where notices go.")] = None,
    subject: Annotated[
        str | None, typer.Option("--oidc", help="'ISSUER|SUBJECT' at the OpenID provider, for single sign-on.")
    ] = None,
) -> None:
    """Open or renew a person's account: prints a code that sets their password at /invitation, once, within three days."""
    from drb import open_board
    from flows.home import home

    with open_board(home().make().board_url) as board:
        code = board.accounts.open("system", person, email=email, oidc_id=subject)
    show.text(code)


def mail(
    digest: Annotated[
        bool, typer.Option("--digest", help="The morning's digest with reminders; else what is told at once.")
    ] = False,
) -> None:
    """Send what waits in the outbox by SMTP. Run it every few minutes, and with --digest each morning.

    Reads NARU_SMTP (smtp://user@host:port or smtps://...), NARU_SMTP_PASSWORD_FILE, NARU_SMTP_FROM, NARU_PORTAL_ADDRESS.
    """
    from drb import open_board
    from flows.home import home
    from portal.post.send import deliver

    with open_board(home().make().board_url) as board:
        if digest:
            board.grants.due()
        reminders = board.outbox.remind() if digest else 0
        sent, failed = deliver(board, _server(), os.environ.get("NARU_PORTAL_ADDRESS", ""), digest=digest)
    show.text(f"{sent} letters sent, {failed} refused by the server, {reminders} reminders written")


def _server() -> Server:
    from flows.cli.portal import secret_of
    from portal.post.send import server_of

    address, sender = os.environ.get("NARU_SMTP"), os.environ.get("NARU_SMTP_FROM")
    if not address or not sender:
        raise BadInput("say where mail goes: NARU_SMTP=smtp://user@host:587 and NARU_SMTP_FROM=drb@example.kr")
    file = os.environ.get("NARU_SMTP_PASSWORD_FILE")
    return server_of(address, sender, secret_of(Path(file)) if file else None)
