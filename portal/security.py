"""What every answer carries, what every request must bring, and how often one may try."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 1_000_000
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def csrf_token(cookie: str) -> str:
    """The token of a session's forms: it follows from the cookie, and the cookie does not follow from it."""
    return hmac.new(cookie.encode(), b"naru csrf", hashlib.sha256).hexdigest()


def csrf_right(cookie: str | None, given: str) -> bool:
    """Compare in constant time."""
    return bool(cookie) and hmac.compare_digest(csrf_token(cookie or "").encode(), given.encode())


class Guarded:
    """Adds the headers to every answer and refuses bodies that are too large."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self.app = app
        told = dict(HEADERS)
        if secure:
            told["strict-transport-security"] = "max-age=31536000; includeSubDomains"
        self.headers = [(name.encode(), text.encode()) for name, text in told.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        private = not scope["path"].startswith("/static/")

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", []), *self.headers]
                if private:
                    headers.append((b"cache-control", b"no-store"))
                message = {**message, "headers": headers}
            await send(message)

        if _too_large(scope):
            await _refuse(told, 413, b"too large")
            return
        if _no_text(scope):
            await _refuse(told, 400, b"not an address")
            return
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > LARGEST_BODY:
                return {"type": "http.disconnect"}
            return message

        await self.app(scope, limited, told)


def _too_large(scope: Scope) -> bool:
    length: Any = dict(scope["headers"]).get(b"content-length", b"0")
    return not length.isdigit() or int(length) > LARGEST_BODY


def _no_text(scope: Scope) -> bool:
    """PostgreSQL takes no zero byte in a text; no address of ours has one."""
    return "\x00" in scope["path"] or b"%00" in scope["query_string"] or b"\x00" in scope["query_string"]


async def _refuse(send: Send, status: int, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body})


@dataclass
class Limits:
    """Token buckets in memory, one for each key: `size` at once, refilled within `seconds`. The oldest are forgotten."""

    size: int
    seconds: float
    most: int = 10_000
    buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)

    def take(self, key: str, now: float | None = None) -> bool:
        """Take one; False when there is none left."""
        at = time.monotonic() if now is None else now
        with self.lock:
            left, since = self.buckets.pop(key, (float(self.size), at))
            left = min(float(self.size), left + (at - since) * self.size / self.seconds)
            allowed = left >= 1
            self.buckets[key] = (left - 1 if allowed else left, at)
            while len(self.buckets) > self.most:
                self.buckets.popitem(last=False)
        return allowed
