"""Signing in and out with a local account."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from drb.accounts import AccountView
from drb.errors import BadInput, Refused
from drb.states import Role
from portal.pages.things import refusal
from portal.sign_in import second
from portal.sign_in.before import AtDoor, Door, enter, keep
from portal.sign_in.passwords import hashed, matches, weak
from portal.visit import COOKIE, LANG, HalfHere, Visit, language
from portal.words import LANGUAGES

router = APIRouter()
# Whoever decides, opens accounts or reads everything needs a second factor.
SECOND = frozenset({Role.SECRETARY, Role.CHAIR, Role.PRIVACY_OFFICER, Role.ADMIN, Role.AUDITOR})


@router.get("/sign-in")
def form(door: AtDoor) -> Response:
    """The form."""
    return door.page("sign_in.html", error="", person="")


@router.post("/sign-in")
def sign_in(door: AtDoor) -> Response:
    """The first factor. Whether a person exists, and whether the password was right while locked, is not told."""
    person, password = door.one("person").strip()[:80], door.one("password")
    accounts = door.portal.board.accounts
    account = accounts.get(person)
    right = matches(account.password_hash if account else None, password)
    if account is None or not account.active or account.locked is not None or not right:
        locked = account.locked if account else None
        if account is not None and account.active and locked is None:
            locked = accounts.failed(person)
        key = "error.locked" if locked is not None else "error.sign_in"
        return door.page("sign_in.html", 401, error=door.say(key), person=person)
    accounts.succeeded(person)
    return _in(door, account)


def _in(door: Door, account: AccountView) -> Response:
    portal = door.portal
    roles = set(portal.board.people.get(account.person).roles)
    must = portal.settings.second_factor == "required" and bool(roles & SECOND)
    whole = account.totp_sealed is None and not must
    cookie = portal.board.sessions.begin(account.person, "password", whole=whole)
    goal = "/" if whole else ("/sign-in/second" if account.totp_sealed else "/sign-in/enrol")
    answer = enter(portal, RedirectResponse(goal, 303), cookie)
    if account.lang != "ko":
        keep(answer, portal, LANG, account.lang, 31_536_000)
    return answer


@router.get("/sign-in/second")
def second_form(visit: HalfHere) -> Response:
    """The form of the second factor."""
    return visit.page("second.html", error="")


@router.post("/sign-in/second")
def second_factor(visit: HalfHere) -> Response:
    """The second factor: a code is good once."""
    account = visit.board.accounts.get(visit.me)
    if account is None or account.totp_sealed is None or account.locked is not None:
        return visit.page("second.html", 401, error=visit.say("error.locked"))
    secret = second.unseal(visit.portal.settings.key, account.totp_sealed, visit.me)
    step = second.step_of(secret, visit.one("code").strip()) if secret else None
    if step is None or not visit.board.accounts.take_step(visit.me, step):
        locked = visit.board.accounts.failed(visit.me)
        return visit.page("second.html", 401, error=visit.say("error.locked" if locked else "error.code"))
    visit.board.accounts.succeeded(visit.me)
    return _whole(visit, "/")


@router.get("/sign-in/enrol")
def enrol_form(visit: HalfHere) -> Response:
    """A new secret, as a picture and as letters."""
    return _enrol(visit, second.fresh())


def _enrol(visit: Visit, secret: str, error: str = "", status: int = 200) -> Response:
    account = visit.board.accounts.get(visit.me)
    if account is not None and account.totp_sealed is not None and not visit.visitor.whole:
        return visit.go("/sign-in/second")
    told = second.address(secret, visit.me)
    return visit.page("enrol.html", status, secret=secret, picture=second.picture(told), error=error)


@router.post("/sign-in/enrol")
def enrol(visit: HalfHere) -> Response:
    """Enrol, once a code shows that the secret arrived. Whoever has one already must first have used it."""
    account = visit.board.accounts.get(visit.me)
    if account is not None and account.totp_sealed is not None and not visit.visitor.whole:
        return visit.go("/sign-in/second")
    secret = visit.one("secret")
    step = second.step_of(secret, visit.one("code").strip()) if _is_secret(secret) else None
    if step is None:
        return _enrol(visit, second.fresh(), visit.say("error.code"), 422)
    sealed = second.seal(visit.portal.settings.key, secret, visit.me)
    visit.board.accounts.set_totp(visit.me, sealed, step)
    return _whole(visit, "/?done=me.second")


def _is_secret(secret: str) -> bool:
    return len(secret) == 32 and set(secret) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")


def _whole(visit: Visit, goal: str) -> Response:
    """A session with every factor, under a new cookie."""
    visit.board.sessions.end(visit.request.cookies.get(COOKIE, ""))
    cookie = visit.board.sessions.begin(visit.me, "two factors", whole=True)
    return enter(visit.portal, visit.go(goal), cookie)


@router.get("/invitation")
def invitation(door: AtDoor) -> Response:
    """The form that sets the first password."""
    return door.page("invitation.html", error="", person=door.request.query_params.get("person", "")[:80])


@router.post("/invitation")
def accept(door: AtDoor) -> Response:
    """Set the first password with the administrator's code."""
    person = door.one("person").strip()[:80]
    lacks = weak(door.one("new"), person)
    if lacks or door.one("new") != door.one("again"):
        return door.page("invitation.html", 422, error=door.say(lacks or "error.again"), person=person)
    try:
        door.portal.board.accounts.accept(person, door.one("code").strip(), hashed(door.one("new")))
    except Refused as refused:
        return door.page("invitation.html", 403, error=refusal(door.lang, refused), person=person)
    except BadInput:
        return door.page("invitation.html", 422, error=door.say("error.sign_in"), person=person)
    return RedirectResponse("/sign-in?done=me.invited", 303)


@router.post("/sign-out")
def sign_out(visit: HalfHere) -> Response:
    """End the session."""
    visit.board.sessions.end(visit.request.cookies.get(COOKIE, ""))
    answer = visit.go("/sign-in?done=me.out")
    answer.delete_cookie(COOKIE)
    return answer


@router.get("/language/{lang}")
def choose(request: Request, lang: str) -> Response:
    """Change the language and go back to the page, which must be one of ours."""
    back = request.query_params.get("back", "/")
    ours = back.startswith("/") and not back.startswith("//") and "\\" not in back and back.isprintable()
    answer = RedirectResponse(back if ours else "/", 303)
    chosen = lang if lang in LANGUAGES else language(request)
    answer.set_cookie(LANG, chosen, max_age=31_536_000, httponly=True, samesite="lax", path="/")
    return answer
