"""naru board seed-demo: a board with the programme's real yearly volumes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli import show
from flows.cli.options import Json


def seed_demo(
    password_file: Annotated[
        Path | None,
        typer.Option(
            "--password-file", help="Opens accounts for the demo's people with the password in this file's first line."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Seed a fresh board with made-up people and 58, 389, 935, 1,257 and 1,474 cases of 2020 to 2024, and today's work.

    Running it again changes nothing. Nobody on it exists; use it for nothing but looking and measuring.
    """
    from drb import open_board
    from drb.seed import seed
    from flows.cli.portal import secret_of
    from flows.demo.evidence import lay_demo_evidence
    from flows.demo.topics import TOPICS
    from flows.home import home

    password = secret_of(password_file) if password_file is not None else None
    with open_board(home().make().board_url) as board:
        told = seed(board, TOPICS)
        lay_demo_evidence(board)
        people = open_accounts(board, password) if password is not None else []
    if as_json:
        show.as_json({**vars(told), "accounts": people})
        return
    kept = "stood already" if told.before else "written"
    show.text(
        f"{told.cases:,} cases, {told.releases:,} releases, {told.people:,} people, {told.events:,} events: {kept}"
    )
    if people:
        show.text(f"these sign in with the password of {password_file}: {', '.join(people)}")
        show.text("look at it with: naru portal --second-factor optional")


def open_accounts(board: object, password: str) -> list[str]:
    """Give the demo's people one password. Raises BadInput for one that is too weak."""
    from cdm.errors import BadInput
    from drb import Board
    from drb.seed import cast
    from portal.sign_in.passwords import hashed, weak
    from portal.words import say

    if not isinstance(board, Board):
        raise TypeError(board)
    people = [cast.SECRETARY, cast.SECRETARIES[1], cast.CHAIR, *cast.MEMBERS[:3], cast.ADMIN, "admin_choi"]
    people += [cast.COORDINATOR, cast.AUDITOR, "data_01", "author_01", "officer_01", "startup_01"]
    lacks = weak(password, cast.SECRETARY)
    if lacks:
        raise BadInput(f"--password-file: {say('en', lacks)}")
    made = hashed(password)
    for person in people:
        code = board.accounts.open("system", person, email=f"{person.replace('_', '.')}@example.org")
        board.accounts.accept(person, code, made)
    return people
