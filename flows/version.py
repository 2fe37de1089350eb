"""Which code made a result: the release number, and a digest over the installed sources."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path

# The rooms whose code decides the bytes of a package. The portal and the command line do not.
ROOMS = ("cdm", "cohorts", "extract", "deid", "quality")
SUFFIXES = {".py", ".yaml", ".json", ".html", ".css", ".js"}


@cache
def number() -> str:
    """The version in the installed metadata."""
    return metadata.version("naru")


@cache
def digest() -> str:
    """SHA-256 over the sources of the rooms that decide a package's bytes, and of the stages that wire them."""
    root = Path(__file__).parent.parent
    files = [f for room in (*ROOMS, "flows/stages") for f in (root / room).rglob("*")]
    summed = hashlib.sha256()
    for file in sorted(f for f in files if f.suffix in SUFFIXES):
        summed.update(file.relative_to(root).as_posix().encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return summed.hexdigest()
