"""One's own account: password, second factor, tokens, language."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from drb.errors import BadInput
from portal.pages.things import sentence
from portal.sign_in.passwords import hashed, matches, weak
from portal.visit import COOKIE, Here, Visit

router = APIRouter()


@router.get("/me")
def me(visit: Here) -> Response:
    """One's own account."""
    return show(visit)


def show(visit: Visit, *, error: str = "", token: str = "", status: int = 200) -> Response:
    """Draw it. token: a new one, shown this once."""
    return visit.page(
        "me.html",
        status,
        account=visit.board.accounts.get(visit.me),
        tokens=visit.board.sessions.tokens(visit.me),
        homes=visit.board.people.homes([visit.actor.organisation]),
        error=error,
        token=token,
    )


@router.post("/me/password")
def password(visit: Here) -> Response:
    """Change one's password; every session ends, this one too."""
    account = visit.board.accounts.get(visit.me)
    if account is None or not matches(account.password_hash, visit.one("old")):
        visit.board.accounts.failed(visit.me)
        return show(visit, error=visit.say("error.password"), status=422)
    lacks = weak(visit.one("new"), visit.me)
    if lacks or visit.one("new") != visit.one("again"):
        return show(visit, error=visit.say(lacks or "error.again"), status=422)
    visit.board.accounts.set_password(visit.me, hashed(visit.one("new")))
    answer = visit.go("/sign-in?done=me.password")
    answer.delete_cookie(COOKIE)
    return answer


@router.post("/me/tokens")
def issue(visit: Here) -> Response:
    """Issue a token for scripts."""
    days = visit.one("days")
    try:
        number = int(days) if days.isdecimal() else 0
        secret = visit.board.sessions.issue(visit.me, visit.one("name"), visit.given.get("scope", []), number)
    except BadInput as bad:
        return show(visit, error=sentence(visit, bad), status=422)
    return show(visit, token=secret)


@router.post("/me/tokens/{key}/revoke")
def revoke(visit: Here, key: str) -> Response:
    """End a token."""
    visit.board.sessions.revoke(visit.me, key)
    return visit.go("/me?done=me.revoke")
