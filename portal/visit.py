"""Who asks, in which language, with which form; and how they are answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from drb import Board
from drb.facts import Actor
from drb.rights import may
from drb.sessions import Visitor
from drb.transitions import STANDING
from portal.portal import Portal, portal_of
from portal.security import csrf_right, csrf_token
from portal.words import LANGUAGES, catalogue, say

COOKIE, BEFORE, LANG = "naru_session", "naru_before", "naru_lang"


class SignInNeeded(Exception):
    """Nobody is signed in, or not with every factor (`whole`)."""

    def __init__(self, whole: bool = False) -> None:
        super().__init__()
        self.half = whole


class TooMany(Exception):
    """Somebody tries too often."""


class Forged(Exception):
    """A form that was not made for this session."""


@dataclass(frozen=True)
class Visit:
    """A person at the door of a page. given: the form that was sent, when one was."""

    portal: Portal
    request: Request
    visitor: Visitor
    lang: str
    given: Mapping[str, list[str]]

    @property
    def board(self) -> Board:
        """The board."""
        return self.portal.board

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return self.visitor.actor

    @property
    def me(self) -> str:
        """The person's id."""
        return self.visitor.actor.id

    def say(self, key: str, **fields: object) -> str:
        """A sentence in the visitor's language."""
        return say(self.lang, key, **fields)

    def one(self, name: str) -> str:
        """One field of the form, '' when it is missing."""
        return self.given.get(name, [""])[0]

    def page(self, template: str, status: int = 200, **context: Any) -> HTMLResponse:
        """Answer with a page."""
        cookie = self.request.cookies.get(COOKIE, "")
        common = {
            "visit": self,
            "lang": self.lang,
            "t": self.say,
            "said": catalogue(self.lang),
            "csrf": csrf_token(cookie),
            "rights": frozenset(right for right in STANDING if self.visitor.whole and may(self.actor, right)),
            "path": self.request.url.path,
            "done": self.request.query_params.get("done", ""),
        }
        return HTMLResponse(self.portal.render(template, **common, **context), status)

    def go(self, path: str) -> Response:
        """Send the browser on after a form."""
        return RedirectResponse(path, 303)


def language(request: Request) -> str:
    """The language of a request: the cookie, Korean otherwise."""
    lang = request.cookies.get(LANG, "ko")
    return lang if lang in LANGUAGES else "ko"


def address(request: Request) -> str:
    """Where a request comes from, for limits only."""
    return request.client.host if request.client else "-"


async def sent(request: Request) -> dict[str, list[str]]:
    """Read a form; files are no part of any."""
    if request.method != "POST":
        return {}
    form: FormData = await request.form(max_files=0, max_fields=400)
    found: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            found.setdefault(name, []).append(value.replace("\r\n", "\n").replace("\x00", ""))
    return found


async def visit(request: Request) -> Visit:
    """Let somebody in who is signed in with every factor; a form must be of their own session."""
    found = await half_visit(request)
    if not found.visitor.whole:
        raise SignInNeeded(whole=True)
    return found


async def half_visit(request: Request) -> Visit:
    """Let somebody in who gave the first factor."""
    portal = portal_of(request)
    cookie = request.cookies.get(COOKIE)
    if portal.settings.limits and not portal.requests.take(f"page {cookie or address(request)}"):
        raise TooMany
    visitor = await run_in_threadpool(portal.board.sessions.visitor, cookie) if cookie else None
    if visitor is None:
        raise SignInNeeded
    given = await sent(request)
    if request.method == "POST" and not _ours(request, cookie, given):
        raise Forged
    return Visit(portal, request, visitor, language(request), given)


def _ours(request: Request, cookie: str | None, given: Mapping[str, list[str]]) -> bool:
    return same_origin(request) and csrf_right(cookie, given.get("_csrf", [""])[0])


def same_origin(request: Request) -> bool:
    """A browser tells where a form comes from; one of another site is not ours."""
    origin = request.headers.get("origin")
    if origin is None:
        return True
    return urlsplit(origin).netloc == request.headers.get("host", "")


Here = Annotated[Visit, Depends(visit)]
HalfHere = Annotated[Visit, Depends(half_visit)]
