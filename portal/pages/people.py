"""People and roles: one administrator proposes, another confirms; nobody changes their own."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import Response

from drb.errors import BadInput
from drb.states import OrganisationKind, Role
from portal.pages.things import sentence
from portal.visit import Here, Visit

router = APIRouter()
SIZE = 25


@router.get("/people")
def people(visit: Here) -> Response:
    """Everybody, their organisations and roles."""
    visit.board.require(visit.actor, "manage_people")
    return show(visit)


def show(visit: Visit, *, error: str = "", code: tuple[str, str] | None = None, status: int = 200) -> Response:
    """Draw the page. code: whose account was opened, and the code that was made for it, shown this once."""
    found = visit.board.people.list()
    words = visit.request.query_params.get("words", "").lower()[:100]
    shown = [p for p in found if words in f"{p.id} {p.name or ''} {p.organisation}".lower()]
    waiting = [p for p in shown if p.pending or p.ending]
    ordered = [*waiting, *(p for p in shown if not (p.pending or p.ending))]
    asked = visit.request.query_params.get("page", "1")
    number = max(1, min(int(asked) if asked.isdecimal() else 1, 1_000))
    return visit.page(
        "people.html",
        status,
        people=ordered[(number - 1) * SIZE : number * SIZE],
        number=number,
        pages=max(1, -(-len(ordered) // SIZE)),
        kept=urlencode({"words": words}),
        total=len(shown),
        words=words,
        homes={o.id: o for o in visit.board.people.organisations()},
        roles=[role for role in Role if role is not Role.SYSTEM],
        kinds=list(OrganisationKind),
        error=error,
        code=code,
    )


@router.post("/people")
def add(visit: Here) -> Response:
    """Add a person; their roles wait for a second administrator."""
    return _do(
        visit,
        lambda: visit.board.people.add_person(
            visit.me, visit.one("name"), visit.one("organisation"), _roles(visit), person_id=visit.one("id") or None
        ),
        "people.add",
    )


@router.post("/organisations")
def organisation(visit: Here) -> Response:
    """Add an organisation, or change its names."""
    return _do(
        visit,
        lambda: visit.board.people.add_organisation(
            visit.me, visit.one("id"), visit.one("kind"), visit.one("name_ko"), visit.one("name_en")
        ),
        "people.organisation",
    )


@router.post("/people/{key}/account")
def account(visit: Here, key: str) -> Response:
    """Open an account: the code is shown once, to be handed over in person."""
    try:
        code = visit.board.accounts.open(
            visit.me, key, email=visit.one("email").strip() or None, oidc_id=visit.one("oidc_id").strip() or None
        )
    except BadInput as bad:
        return show(visit, error=sentence(visit, bad), status=422)
    return show(visit, code=(key, code))


@router.post("/people/{key}/{action}")
def take(visit: Here, key: str, action: str) -> Response:
    """Propose, confirm or end a role; close an account; forget a name."""
    room = visit.board.people
    calls: dict[str, Callable[[], object]] = {
        "propose": lambda: room.propose_role(visit.me, key, _role(visit)),
        "end": lambda: room.propose_end(visit.me, key, _role(visit)),
        "confirm": lambda: room.confirm_roles(visit.me, key),
        "close": lambda: room.close_account(visit.me, key),
        "erase": lambda: room.erase_name(visit.me, key),
    }
    if action not in calls:
        raise BadInput(f"no action '{action}' on people", visit.say("error.input"))
    if action in {"close", "erase"} and visit.one("typed") != key:
        return _shown_again(visit, visit.say("error.typed"))
    return _do(visit, calls[action], f"people.{action}")


def _do(visit: Visit, call: Callable[[], object], done: str) -> Response:
    try:
        call()
    except BadInput as bad:
        return _shown_again(visit, sentence(visit, bad))
    return visit.go(f"/people?done={done}")


def _shown_again(visit: Visit, error: str) -> Response:
    visit.board.require(visit.actor, "manage_people")
    return show(visit, error=error, status=422)


def _role(visit: Visit) -> Role:
    try:
        return Role(visit.one("role"))
    except ValueError:
        raise BadInput("choose a role", visit.say("error.role")) from None


def _roles(visit: Visit) -> list[Role]:
    return [Role(role) for role in visit.given.get("role", []) if role in {r.value for r in Role}]
