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


def twin(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a release (or a built package).")],
    out: Annotated[Path, typer.Option("--out", help="The folder to make.")],
    people: Annotated[int, typer.Option("--people", min=1, help="How many made-up people.")] = 200,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed, same bytes.")] = 1,
    threshold: Annotated[int, typer.Option("--threshold", min=10, help="Nothing of fewer people is told.")] = 10,
    as_json: Json = False,
) -> None:
    """Make a synthetic twin: the layout and schema of a release, people drawn from disclosure-controlled aggregates alone.

    It may be public: docs/profile.json in it is all that it was made of. For trying code before an approval, and for tests.

    Example: naru twin data/gi_bleed --out gi_bleed-twin --people 500
    """
    from extract.twin.make import make
    from flows.faults import guarded

    manifest = guarded("twin", out, lambda: make(folder, people, seed, out.absolute(), threshold))
    if as_json:
        show.as_json({"release": manifest.release, "folder": str(out), "digest": manifest.digest, "people": people})
    else:
        show.text(f"{manifest.release}: {people:,} made-up people; {out}")


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
