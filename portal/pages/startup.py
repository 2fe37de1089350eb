"""What a startup begins with: the studies that can be applied for, and the keys that its releases are verified by."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from portal.visit import Here

router = APIRouter()


@router.get("/catalogue")
def catalogue(visit: Here) -> Response:
    """The programme's studies and hospitals."""
    visit.board.require(visit.actor, "read_catalogue")
    sites = [home for home in visit.board.people.organisations() if home.site_id]
    return visit.page("catalogue.html", offers=visit.portal.settings.offers, sites=sites)


@router.get("/keys")
def keys(visit: Here) -> Response:
    """Public keys: by them a startup knows that hospital and board signed what it received."""
    visit.board.require(visit.actor, "read_board")
    return visit.page("keys.html", keys=visit.portal.settings.public_keys)
