"""Who asks, in which language, with which form; and how they are answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from drb import Board
from drb.facts import Actor
from drb.rights import may
from drb.sessions import Visitor
from drb.transitions import STANDING
from portal.portal import Portal, portal_of
from portal.security import csrf_right, csrf_token
from portal.words import LANGUAGES, catalogue, say

COOKIE, BEFORE, LANG = "naru_session", "naru_before", "naru_lang"
LARGEST_FILE = 20_000


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


async def sent(request: Request, files: int = 0) -> dict[str, list[str]]:
    """Read a form. files: how many it may bring; a file is small and text, and its text is a field as any other."""
    if request.method != "POST":
        return {}
    found: dict[str, list[str]] = {}
    async with request.form(max_files=files, max_fields=400) as form:
        for name, value in form.multi_items():
            text = value if isinstance(value, str) else await _text(value)
            found.setdefault(name, []).append(text.replace("\r\n", "\n").replace("\x00", ""))
    return found


async def _text(file: UploadFile) -> str:
    content = await file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise HTTPException(413)
    return content.decode("utf-8", "replace")


async def visit(request: Request) -> Visit:
    """Let somebody in who is signed in with every factor; a form must be of their own session."""
    return _whole(await _entered(request))


async def visit_with_file(request: Request) -> Visit:
    """Let somebody in as `visit` does; the form may bring one file."""
    return _whole(await _entered(request, files=1))


async def half_visit(request: Request) -> Visit:
    """Let somebody in who gave the first factor."""
    return await _entered(request)


def _whole(found: Visit) -> Visit:
    if not found.visitor.whole:
        raise SignInNeeded(whole=True)
    return found


async def _entered(request: Request, files: int = 0) -> Visit:
    portal = portal_of(request)
    cookie = request.cookies.get(COOKIE)
    if portal.settings.limits and not portal.requests.take(f"page {cookie or address(request)}"):
        raise TooMany
    visitor = await run_in_threadpool(portal.board.sessions.visitor, cookie) if cookie else None
    if visitor is None:
        raise SignInNeeded
    given = await sent(request, files)
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
HereWithFile = Annotated[Visit, Depends(visit_with_file)]
HalfHere = Annotated[Visit, Depends(half_visit)]
