"""naru board: what the portal does, for scripts. Every call says who acts; every refusal is recorded."""

from __future__ import annotations

import typer

from flows.cli import board_accounts, board_cases, board_people, board_releases, board_seed, show
from flows.cli.options import Actor, Json, acting

app = typer.Typer(no_args_is_help=True, help="The data review board: people, cases, releases, grants.")
app.add_typer(board_people.organisations, name="organisation")
app.add_typer(board_people.people, name="person")
app.add_typer(board_cases.app, name="case")
app.add_typer(board_releases.app, name="release")
app.add_typer(board_releases.grants, name="grant")
app.add_typer(board_accounts.app, name="account")
app.command("seed-demo", epilog="Example: NARU_HOME=/tmp/naru-demo naru board seed-demo --password-file pw.txt")(
    board_seed.seed_demo
)
app.command("mail", epilog="Example: naru board mail --digest")(board_accounts.mail)


@app.command("queue", epilog="Example: naru board queue --as secretary")
def queue(actor: Actor = None, as_json: Json = False) -> None:
    """What waits for a person, longest first."""
    from drb import open_board
    from flows.home import home

    with open_board(home().make().board_url) as board:
        waiting = board.queue(acting(actor))
    if as_json:
        show.as_json([w.to_json() for w in waiting])
    elif waiting:
        rows = [
            (w.object, w.title, w.state.ko, w.state.en, ", ".join(w.actions), w.since.date().isoformat())
            for w in waiting
        ]
        show.table(("object", "title", "상태", "state", "actions", "since"), rows)
    else:
        show.text("nothing waits for you")
