"""naru ledger: is the board's history what it was?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cdm.errors import BadInput
from flows.cli import show
from flows.cli.codes import Found
from flows.cli.options import Json

if TYPE_CHECKING:
    from drb.roots import Root
    from flows.home import Home

app = typer.Typer(no_args_is_help=True, help="The board's hash-chained ledger.")


@app.command("root", epilog="Example: naru ledger root --out /mnt/witness/2026-11-26.json")
def root(
    out: Annotated[Path | None, typer.Option("--out", help="Where to export it, for a witness outside.")] = None,
    as_json: Json = False,
) -> None:
    """Sign today's root of the ledger with the board's key; run it once a day, and keep the file elsewhere."""
    from drb import open_board
    from flows.home import home
    from flows.keys import board_key

    place = home().make()
    key = board_key(place)
    with open_board(place.board_url) as board:
        made = board.roots.close_day(key.sign)
    text = json.dumps(made.to_json(), ensure_ascii=False, sort_keys=True)
    if out is not None:
        try:
            out.write_text(text, encoding="utf-8")
        except OSError as error:
            raise BadInput(f"--out {out}: cannot be written ({error.strerror})") from None
    if as_json:
        show.as_json(made.to_json())
    else:
        show.text(f"{made.day}: {made.events:,} events, root {made.root}")


@app.command("verify", epilog="Example: naru ledger verify --root /mnt/witness/2026-11-26.json")
def verify(
    roots: Annotated[
        list[Path] | None, typer.Option("--root", help="An exported root to compare with; several.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Verify every event and every row that events attest. Ends with 1 and names the first bad event.

    Only an exported root shows that a chain was cut short or written anew from its beginning.
    """
    from dataclasses import replace

    from drb import open_board
    from flows.home import home

    place = home().make()
    file = place.board_url.removeprefix("sqlite:///")
    if file != place.board_url and not Path(file).is_file():
        raise BadInput(f"{file}: there is no board here to verify; check NARU_HOME and NARU_BOARD_URL")
    with open_board(place.board_url) as board:
        report = board.verify()
        witnesses = [_root(path) for path in roots or ()]
        if report.ok and witnesses:
            bad = board.roots.against(witnesses, _signed_by_board(place))
            report = replace(report, ok=bad is None, first_bad=bad, roots=len(witnesses))
    if as_json:
        show.as_json(report.to_json())
    elif report.ok:
        against = f", against {report.roots} exported roots" if report.roots else ""
        show.text(f"{report.events:,} events verify{against}; head {report.head}")
    else:
        bad = report.first_bad
        show.text(
            f"first bad event: seq {bad.seq} of {bad.object}: {bad.what}" if bad else "the ledger does not verify"
        )
    if not report.ok:
        raise Found


def _root(path: Path) -> Root:
    from drb.roots import read_root

    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise BadInput(
            f"--root {path}: this file cannot be read as JSON; give one that `naru ledger root` wrote"
        ) from None
    return read_root(content if isinstance(content, dict) else {})


def _signed_by_board(home: Home) -> Callable[[bytes, str], bool]:
    """Check a signature against the board's public key."""
    from extract.sign import verify as right
    from flows.keys import board_key

    public = board_key(home).public
    return lambda message, signature: right(public, message, signature)
