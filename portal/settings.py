"""How a portal is set up. Wired in flows/; secrets come as files or from the environment, never on a command line."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from drb.errors import BadInput
from drb.views import ReleaseView


@dataclass(frozen=True)
class Oidc:
    """An OpenID provider."""

    issuer: str
    client_id: str
    client_secret: str
    name_ko: str = "기관 통합 로그인"
    name_en: str = "Single sign-on"


@dataclass(frozen=True)
class Offer:
    """A study that a startup may apply for; title, purpose: Korean and English."""

    study: str
    title: Mapping[str, str]
    purpose: Mapping[str, str]
    tables: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class PortalSettings:
    """board_url, store: where the board and the published releases are. key: 32 bytes that seal second factors.

    address: as browsers see it; with https the cookies are for https only. second_factor: whether those who decide need
    one. prefect: address of Prefect's pages, for links. public_keys: whose -> Ed25519 key in hexadecimal digits. limits:
    whether requests are counted against limits. delivery: the address that startups fetch sealed releases from.
    empty_stores: takes a recalled release out of the stores and raises nothing; None where this portal may not.
    """

    board_url: str
    key: bytes
    store: Path | None = None
    address: str = "http://127.0.0.1:8300"
    second_factor: Literal["required", "optional"] = "required"
    undo_minutes: int = 10
    prefect: str | None = None
    oidc: Oidc | None = None
    offers: tuple[Offer, ...] = field(default=())
    public_keys: Mapping[str, str] = field(default_factory=dict)
    limits: bool = True
    delivery: str | None = None
    empty_stores: Callable[[ReleaseView], None] | None = None

    @property
    def secure(self) -> bool:
        """Whether browsers come by https."""
        return self.address.startswith("https://")


def secret_key(path: Path) -> bytes:
    """Read the key file, made with 32 random bytes when it is missing. Raises BadInput for one that others may read."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(os.urandom(32))
        if path.stat().st_mode & 0o077:
            raise BadInput(f"{path}: others may read this key; close it with: chmod 600 {path}")
        key = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: the portal's key cannot be read or made: {error.strerror}") from None
    if len(key) != 32:
        raise BadInput(f"{path}: the portal's key has 32 bytes, this file has {len(key)}")
    return key
