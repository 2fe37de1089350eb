"""naru board release | grant: may this exact package leave, and who may use it?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.cli import show
from flows.cli.options import Actor, Json, acting, choice

app = typer.Typer(no_args_is_help=True, help="반출 건: may this exact package leave?")
grants = typer.Typer(no_args_is_help=True, help="이용권: who may use which release.")
ReleaseName = Annotated[str, typer.Argument(metavar="RELEASE")]
Digest = Annotated[
    str, typer.Option("--digest", help="The manifest digest that is meant, as `naru board release show` tells it.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why, in a sentence.")]


def _act(call: Callable[[Any], Any], as_json: bool = False) -> None:
    from drb import open_board
    from flows.home import home

    with open_board(home().make().board_url) as board:
        release = call(board.releases)
    if as_json:
        show.as_json(release.to_json())
    else:
        show.text(f"{release.name}: {release.state.ko} / {release.state.en}; digest {release.manifest_digest}")


@app.command("list")
def list_(actor: Actor = None, as_json: Json = False) -> None:
    """The releases that one may see."""
    from drb import open_board
    from flows.home import home

    with open_board(home().make().board_url) as board:
        found = board.releases.list(acting(actor))
    if as_json:
        show.as_json([r.to_json() for r in found])
    else:
        rows = [(r.name, r.case_number, r.site_id, r.state.ko, r.state.en, r.manifest_digest[:12]) for r in found]
        show.table(("release", "심의", "site", "상태", "state", "digest"), rows)


@app.command("show")
def show_(release: ReleaseName, actor: Actor = None) -> None:
    """One release, as JSON."""
    _act(lambda releases: releases.get(acting(actor), release), as_json=True)


@app.command("submit")
def submit(release: ReleaseName, digest: Digest, actor: Actor = None, as_json: Json = False) -> None:
    """Submit a checked package for review (release author)."""
    _act(lambda releases: releases.submit(acting(actor), release, digest), as_json)


@app.command("resubmit")
def resubmit(release: ReleaseName, digest: Digest, actor: Actor = None, as_json: Json = False) -> None:
    """Submit a returned release again (release author)."""
    _act(lambda releases: releases.resubmit(acting(actor), release, digest), as_json)


@app.command("vote", epilog="Example: naru board release vote RELEASE --digest SHA256 --choice approve --as reviewer1")
def vote(
    release: ReleaseName,
    digest: Digest,
    how: Annotated[str, typer.Option("--choice", help="approve or reject.")],
    reason: Annotated[str | None, typer.Option("--reason")] = None,
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Vote on this very package (a member who neither built nor submitted it)."""
    from drb.states import Choice

    chosen = choice(Choice, how, "--choice")
    _act(lambda releases: releases.vote(acting(actor), release, digest, chosen, reason), as_json)


@app.command("return")
def return_(release: ReleaseName, reason: Reason, actor: Actor = None, as_json: Json = False) -> None:
    """Send a release back to its author; its votes are void."""
    _act(lambda releases: releases.return_(acting(actor), release, reason), as_json)


@app.command("approve", epilog="Example: naru board release approve RELEASE --digest SHA256 --as secretary")
def approve(release: ReleaseName, digest: Digest, actor: Actor = None, as_json: Json = False) -> None:
    """Record the approval of this very package, after two approving reviewers (secretary)."""
    _act(lambda releases: releases.approve(acting(actor), release, digest), as_json)


@app.command("reject")
def reject(release: ReleaseName, reason: Reason, actor: Actor = None, as_json: Json = False) -> None:
    """Record the rejection (secretary)."""
    _act(lambda releases: releases.reject(acting(actor), release, reason), as_json)


@app.command("recall")
def recall(release: ReleaseName, reason: Reason, actor: Actor = None, as_json: Json = False) -> None:
    """Stop a release at once and take it out of the stores (chair, privacy officer, or the hospital's author; one is enough)."""
    from drb import open_board
    from flows import recall as recalling
    from flows.home import home

    place = home().make()
    with open_board(place.board_url) as board, show.steps(as_json):
        view = recalling.stop(place, board, acting(actor), release, reason)
    if as_json:
        show.as_json(view.to_json())
    else:
        show.text(f"{view.name}: {view.state.ko} / {view.state.en}; digest {view.manifest_digest}")


