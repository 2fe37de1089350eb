"""What a startup begins with: the studies that can be applied for, its own keys, and those that sign what it receives."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from drb.errors import BadInput
from portal.pages.things import sentence
from portal.sealed import registered
from portal.visit import Here, Visit

router = APIRouter()


@router.get("/catalogue")
def catalogue(visit: Here) -> Response:
    """The programme's studies and hospitals."""
    visit.board.require(visit.actor, "read_catalogue")
    sites = [home for home in visit.board.people.organisations() if home.site_id]
    return visit.page("catalogue.html", offers=visit.portal.settings.offers, sites=sites)


@router.get("/keys")
def keys(visit: Here) -> Response:
    """Public keys: a startup's own, and those by which it knows that hospital and board signed what it received."""
    visit.board.require(visit.actor, "read_board")
    return show(visit)


@router.post("/keys")
def register(visit: Here) -> Response:
    """Register one's own public keys, or others in their place."""
    visit.board.require(visit.actor, "register_key")
    if visit.one("typed").strip() != visit.me:
        return show(visit, error=visit.say("error.typed"), status=422)
    try:
        visit.board.keys.register(visit.me, visit.one("age").strip(), visit.one("signing").strip().lower())
    except BadInput as bad:
        return show(visit, error=sentence(visit, bad), status=422)
    return visit.go("/keys?done=keys.register")


def show(visit: Visit, *, error: str = "", status: int = 200) -> Response:
    """Draw the keys. What a refused form held is not drawn again: somebody may have pasted a secret key."""
    own = visit.board.may(visit.actor, "register_key")
    return visit.page(
        "keys.html",
        status,
        keys=visit.portal.settings.public_keys,
        mine=registered(visit, visit.me) if own else None,
        error=error,
    )
