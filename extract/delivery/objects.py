"""A place that holds objects by name: a folder, any S3-compatible address, or (to read from) a web address.

| address | what it is |
|---|---|
| /path, file:///path | a folder, made when it is written to |
| s3://bucket/prefix | S3 or what speaks like it; address and credentials come from the environment alone: AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN |
| https://host/path | read only; http:// only on this machine, or where NARU_ALLOW_HTTP=1 says so |

An object appears whole or not at all: a folder's by a rename, S3's by the end of its multipart upload.
"""  # noqa: E501

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError, PermissionDeniedError, UnauthenticatedError
from obstore.store import HTTPStore, LocalStore, S3Store

from cdm.errors import BadInput

PIECE = 8 << 20
PARTS_AT_ONCE = 4
_HERE = ("localhost", "127.0.0.1", "::1")
# Of one request that fails at once. What breaks in the middle is told, and whoever asks goes on from there.
_RETRY: Any = {"max_retries": 3, "retry_timeout": timedelta(seconds=30), "backoff": {
    "init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=2), "base": 2}}  # fmt: skip
_CLIENT = {"connect_timeout": "10s", "timeout": "300s"}


class Broken(BadInput):
    """The connection or the store failed in the middle; the same again goes on from there."""


@dataclass(frozen=True)
class Objects:
    """An opened address. Every call raises Broken when the store fails, BadInput when it refuses.

    at_once: bytes that `read` waits for before it gives them on. 1: whatever a line brings, for it may break.
    """

    address: str
    _store: Any = field(repr=False)
    writable: bool = True
    at_once: int = 1

    def size(self, name: str) -> int | None:
        """Bytes of an object; None when there is none."""
        with self._told(f"looking for {name}"):
            try:
                return int(obstore.head(self._store, name)["size"])
            except (NotFoundError, FileNotFoundError):
                return None

    def get(self, name: str) -> bytes | None:
        """Read a small object; None when there is none."""
        with self._told(f"reading {name}"):
            try:
                return bytes(obstore.get(self._store, name).bytes())
            except (NotFoundError, FileNotFoundError):
                return None

    def read(self, name: str, offset: int) -> Iterator[bytes]:
        """Give an object's bytes from `offset` on, in pieces as they come (what waits for more is lost when the line breaks)."""
        with self._told(f"reading {name}"):
            try:
                options: Any = {"range": {"offset": offset}} if offset else None
                for piece in obstore.get(self._store, name, options=options).stream(min_chunk_size=self.at_once):
                    yield bytes(piece)
            except (NotFoundError, FileNotFoundError):
                raise BadInput(f"{self.address}: has no {name} (any more)") from None

    def put(self, name: str, data: bytes) -> None:
        """Write a small object, over what is there."""
        with self._told(f"writing {name}"):
            obstore.put(self._store, name, data, use_multipart=False)

    def put_file(self, name: str, path: Path) -> None:
        """Write a file as an object, in parts, a few of them in memory at a time."""
        with self._told(f"writing {name}"):
            obstore.put(self._store, name, path, chunk_size=PIECE, max_concurrency=PARTS_AT_ONCE)

    def names(self, prefix: str) -> tuple[str, ...]:
        """Name the objects below a prefix, in order."""
        with self._told(f"listing {prefix}"):
            found = obstore.list(self._store, prefix=prefix)
            return tuple(sorted(str(one["path"]) for page in found for one in page))

    def delete(self, name: str) -> None:
        """Remove an object; nothing happens when there is none."""
        with self._told(f"deleting {name}"):
            try:
                obstore.delete(self._store, name)
            except (NotFoundError, FileNotFoundError):
                return

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        """Say what failed. The library's own text may quote an address with its credentials: it is left out."""
        where = f"{self.address}: {doing}"
        try:
            yield
        except BadInput:
            raise
        except (PermissionDeniedError, UnauthenticatedError, PermissionError):
            raise BadInput(
                f"{where}: the store refuses; check the credentials in the environment, and its rights"
            ) from None
        except BaseError as error:
            raise Broken(f"{where} failed ({type(error).__name__}); do it again, it goes on where it stopped") from None
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise BadInput(f"{where}: the disk is full; make room and do it again") from None
            raise Broken(f"{where} failed ({error.strerror or type(error).__name__}); do it again") from None


def open_objects(address: str) -> Objects:
    """Open an address. Raises BadInput for one that is none; nothing is asked of it yet."""
    parts = urlsplit(address)
    if parts.username or parts.password:
        raise BadInput("a store's address holds no name or password; credentials come from the environment")
    if parts.scheme in ("", "file"):
        return _folder(Path(parts.path if parts.scheme else address).expanduser().absolute())
    if parts.scheme == "s3" and parts.netloc:
        return Objects(address, _s3(parts.netloc, parts.path.strip("/")))
    if parts.scheme in ("http", "https") and parts.hostname:
        plain = parts.scheme == "http"
        if plain and not _http_allowed(parts.hostname):
            raise BadInput(f"{address}: https:// is expected; NARU_ALLOW_HTTP=1 allows http:// to another machine")
        options: Any = {**_CLIENT, "allow_http": plain}
        return Objects(
            address, HTTPStore.from_url(address, client_options=options, retry_config=_RETRY), writable=False
        )
    raise BadInput(f"'{address}': a folder, s3://BUCKET/PREFIX or https://HOST/PATH is expected")


def _folder(path: Path) -> Objects:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Objects(str(path), LocalStore(path), at_once=PIECE)
    except OSError as error:
        raise BadInput(f"{path}: cannot be used as a store ({error.strerror}); name a folder you may write") from None


def _s3(bucket: str, prefix: str) -> S3Store:
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    host = urlsplit(endpoint).hostname if endpoint else None
    plain = bool(endpoint and endpoint.startswith("http://"))
    if plain and not _http_allowed(host or ""):
        raise BadInput("AWS_ENDPOINT_URL: https:// is expected; NARU_ALLOW_HTTP=1 allows http:// to another machine")
    missing = [name for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") if not os.environ.get(name)]
    if missing and not os.environ.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        raise BadInput(f"s3://{bucket}: {' and '.join(missing)} must be set in the environment")
    options: Any = {**_CLIENT, "allow_http": plain}
    return S3Store(bucket, prefix=prefix or None, client_options=options, retry_config=_RETRY)


def _http_allowed(host: str) -> bool:
    return host in _HERE or os.environ.get("NARU_ALLOW_HTTP") == "1"
