"""The address of a WebAPI, and the token with which we ask it."""

from __future__ import annotations

import ipaddress
import os
import re
import stat
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from cdm.errors import BadInput

VARIABLE = "NARU_WEBAPI_TOKEN"
MAX_TOKEN = 16_384


def checked(url: str) -> str:
    """The address without a slash at its end. Raises BadInput for what is no WebAPI's address or holds a secret."""
    parts = _parts(url)
    if parts is None or not url.isascii() or not url.isprintable() or " " in url:
        raise BadInput("--webapi has to be an address such as https://HOST/WebAPI")
    if "@" in parts.netloc or parts.query:
        raise BadInput(
            "--webapi holds more than an address; a user, a password or a token do not belong there: take out what "
            f"stands before @ or after ?, and give a bearer token in {VARIABLE} or a file (--token-file)"
        )
    if "#" in url:
        raise BadInput("--webapi names a page of ATLAS (#); give its WebAPI, an address such as https://HOST/WebAPI")
    return url.rstrip("/")


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and len(url) <= 1000
    except ValueError:
        return None
    return parts if valid else None


def token(url: str, file: Path | None) -> str | None:
    """The bearer token: of a file that nobody else can read, else of the environment, else none.

    Raises BadInput for a file that others can read, a token that is none, or one that would travel unencrypted.
    """
    found = os.environ.get(VARIABLE) if file is None else _in(file)
    if not found:
        return None
    given = found.strip().removeprefix("Bearer ").strip()
    where = f"the environment's {VARIABLE}" if file is None else str(file)
    if not re.fullmatch(r"[\x21-\x7e]+", given) or len(given) > MAX_TOKEN:
        raise BadInput(f"{where}: holds no bearer token (one word of letters, digits and signs); copy it again")
    if url.startswith("http:") and not _is_here(urlsplit(url).hostname or ""):
        raise BadInput(f"{url}: a token would travel there unencrypted; give an https address")
    return given


def _in(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            status = os.fstat(opened.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise BadInput(f"{file}: is no regular file; give a file that holds the bearer token")
            if stat.S_IMODE(status.st_mode) & 0o077:
                mode = f"{stat.S_IMODE(status.st_mode):o}"
                raise BadInput(f"{file}: others can read this token (mode {mode}); change it to 600")
            return opened.read(MAX_TOKEN + 1).decode("ascii", "replace")
    except OSError as error:
        raise BadInput(f"{file}: the token cannot be read ({error.strerror})") from None


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
