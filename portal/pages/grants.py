"""이용권: who may use which release, until when; terms, and the end of use."""

from __future__ import annotations

import hashlib

from fastapi import APIRouter
from fastapi.responses import Response

from cdm.errors import BadInput as PackageBadInput
from drb.destruction import told
from drb.errors import NotFound
from drb.views import GrantView
from extract.manifest import Manifest, read_manifest
from portal.pages.things import act, forms
from portal.sealed import delivery
from portal.visit import Here, HereWithFile, Visit

router = APIRouter()
SIZE = 50


@router.get("/grants")
def grants(visit: Here) -> Response:
    """The grants that one may see."""
    visit.board.require(visit.actor, "read_board")
    asked = visit.request.query_params.get("page", "1")
    number = max(1, min(int(asked) if asked.isdecimal() else 1, 10_000))
    found = visit.board.grants.list(visit.actor, None, (number - 1) * SIZE, SIZE + 1)
    return visit.page(
        "grants.html",
        grants=found[:SIZE],
        more=len(found) > SIZE,
        number=number,
        names=visit.board.people.names(g.person for g in found),
    )


@router.get("/grants/{key}")
def grant(visit: Here, key: str) -> Response:
    """One grant."""
    return show(visit, key)


def manifest_of(visit: Visit, release: str) -> Manifest | None:
    """The manifest of a published release, when the store has it here."""
    store = visit.portal.settings.store
    if store is None or not (store / release).is_dir():
        return None
    try:
        return read_manifest(store / release)
    except PackageBadInput:
        return None


def terms_digest(manifest: Manifest) -> str:
    """SHA-256 of the terms that a manifest states: what is accepted is what was shown."""
    return hashlib.sha256(manifest.terms.model_dump_json().encode()).hexdigest()


def show(visit: Visit, key: str, *, error: str = "", failed: str = "", status: int = 200) -> Response:
    """Draw a grant, with what the visitor may do."""
    view = visit.board.grants.get(visit.me, key)
    manifest = manifest_of(visit, view.release)
    name = f"grant:{key}"
    events = visit.board.events(visit.me, name)
    certificate = visit.board.grants.certificate(visit.me, key)
    return visit.page(
        "grant.html",
        status,
        grant=view,
        number=number_of(view),
        terms=manifest.terms.text.model_dump() if manifest else None,
        terms_digest=terms_digest(manifest) if manifest else None,
        certificate=certificate,
        destroyed=told(certificate) if certificate else None,
        download=visit.board.may_download(view.person, view.release),
        events=events,
        names=visit.board.people.names({view.person} | {event.actor for event in events}),
        homes=visit.board.people.homes([view.organisation]),
        error=error,
        failed=failed,
        **(delivery(visit) if view.person == visit.me else {}),
        **forms(visit.board.options(visit.me, name), "grant", ()),
    )


def number_of(view: GrantView) -> str:
    """What is typed to confirm."""
    return view.id


@router.post("/grants/{key}/accept_terms")
def accept(visit: Here, key: str) -> Response:
    """Accept the terms that were shown: another text than the one in the store is not accepted."""
    view = visit.board.grants.get(visit.me, key)
    manifest = manifest_of(visit, view.release)
    if manifest is None:
        raise NotFound(f"release '{view.release}' is not in the store", visit.say("error.store"))
    if visit.one("terms") != terms_digest(manifest) or visit.one("read") != "1":
        return show(visit, key, error=visit.say("error.terms"), failed="accept_terms", status=422)
    visit.board.grants.accept_terms(visit.me, key, terms_digest(manifest))
    return visit.go(f"/grants/{key}?done=grant.accept_terms")


@router.post("/grants/{key}/{action}")
def take(visit: HereWithFile, key: str, action: str) -> Response:
    """Take an action on a grant; a certificate of destruction may come as a file."""
    return act(visit, "grant", action, key, lambda: number_of(visit.board.grants.get(visit.me, key)), show)
