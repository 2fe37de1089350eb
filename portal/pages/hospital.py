"""A hospital's area: its site, its runs, what waits to be submitted."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from portal.visit import Here

router = APIRouter()


@router.get("/sites")
def sites(visit: Here) -> Response:
    """The hospitals that one acts for, with counts by state."""
    visit.board.require(visit.actor, "read_sites")
    return visit.page("sites.html", sites=visit.board.sites(visit.me))


@router.get("/sites/{site}")
def site(visit: Here, site: str) -> Response:
    """A hospital's runs: every package that was built, and how far it came."""
    visit.board.require(visit.actor, "read_sites")
    found = visit.board.site(visit.me, site)
    return visit.page(
        "site.html", site=found, runs=visit.board.runs(visit.me, site), prefect=visit.portal.settings.prefect
    )
