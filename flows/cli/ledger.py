"""naru ledger: is the board's history what it was?"""

from __future__ import annotations

from pathlib import Path

import typer

from cdm.errors import BadInput
from flows.cli import show
from flows.cli.codes import Found
from flows.cli.options import Json

app = typer.Typer(no_args_is_help=True, help="The board's hash-chained ledger.")


@app.command("verify", epilog="Example: naru ledger verify")
def verify(as_json: Json = False) -> None:
    """Verify every event and every row that events attest. Ends with 1 and names the first bad event."""
    from drb import open_board
    from flows.home import home

    place = home().make()
    file = place.board_url.removeprefix("sqlite:///")
    if file != place.board_url and not Path(file).is_file():
        raise BadInput(f"{file}: there is no board here to verify; check NARU_HOME and NARU_BOARD_URL")
    with open_board(place.board_url) as board:
        report = board.verify()
    if as_json:
        show.as_json(report.to_json())
    elif report.ok:
        show.text(f"{report.events:,} events verify; head {report.head}")
    else:
        bad = report.first_bad
        show.text(
            f"first bad event: seq {bad.seq} of {bad.object}: {bad.what}" if bad else "the ledger does not verify"
        )
    if not report.ok:
        raise Found
