"""Asking a WebAPI: bounded in time and size, never sent on to another host, every trouble in one sentence."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Literal

import httpx

from cdm.errors import BadInput, GateRefused, SourceUnavailable

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 60.0
WHOLE_SECONDS = 300.0
MAX_ANSWER = 64_000_000
MAX_REDIRECTS = 3


@dataclass(frozen=True)
class WebApi:
    """One WebAPI. url: as `address.checked` gives it, without a secret. silence, whole: seconds without a byte, and in all."""

    url: str
    token: str | None = field(default=None, repr=False)
    silence: float = SILENCE_SECONDS
    whole: float = WHOLE_SECONDS

    def get(self, path: str, what: str) -> Any:
        """The JSON at a path. what: names it in errors. Raises as `_ask`; BadInput (Missing) where there is no such thing."""
        return self._ask("GET", path, what, None)

    def post(self, path: str, what: str, body: object) -> Any:
        """The JSON that answers another JSON."""
        return self._ask("POST", path, what, body)

    def _ask(self, method: Literal["GET", "POST"], path: str, what: str, body: object) -> Any:
        """Raises SourceUnavailable (away, too slow), GateRefused (401, 403), Missing (404), BadInput (all else)."""
        deadline = monotonic() + self.whole
        url = httpx.URL(f"{self.url}/{path}")
        with _told(self.url, self.silence), self._client() as client:
            for _ in range(MAX_REDIRECTS + 1):
                with client.stream(method, url, json=body) as answer:
                    if answer.is_redirect:
                        url = self._sent_on(url, answer, method)
                        continue
                    self._judge(answer.status_code, what)
                    return self._json(self._content(answer, deadline, what), what)
        raise BadInput(f"{self.url}: sends us from one address to the next without end; give the WebAPI's own address")

    def _client(self) -> httpx.Client:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "naru"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return httpx.Client(headers=headers, timeout=httpx.Timeout(self.silence, connect=CONNECT_SECONDS))

    def _sent_on(self, url: httpx.URL, answer: httpx.Response, method: str) -> httpx.URL:
        """Where a redirect leads: on the same host and port, or from http to https on the same host."""
        target = url.join(answer.headers["location"])
        same = (target.scheme, target.host, target.port) == (url.scheme, url.host, url.port)
        safer = (url.scheme, target.scheme) == ("http", "https") and target.host == url.host and target.port is None
        if not (same or safer) or target.userinfo:
            raise BadInput(
                f"{self.url}: sends us on to {target.scheme}://{target.netloc.decode('ascii', 'replace')[:200]}, where "
                "nothing is asked; if that is the right WebAPI, give its address yourself"
            )
        if method == "POST" and answer.status_code not in {307, 308}:
            raise BadInput(f"{self.url}: sends our question on to another page; give the WebAPI's own address")
        return target

    def _judge(self, status: int, what: str) -> None:
        if status == httpx.codes.UNAUTHORIZED:
            raise GateRefused(
                f"{self.url}: does not know who asks (401); give a bearer token that is still valid in NARU_WEBAPI_TOKEN or "
                "with --token-file"
            )
        if status == httpx.codes.FORBIDDEN:
            raise GateRefused(f"{self.url}: does not let us read {what} (403); ask for the permission there")
        if status == httpx.codes.NOT_FOUND:
            raise Missing(f"{self.url}: has no {what} (404)")
        if status != httpx.codes.OK:
            raise BadInput(f"{self.url}: answers the question for {what} with status {status}; see to it there")

    def _content(self, answer: httpx.Response, deadline: float, what: str) -> bytes:
        found = bytearray()
        for part in answer.iter_bytes():
            found += part
            if len(found) > MAX_ANSWER:
                raise BadInput(f"{self.url}: its {what} has more than {MAX_ANSWER / 1e6:.0f} MB, the most that is read")
            if monotonic() > deadline:
                raise SourceUnavailable(f"{self.url}: its {what} is not there after {self.whole:g} seconds; try again")
        return bytes(found)

    def _json(self, content: bytes, what: str) -> Any:
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            raise BadInput(
                f"{self.url}: its {what} is not JSON; give the address of a WebAPI, such as https://HOST/WebAPI"
            ) from None


class Missing(BadInput):
    """The WebAPI has no such thing."""


@contextmanager
def _told(url: str, silence: float) -> Iterator[None]:
    """Say in one sentence what the network did."""
    try:
        yield
    except httpx.ConnectTimeout:
        raise SourceUnavailable(
            f"{url}: cannot be reached within {CONNECT_SECONDS:g} seconds; see whether it runs"
        ) from None
    except httpx.TimeoutException:
        raise SourceUnavailable(
            f"{url}: says nothing for {silence:g} seconds; try again when it has less to do"
        ) from None
    except httpx.ConnectError as error:
        raise SourceUnavailable(f"{url}: {_unreachable(error)}") from None
    except httpx.HTTPError as error:
        raise SourceUnavailable(
            f"{url}: the connection broke off, or does not speak HTTP ({type(error).__name__}); try again"
        ) from None
    except (ImportError, ValueError, OSError) as error:
        raise BadInput(
            f"this machine's settings for the network cannot be used ({type(error).__name__}); see to HTTP_PROXY, "
            "HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE"
        ) from None


def _unreachable(error: httpx.ConnectError) -> str:
    behind: BaseException | None = error
    while behind is not None:
        if isinstance(behind, ssl.SSLCertVerificationError):
            return "its certificate is not trusted here; if it is of the hospital's own authority, name that in SSL_CERT_FILE"
        if isinstance(behind, ssl.SSLError):
            return "does not speak TLS as https asks for; see to the address"
        behind = behind.__cause__ or behind.__context__
    return "cannot be reached; see to the address, and whether it runs"
