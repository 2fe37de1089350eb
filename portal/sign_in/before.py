"""Before anybody is signed in: a cookie of its own, so that the forms of signing in cannot be forged either."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, Response

from portal.portal import Portal, portal_of
from portal.security import csrf_right, csrf_token
from portal.visit import BEFORE, COOKIE, Forged, TooMany, address, language, same_origin, sent
from portal.words import say


@dataclass(frozen=True)
class Door:
    """Somebody who is not signed in."""

    portal: Portal
    request: Request
    lang: str
    given: Mapping[str, list[str]]
    before: str

    def say(self, key: str, **fields: object) -> str:
        """A sentence in the visitor's language."""
        return say(self.lang, key, **fields)

    def one(self, name: str) -> str:
        """One field of the form."""
        return self.given.get(name, [""])[0]

    def page(self, template: str, status: int = 200, **context: Any) -> HTMLResponse:
        """Answer with a page."""
        text = self.portal.render(
            template,
            visit=None,
            lang=self.lang,
            t=self.say,
            csrf=csrf_token(self.before),
            rights=frozenset(),
            path=self.request.url.path,
            done=self.request.query_params.get("done", ""),
            oidc=self.portal.settings.oidc,
            **context,
        )
        answer = HTMLResponse(text, status)
        keep(answer, self.portal, BEFORE, self.before)
        return answer


def keep(answer: Response, portal: Portal, name: str, value: str, seconds: int | None = None) -> None:
    """Set a cookie that scripts cannot read and other sites cannot send along."""
    answer.set_cookie(
        name, value, max_age=seconds, httponly=True, samesite="lax", secure=portal.settings.secure, path="/"
    )


def at_door(request: Request, given: Mapping[str, list[str]] | None = None) -> Door:
    """Whoever asks, as somebody who is not signed in."""
    before = request.cookies.get(BEFORE, "") or secrets.token_urlsafe(32)
    return Door(portal_of(request), request, language(request), given or {}, before)


async def door(request: Request) -> Door:
    """Whoever comes to sign in. Ten tries a minute from one address."""
    portal = portal_of(request)
    before = request.cookies.get(BEFORE, "")
    given = await sent(request)
    if request.method == "POST":
        if portal.settings.limits and not portal.tries.take(f"try {address(request)}"):
            raise TooMany
        if not (same_origin(request) and csrf_right(before, given.get("_csrf", [""])[0])):
            raise Forged
    return at_door(request, given)


def enter(portal: Portal, answer: Response, cookie: str) -> Response:
    """Let somebody in: a new cookie, whatever there was before."""
    keep(answer, portal, COOKIE, cookie)
    return answer


AtDoor = Annotated[Door, Depends(door)]
