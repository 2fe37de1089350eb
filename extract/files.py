"""Bytes on disk: digests, canonical JSON, copies that are checked while they are made."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import rfc8785

from cdm.errors import BadInput

CHUNK = 1 << 20


def canonical_json(value: Any) -> bytes:
    """Write JSON in the one form of RFC 8785, so that equal values are equal bytes."""
    return rfc8785.dumps(value)


def sha256_bytes(data: bytes) -> str:
    """SHA-256 as hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """SHA-256 of a file, read in pieces; outside Python's lock, so that threads help."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_files(root: Path, paths: Iterable[str], threads: int = 2) -> dict[str, str]:
    """Digest of every root/path."""
    asked = list(paths)
    with ThreadPoolExecutor(max_workers=max(1, threads)) as pool:
        return dict(zip(asked, pool.map(lambda path: sha256_file(root / path), asked), strict=True))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a new file and bring it to the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def copy_checked(source: Path, target: Path, sha256: str) -> None:
    """Copy a file to a new name and to the disk; BadInput when the bytes read are not those of `sha256`."""
    if target.exists():
        raise BadInput(f"{target}: exists already; copy to a new folder")
    resume_copy(source, target, sha256)


def resume_copy(source: Path, target: Path, sha256: str, watch: Callable[[int], None] | None = None) -> None:
    """Copy a file to `target` and to the disk, going on where an earlier try broke off.

    The bytes stand under a name of their own (.part) until all of them were checked; a target that is whole
    is kept. watch: called with the number of bytes after each piece. Raises BadInput when the bytes are not
    those of `sha256`.
    """
    if target.is_file() and sha256_file(target) == sha256:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    went_on = part.exists()
    found = _copy_on(source, part, watch)
    if found != sha256 and went_on:  # what the earlier try left was not this file's beginning
        part.unlink()
        found = _copy_on(source, part, watch)
    if found != sha256:
        part.unlink()
        raise BadInput(f"{source.name}: its bytes are not those of its manifest; it was changed, get it anew")
    part.replace(target)


def _copy_on(source: Path, part: Path, watch: Callable[[int], None] | None) -> str:
    """Append to `part` what it lacks of `source`; give the digest of the whole."""
    digest = hashlib.sha256()
    with part.open("ab+") as here, source.open("rb") as there:
        here.seek(0)
        while piece := here.read(CHUNK):
            digest.update(piece)
        there.seek(here.tell())
        while piece := there.read(CHUNK):
            digest.update(piece)
            here.write(piece)
            if watch is not None:
                watch(len(piece))
        here.flush()
        os.fsync(here.fileno())
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Bring a folder's list of names to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def checksum_lines(digests: Mapping[str, str]) -> bytes:
    """Write SHA256SUMS: lines that `sha256sum -c` reads, under a comment with the digest of the lines.

    The comment (sha256sum passes over it) tells a broken list from a broken file where nothing is signed yet.
    """
    body = "".join(f"{digests[path]}  {path}\n" for path in sorted(digests)).encode()
    return f"# sha256 of the lines below: {sha256_bytes(body)}\n".encode() + body


def read_checksum_lines(data: bytes) -> dict[str, str] | None:
    """Path -> digest out of SHA256SUMS; None when it is not, byte for byte, what `checksum_lines` writes."""
    found: dict[str, str] = {}
    for line in data.decode("utf-8", "replace").split("\n")[1:]:
        digest, gap, path = line.partition("  ")
        if gap:
            found[path] = digest
    return found if checksum_lines(found) == data else None