@app.command("undo")
def undo(release: ReleaseName, actor: Actor = None, as_json: Json = False) -> None:
    """Take your own approval or rejection back, within the time that was promised (secretary)."""
    _act(lambda releases: releases.undo(acting(actor), release), as_json)


@app.command("assign", epilog="Example: naru board release assign RELEASE --to secretary_oh --as secretary_lee")
def assign(
    release: ReleaseName,
    to: Annotated[str, typer.Option("--to", help="A secretary who serves the hospital.")],
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Give a release to a secretary."""
    _act(lambda releases: releases.assign(acting(actor), release, to), as_json)


@app.command("remind")
def remind(release: ReleaseName, actor: Actor = None, as_json: Json = False) -> None:
    """Remind those on whom a release waits (secretary)."""
    _act(lambda releases: releases.remind(acting(actor), release), as_json)


@app.command("confirm-destroyed")
def confirm_release_destroyed(release: ReleaseName, actor: Actor = None, as_json: Json = False) -> None:
    """Confirm that every downloaded copy of a recalled release is destroyed (secretary)."""
    _act(lambda releases: releases.confirm_destroyed(acting(actor), release), as_json)


@grants.command("list")
def list_grants(actor: Actor = None, as_json: Json = False) -> None:
    """The grants that one may see."""
    from drb import open_board
    from flows.home import home

    with open_board(home().make().board_url) as board:
        board.grants.due()
        found = board.grants.list(acting(actor))
    if as_json:
        show.as_json([g.to_json() for g in found])
    else:
        rows = [(g.id, g.release, g.person, g.state.ko, g.state.en, g.expires_on or "", g.downloads) for g in found]
        show.table(("grant", "release", "person", "상태", "state", "until", "downloads"), rows)


@grants.command("revoke")
def revoke(grant: Annotated[str, typer.Argument(metavar="GRANT")], reason: Reason, actor: Actor = None) -> None:
    """End a grant at once."""
    _grant(lambda found: found.revoke(acting(actor), grant, reason))


@grants.command("certify-destruction")
def certify(
    grant: Annotated[str, typer.Argument(metavar="GRANT")],
    certificate: Annotated[str | None, typer.Option("--certificate", help="Its words, or where it is.")] = None,
    signed: Annotated[
        Path | None, typer.Option("--signed", metavar="FILE", help="The signed certificate that `naru destroy` wrote.")
    ] = None,
    actor: Actor = None,
) -> None:
    """Certify that every copy is destroyed (grantee): by a signed certificate, or by words."""
    from cdm.errors import BadInput

    if (certificate is None) == (signed is None):
        raise BadInput("give --signed FILE (what `naru destroy` wrote) or --certificate WORDS")
    if certificate is not None:
        words = certificate
        _grant(lambda found: found.certify_destruction(acting(actor), grant, words))
    elif signed is not None:
        _certify(acting(actor), grant, signed)


def _certify(actor: str, grant: str, path: Path) -> None:
    from cdm.errors import BadInput
    from drb import open_board
    from drb.destruction import certify
    from flows.home import home

    try:
        document = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
    with open_board(home().make().board_url) as board:
        board.grants.due()
        view = certify(board, actor, grant, document)
    show.text(f"{view.id}: {view.state.ko} / {view.state.en}; the signature holds")


@grants.command("confirm-destroyed")
def confirm(grant: Annotated[str, typer.Argument(metavar="GRANT")], actor: Actor = None) -> None:
    """Confirm a certificate of destruction (secretary)."""
    _grant(lambda found: found.confirm_destroyed(acting(actor), grant))


@grants.command("remind")
def remind_grantee(grant: Annotated[str, typer.Argument(metavar="GRANT")], actor: Actor = None) -> None:
    """Remind a grantee of what is due (secretary)."""
    _grant(lambda found: found.remind(acting(actor), grant))


def _grant(call: Callable[[Any], Any]) -> None:
    from drb import open_board
    from flows.home import home

    with open_board(home().make().board_url) as board:
        board.grants.due()
        grant = call(board.grants)
    show.text(f"{grant.id}: {grant.state.ko} / {grant.state.en}")
