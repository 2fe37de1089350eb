"""naru deliver | recalls | destroy: a sealed release on its way out, and the end of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli import show
from flows.cli.options import Actor, Json, acting

ReleaseName = Annotated[str, typer.Argument(metavar="RELEASE", help="A release's name.")]


def deliver(release: ReleaseName, as_json: Json = False) -> None:
    """Seal a published release to its grantees' keys and upload it; publishing does it, this does it again.

    For who registered a key later, or where an upload broke off: what lies there whole is not sent again. The address
    is NARU_STORE: a folder or s3://BUCKET/PREFIX (credentials: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL).

    Example: NARU_STORE=s3://releases/naru naru deliver gi_bleed-gibleed-haneul-1.0.0
    """
    from drb import open_board
    from flows.deliver import seal_and_send
    from flows.home import home

    place = home().make()
    with open_board(place.board_url) as board, show.steps(as_json):
        told = seal_and_send(place, board, release)
    if as_json:
        show.as_json(told)
        return
    show.text(
        f"{release}: {told['objects']:,} objects, {told['bytes']:,} bytes sealed to {', '.join(told['to'])}; {told['address']}"
    )
    for person in told["without_key"]:
        show.text(f"{person} has registered no key and cannot open it")


def recalls(as_json: Json = False) -> None:
    """Take every recalled release out of the stores, wherever it was recalled. Meant for a timer; again: changes nothing.

    Example: naru recalls
    """
    from drb import open_board
    from flows.home import home
    from flows.recall import enforce

    place = home().make()
    with open_board(place.board_url) as board, show.steps(as_json):
        found = enforce(place, board)
    if as_json:
        show.as_json(found)
    else:
        show.text(", ".join(found) or "nothing recalled is left in a store")


def destroy(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a received release.")],
    yes: Annotated[bool, typer.Option("--yes", help="Yes, remove it; it cannot be had back.")] = False,
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Remove a received release and write a signed certificate of destruction beside it, for the board.

    Copies that you made elsewhere are yours to remove before you sign. Then: naru board grant certify-destruction GRANT
    --signed FILE. Example: naru destroy data/gi_bleed --yes --as haneul_kim
    """
    from cdm.errors import BadInput
    from flows.destroy import destroy as remove
    from flows.home import home

    if not yes:
        raise BadInput(f"{folder}: would be removed for good; say so with --yes")
    certificate = remove(home(), folder.absolute(), acting(actor))
    if as_json:
        show.as_json({"folder": str(folder), "certificate": str(certificate)})
    else:
        show.text(f"{folder} is removed; the signed certificate is {certificate}")
