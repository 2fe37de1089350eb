"""The ledger: what happened, in order; and whether it is still what was written."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from portal.visit import Here, Visit

router = APIRouter()
SIZE = 100


@router.get("/audit")
def audit(visit: Here) -> Response:
    """The last events of everything, or of one object."""
    visit.board.require(visit.actor, "read_ledger")
    return show(visit)


def show(visit: Visit, report: object = None) -> Response:
    """Draw the events."""
    name = visit.request.query_params.get("object", "")[:120]
    events = visit.board.events(visit.me, name or None, SIZE)
    return visit.page(
        "audit.html",
        events=events[::-1],
        name=name,
        names=visit.board.people.names(event.actor for event in events),
        report=report,
        roots=visit.board.roots.list()[-10:][::-1],
    )


@router.post("/audit/verify")
def verify(visit: Here) -> Response:
    """Read the whole ledger again and name the first bad event."""
    visit.board.require(visit.actor, "read_ledger")
    return show(visit, visit.board.verify())
