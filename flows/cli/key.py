"""naru key: a recipient's own keys, and whose signatures are trusted."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli import show
from flows.cli.options import Actor, Json, acting, pairs

app = typer.Typer(
    no_args_is_help=True,
    help="열쇠: the keys that releases are sealed to and destruction is certified with; whose signatures are trusted.",
)


@app.command("new")
def new(as_json: Json = False) -> None:
    """Make your keys: one that opens what is sealed to you (age), one that signs (Ed25519). They stay here, mode 0600.

    They stand under NARU_KEYS, by default NARU_HOME/keys/recipient. Example: naru key new
    """
    from flows import keys
    from flows.home import home

    _tell(keys.new_recipient(home().make()), as_json)


@app.command("show")
def show_(as_json: Json = False) -> None:
    """Your public keys, to be registered; and those that you trust. Example: naru key show"""
    from flows import keys
    from flows.home import home

    _tell(keys.recipient(home()), as_json)


@app.command("register", epilog="Example: naru key register --as haneul_kim")
def register(actor: Actor = None, as_json: Json = False) -> None:
    """Register your public keys at the board (startup user); what is released from then on is sealed to them."""
    from drb import open_board
    from flows import keys
    from flows.home import home

    place = home().make()
    mine = keys.recipient(place)
    with open_board(place.board_url) as board:
        view = board.keys.register(acting(actor), mine.identity.public, mine.signing.public)
    if as_json:
        show.as_json(view.to_json())
    else:
        show.text(f"{view.person}: {view.age}; signs with {view.signing}; since {view.since}")


@app.command("trust", epilog="Example: naru key trust board=3f..9a hospital-gibleed=77..01")
def trust(
    key: Annotated[
        list[str], typer.Argument(metavar="NAME=KEY", help="board=KEY or hospital-SITE=KEY, as they told you.")
    ],
) -> None:
    """Trust signatures by these public keys (ask the hospital and the board for them by telephone, not by the store)."""
    from flows import keys
    from flows.home import home

    place = home().make()
    for name, public in pairs(key, "NAME=KEY").items():
        changed = keys.trust(place, name, public)
        show.text(f"{name}: {'trusted from now on' if changed else 'trusted already'}")


@app.command("signing")
def signing(as_json: Json = False) -> None:
    """The public keys with which this home's board and hospitals sign, to be told to startups. Example: naru key signing"""
    import json

    from flows.home import home

    found = {
        path.stem: json.loads(path.read_bytes())["public"] for path in sorted((home().root / "trust").glob("*.json"))
    }
    if as_json:
        show.as_json(found)
    elif found:
        show.table(("name", "public key"), list(found.items()))
    else:
        show.text("no key signs here yet; the first publication makes them")


def _tell(mine: object, as_json: bool) -> None:
    from flows.keys import Recipient

    assert isinstance(mine, Recipient)
    told = {"age": mine.identity.public, "signing": mine.signing.public}
    if as_json:
        show.as_json(told)
    else:
        show.table(("key", "public"), list(told.items()))
