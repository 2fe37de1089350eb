"""What a startup does: receive a release, verify every byte, know whether it may still be used."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from cdm.errors import BadInput, GateRefused
from drb import open_board
from drb.rights import KOREA
from drb.states import GrantState
from drb.views import GrantView
from extract import store
from extract.delivery.index import index_name
from extract.delivery.objects import Objects, open_objects
from extract.delivery.receive import Receipt, receive
from extract.manifest import read_manifest
from extract.verify import VerifyReport, verify
from flows import progress
from flows.faults import guarded
from flows.home import Home
from flows.keys import AGE_KEY, recipient, trusted


def pull(home: Home, release: str, to: Path | None, actor: str, accept_terms: bool) -> dict[str, Any]:
    """Fetch a release that `actor` may download, and verify it. Returns release, folder, digest, files, bytes.

    Raises drb's Refused (no grant, recalled, expired, terms not accepted), GateRefused where a byte or signature is wrong,
    BadInput where the store has no such release.
    """
    goal = to or home.startup / release
    with open_board(home.board_url) as board:
        live = [g for g in board.grants.list(actor) if (g.release, g.person) == (release, actor)]
        board.grants.due()
        pending = bool(live) and live[-1].state is GrantState.PENDING_TERMS
        if pending and not accept_terms:
            raise GateRefused(
                f"release '{release}': its terms of use are not accepted yet; read and accept them with --accept-terms"
            )
        if pending:
            board.grants.accept_terms(actor, live[-1].id, terms_digest(home, live[-1]))
        board.grants.download(actor, release)

    def fetch() -> object:
        if _sealed_here(home, release):
            return _receive(home, open_objects(home.delivery), release, goal)
        return store.fetch(home.store, release, goal)

    return _fetched(home, release, to, fetch)


def pull_from(home: Home, release: str, address: str, to: Path | None) -> dict[str, Any]:
    """Fetch a sealed release from wherever it was delivered, with this home's key and without a board.

    Who may sign has to be known before: a store that is not ours could offer anything. Raises GateRefused where it is
    unsigned, not approved, expired, recalled or not what was signed, BadInput where keys or the release are missing.
    """
    if trusted(home) is None:
        raise BadInput(
            "no key of a hospital or board is trusted here, so nothing can be held against a signature; "
            "take what they told you: naru key trust board=KEY hospital-SITE=KEY"
        )
    goal = to or home.startup / release
    return _fetched(home, release, to, lambda: _receive(home, open_objects(address), release, goal))


def _fetched(home: Home, release: str, to: Path | None, fetch: Callable[[], object]) -> dict[str, Any]:
    """Fetch into the folder asked for, or the home's own, and check every byte of what came."""
    goal = to or home.startup / release
    progress.tell("pull", "begun", release)
    if to is None:
        home.make().startup.mkdir(exist_ok=True, mode=0o700)
    guarded("pull", goal, fetch)
    report = check(home, goal)
    if not report.ok:
        bad = report.findings[0]
        raise GateRefused(f"{goal}: {bad.file} {bad.what}; do not use it, and tell the hospital")
    progress.tell("pull", "done", release)
    return _told(release, goal, report)


def _sealed_here(home: Home, release: str) -> bool:
    """Whether this home holds a recipient's key and the release was delivered sealed."""
    return (home.recipient / AGE_KEY).is_file() and open_objects(home.delivery).size(index_name(release)) is not None


def _receive(home: Home, objects: Objects, release: str, goal: Path) -> VerifyReport:
    asked = Receipt(release, recipient(home).identity, datetime.now(KOREA).date(), trusted(home))
    return receive(objects, asked, goal)


def _told(release: str, goal: Path, report: VerifyReport) -> dict[str, Any]:
    return {
        "release": release,
        "folder": str(goal),
        "digest": report.digest,
        "files": report.files,
        "bytes": report.bytes,
    }


def terms_digest(home: Home, grant: GrantView) -> str:
    """SHA-256 of the terms that the release's manifest states: what is accepted is what was shown."""
    manifest = read_manifest(home.store / grant.release)
    return hashlib.sha256(manifest.terms.model_dump_json().encode()).hexdigest()


def terms(home: Home, release: str) -> dict[str, str]:
    """The terms of a published release, Korean and English. Raises BadInput where the store has no such release."""
    if not (home.store / release).is_dir():
        raise BadInput(f"the store has no release '{release}'; list them with: naru releases")
    return read_manifest(home.store / release).terms.text.model_dump()


def check(home: Home, folder: Path, require_signature: bool = True) -> VerifyReport:
    """Verify a release's folder against the keys that this home trusts; without any, the signatures by themselves."""
    site = None
    try:
        site = read_manifest(folder).site_id
    except BadInput:  # a damaged manifest is for `verify` to name
        site = None
    return guarded("verify", folder, lambda: verify(folder, trusted(home, site), require_signature=require_signature))
