"""심의 건: the list, one case, its minutes, and the applicant's form."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from drb.errors import BadInput
from drb.states import CaseState
from portal.pages.application import filled, offer, read
from portal.pages.listing import listed
from portal.pages.things import act, forms, sentence
from portal.visit import Here, Visit

router = APIRouter()


@router.get("/cases")
def cases(visit: Here) -> Response:
    """The cases that one may see, newest first."""
    visit.board.require(visit.actor, "read_board")
    return listed(visit, "case", CaseState)


@router.get("/cases/new")
def new(visit: Here) -> Response:
    """The application form, filled in from the catalogue where a study was chosen."""
    visit.board.require(visit.actor, "apply")
    return application(visit, None, filled(offer(visit, visit.request.query_params.get("study", ""))))


@router.post("/cases/new")
def create(visit: Here) -> Response:
    """Draft a case."""
    visit.board.require(visit.actor, "apply")
    try:
        case = visit.board.cases.create(visit.me, **read(visit))
    except BadInput as bad:
        return application(visit, None, visit.given, error=sentence(visit, bad), status=422)
    return visit.go(f"/cases/{case.id}?done=case.create")


@router.get("/cases/{key}")
def case(visit: Here, key: str) -> Response:
    """One case."""
    return show(visit, key)


def show(visit: Visit, key: str, *, error: str = "", failed: str = "", status: int = 200) -> Response:
    """Draw a case, with what the visitor may do."""
    found = visit.board.case_page(visit.actor, key)
    return visit.page(
        "case.html",
        status,
        found=found,
        case=found.case,
        allowed=visit.board.settings.case_days,
        now=visit.board.now(),
        error=error,
        failed=failed,
        **forms(found.options, "case", [(one, found.names[one]) for one in found.secretaries]),
    )


@router.get("/cases/{key}/edit")
def edit(visit: Here, key: str) -> Response:
    """The form of a draft or returned case."""
    view = visit.board.cases.get(visit.me, key)
    visit.board.require_action(visit.me, "edit", f"case:{key}")
    return application(visit, view, filled(view))


@router.post("/cases/{key}/edit")
def change(visit: Here, key: str) -> Response:
    """Change the form."""
    view = visit.board.cases.get(visit.me, key)
    visit.board.require_action(visit.me, "edit", f"case:{key}")
    try:
        asked = read(visit, view.wished)
        visit.board.cases.edit(visit.me, key, **{p: asked[p] for p in asked if p not in {"study_id", "site_id"}})
    except BadInput as bad:
        return application(visit, view, visit.given, error=sentence(visit, bad), status=422)
    return visit.go(f"/cases/{key}?done=case.edit")


def application(visit: Visit, case: Any, given: Any, *, error: str = "", status: int = 200) -> Response:
    """Draw the application form."""
    return visit.page(
        "application.html",
        status,
        case=case,
        given=given,
        sites=[o for o in visit.board.people.organisations() if o.site_id],
        offers=visit.portal.settings.offers,
        error=error,
    )


@router.get("/cases/{key}/minutes")
def minutes(visit: Here, key: str) -> Response:
    """회의록: what was decided, by which votes, under which conditions; for the printer."""
    visit.board.require(visit.actor, "read_minutes")
    view = visit.board.cases.get(visit.me, key)
    events = visit.board.events(visit.me, f"case:{key}")
    people = {v.person for v in view.votes} | {event.actor for event in events} | {view.applicant}
    return visit.page(
        "minutes.html",
        case=view,
        events=events,
        names=visit.board.people.names(people),
        homes=visit.board.people.homes([view.organisation]),
        head=visit.board.head(),
    )


@router.post("/cases/{key}/{action}")
def take(visit: Here, key: str, action: str) -> Response:
    """Take an action on a case."""
    return act(visit, "case", action, key, lambda: visit.board.cases.get(visit.me, key).number, show)
