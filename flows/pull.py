"""What a startup does: receive a release, verify every byte, know whether it may still be used."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from cdm.errors import BadInput, GateRefused
from drb import open_board
from drb.states import GrantState
from drb.views import GrantView
from extract import store
from extract.manifest import read_manifest
from extract.verify import VerifyReport, verify
from flows import progress
from flows.faults import guarded
from flows.home import Home
from flows.keys import trusted


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
    progress.tell("pull", "begun", release)
    if to is None:
        home.make().startup.mkdir(exist_ok=True, mode=0o700)
    guarded("pull", goal, lambda: store.fetch(home.store, release, goal))
    report = check(home, goal)
    if not report.ok:
        bad = report.findings[0]
        raise GateRefused(f"{goal}: {bad.file} {bad.what}; do not use it, and tell the hospital")
    progress.tell("pull", "done", release)
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
