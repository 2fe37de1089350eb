"""Addresses of hospitals' databases: scheme://place?options, and what they must not hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote

from cdm.errors import BadInput

ACCEPTED = (
    "duckdb:///path/file.duckdb?schema=cdm",
    "parquet:///path/folder",
    "postgresql://user@host:5432/database?schema=cdm",
    "spark://local[2]/path/folder",
    "spark://host:15002?schema=cdm",
    "sample://gibleed",
    "sample://synthea1k",
    "synthetic://NAME?persons=50000&seed=1",
)


@dataclass(frozen=True)
class Address:
    """An address in parts: scheme://place?options, percent signs decoded in the options only."""

    url: str
    scheme: str
    place: str
    options: dict[str, str]

    def only(self, *accepted: str) -> dict[str, str]:
        """Give the options, refusing those that are not accepted."""
        if strangers := sorted(set(self.options) - set(accepted)):
            knows = f"it accepts {', '.join(accepted)}" if accepted else "it accepts none"
            raise BadInput(f"option {', '.join(strangers)} of {self.url} is unknown; {knows}")
        return self.options

    @property
    def path(self) -> Path:
        """Read the path after scheme://: absolute with a leading slash, else relative; ~ is the user's home."""
        place = unquote(self.place)
        if not place.strip("/"):
            raise BadInput(
                f"{self.url} names no path; write {self.scheme}:///absolute/path or {self.scheme}://relative"
            )
        path = Path("/" + place.lstrip("/")) if place.startswith("/") else Path(place).expanduser()
        relative = Path(place.lstrip("/"))
        if place.startswith("/") and not path.exists() and relative.exists():
            raise BadInput(
                f"there is no {path}, but there is {relative} in this folder; a relative path has two slashes: "
                f"{self.scheme}://{relative}"
            )
        return path


def parse(url: str) -> Address:
    """Take an address apart; BadInput when it is none, names an option twice, or holds a password."""
    match = re.fullmatch(r"([A-Za-z][A-Za-z0-9+.-]*)://([^?]*)(?:\?(.*))?", url.strip(), re.DOTALL)
    if match is None:
        raise BadInput(f"a source is an address with ://; accepted: {', '.join(ACCEPTED)}")
    scheme, place, query = match[1].lower(), match[2], match[3] or ""
    pairs = parse_qsl(query, keep_blank_values=True)
    _refuse_password(scheme, place, query)
    options = dict(pairs)
    if len(options) < len(pairs):
        raise BadInput(f"{url} names an option twice; name each once")
    return Address(url.strip(), scheme, place, options)


def _refuse_password(scheme: str, place: str, query: str) -> None:
    """Refuse a secret without repeating any of the address: what is typed is kept in histories and shown to others."""
    if scheme in ("duckdb", "parquet"):
        return
    user = place.rpartition("@")[0]
    if ":" in user.rstrip(":") or "@" in query or re.search(r"(^|&)[^=&]*(pass|secret|token)", query, re.IGNORECASE):
        raise BadInput(
            f"the {scheme} address holds a password, which does not belong there; take it out and give it in "
            "NARU_SOURCE_PASSWORD, PGPASSWORD or a password file (~/.pgpass, PGPASSFILE)"
        )
