"""Every way in which an answer is no: one sentence in the visitor's language, the right status, no traceback."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from drb.errors import BadInput, NotFound, Refused
from portal.api.caller import NoScope, NoToken
from portal.pages.things import LOST
from portal.portal import portal_of
from portal.sign_in.before import at_door
from portal.visit import Forged, SignInNeeded, TooMany, language
from portal.words import say

log = logging.getLogger("naru.portal")
# Sentences by status where the error has none of its own.
KEYS = {403: "error.forbidden", 404: "error.missing", 405: "error.method", 413: "error.large", 429: "error.often"}


def install(app: FastAPI) -> None:
    """Register the handlers."""
    handlers: dict[Any, Callable[[Request, Any], Response]] = {
        Refused: _refused,
        BadInput: _bad,
        SignInNeeded: _sign_in,
        Forged: lambda request, error: _told(request, 403, "forged", "error.forged"),
        TooMany: lambda request, error: _told(request, 429, "too_many", "error.often"),
        NoToken: lambda request, error: _told(request, 401, "token", "error.token"),
        NoScope: lambda request, error: _told(request, 403, "scope", "error.scope"),
        RequestValidationError: _invalid,
        ClientDisconnect: lambda request, error: _told(request, 413, "large", "error.large"),
        HTTPException: _http,
        Exception: _unexpected,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def _refused(request: Request, refused: Refused) -> Response:
    status = 409 if refused.code in LOST and request.method == "POST" else 403
    return _answer(request, status, refused.code, refused.reason, refused.ko)


def _bad(request: Request, bad: BadInput) -> Response:
    status = 404 if isinstance(bad, NotFound) else 422
    return _answer(
        request, status, "missing" if status == 404 else "input", str(bad), bad.ko or say("ko", "error.input")
    )


def _sign_in(request: Request, needed: SignInNeeded) -> Response:
    if not needed.half and (request.method, request.url.path) == ("GET", "/"):
        return at_door(request).page(
            "sign_in.html", error="", person=""
        )  # whoever types the bare address sees the door
    return RedirectResponse("/sign-in/second" if needed.half else "/sign-in", 303)


def _http(request: Request, error: HTTPException) -> Response:
    return _told(request, error.status_code, "http", KEYS.get(error.status_code, "error.input"))


def _invalid(request: Request, error: RequestValidationError) -> Response:
    if request.url.path.startswith("/api/"):
        # What was wrong, and where; never the value.
        told = [{"loc": list(one["loc"]), "msg": one["msg"], "type": one["type"]} for one in error.errors()]
        return JSONResponse({"detail": told}, 422)
    return _told(request, 422, "input", "error.input")


def _unexpected(request: Request, error: Exception) -> Response:
    # Its text may quote what somebody wrote: only its kind is logged.
    log.error("unexpected fault: %s at %s %s", type(error).__name__, request.method, request.url.path)
    return _told(request, 500, "fault", "error.fault")


def _told(request: Request, status: int, code: str, key: str) -> Response:
    return _answer(request, status, code, say("en", key), say("ko", key))


def _answer(request: Request, status: int, code: str, english: str, korean: str) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse({"code": code, "reason": english, "ko": korean}, status)
    lang = language(request)
    page = portal_of(request).render(
        "problem.html",
        visit=None,
        lang=lang,
        t=lambda name, **fields: say(lang, name, **fields),
        csrf="",
        rights=frozenset(),
        path=request.url.path,
        done="",
        status=status,
        reason=korean if lang == "ko" else english,
        back=request.headers.get("referer", "/") if _local(request) else "/",
    )
    return HTMLResponse(page, status)


def _local(request: Request) -> bool:
    return request.headers.get("referer", "").startswith(f"{request.url.scheme}://{request.headers.get('host', '')}/")
