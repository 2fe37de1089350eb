"""The release store on a local folder: store/<release>/, visible only when whole.

An upload or download goes on in a hidden folder beside its goal and appears by one rename after every byte
was checked and brought to the disk. What an interrupted one left is continued, not repeated.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cdm.errors import BadInput
from extract.files import read_checksum_lines, resume_copy, sha256_file, sync_folder, write_bytes
from extract.lock import alone
from extract.manifest import CHECKSUMS, MANIFEST, check_release_name, read_manifest

INCOMING = ".incoming"
WITHDRAWN = ".withdrawn"

Watch = Callable[[int], None]


@dataclass(frozen=True)
class Stored:
    """A release in the store. digest: of its manifest. bytes: of all its files."""

    name: str
    version: str
    digest: str
    bytes: int


def publish(package_dir: Path, store: Path, name: str, watch: Watch | None = None) -> Stored:
    """Put a release into the store, checking every byte on the way; nothing is seen before all of it is there.

    Publishing the same again changes nothing; another content under the same name is refused, for a release
    is immutable. watch: called with the number of bytes after each piece. Raises BadInput.
    """
    _check_name(name)
    listing = _listing(package_dir)
    goal, incoming = store / name, store / INCOMING / name
    with _disk(f"publishing {name}", store):
        incoming.parent.mkdir(parents=True, exist_ok=True)
        with alone(store / INCOMING / f"{name}.lock", f"publishing {name}"):
            if goal.exists():
                _refuse_other(
                    goal, listing, f"{name} is published already with another content; a change is a new version"
                )
            else:
                _fill(package_dir, incoming, listing, watch)
                _show(incoming, goal)
            shutil.rmtree(incoming, ignore_errors=True)
    return _stored(goal)


def fetch(store: Path, name: str, to: Path, watch: Watch | None = None) -> Stored:
    """Copy a release out of the store into the new folder `to`, checking every byte; goes on where it was broken off.

    What was fetched is complete and undamaged; whether it is signed by the right people, `extract.verify`
    tells. Fetching the same again changes nothing. Raises BadInput.
    """
    _check_name(name)
    if not (store / name / MANIFEST).is_file():
        raise BadInput(f"{name}: not in the release store {store}; it was never published, or is recalled")
    listing = _listing(store / name)
    partial = to.parent / f".{to.name}.partial"
    with _disk(f"fetching {name}", to.parent):
        to.parent.mkdir(parents=True, exist_ok=True)
        with alone(to.parent / f".{to.name}.lock", f"fetching {name}"):
            if to.exists():
                _refuse_other(to, listing, f"{to} holds something else; choose another folder")
            else:
                _fill(store / name, partial, listing, watch)
                _show(partial, to)
            shutil.rmtree(partial, ignore_errors=True)
    return _stored(to)


def list_releases(store: Path) -> tuple[Stored, ...]:
    """Name the whole releases of the store, by name. An absent store holds none."""
    if not store.is_dir():
        return ()
    with _disk("listing the releases", store):
        names = sorted(path.name for path in store.iterdir() if not path.name.startswith("."))
        return tuple(_stored(store / name) for name in names if (store / name / MANIFEST).is_file())


def withdraw(store: Path, name: str) -> None:
    """Take a release out of the store: at once invisible, then deleted. Repeating changes nothing. Raises BadInput."""
    _check_name(name)
    goal, hidden = store / name, store / WITHDRAWN / name
    with _disk(f"withdrawing {name}", store):
        if goal.exists():
            hidden.parent.mkdir(exist_ok=True)
            shutil.rmtree(hidden, ignore_errors=True)
            goal.rename(hidden)
            sync_folder(store)
        if hidden.exists():
            shutil.rmtree(hidden)


def _check_name(name: str) -> None:
    try:
        check_release_name(name)
    except ValueError as error:
        raise BadInput(f"release '{name}': {error}") from None


def _listing(release: Path) -> dict[str, str]:
    """Path -> digest of every file of a release, SHA256SUMS itself included."""
    path = release / CHECKSUMS
    try:
        data = path.read_bytes()
        digest = sha256_file(path)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}); is {release} a release?") from None
    listed = read_checksum_lines(data)
    if listed is None or MANIFEST not in listed or any(_outside(path) for path in listed):
        raise BadInput(f"{path}: was changed, it does not bear its own digest; build or get the release anew")
    return {**listed, CHECKSUMS: digest}


def _outside(path: str) -> bool:
    return path.startswith("/") or any(part in ("", ".", "..") for part in path.split("/"))


def _fill(source: Path, target: Path, listing: dict[str, str], watch: Watch | None) -> None:
    """Bring `target` to hold exactly the listed files; whole ones from an earlier try are checked and kept."""
    marker = target / CHECKSUMS
    if target.exists() and not (marker.is_file() and sha256_file(marker) == listing[CHECKSUMS]):
        shutil.rmtree(target)  # of another release, or broken off before its first file
    if not target.exists():
        target.mkdir(parents=True)
        write_bytes(marker, (source / CHECKSUMS).read_bytes())
    for path, digest in sorted(listing.items()):
        resume_copy(source / path, target / path, digest, watch)
    for folder in sorted({target / Path(path).parent for path in listing}):
        sync_folder(folder)
    strangers = {p.relative_to(target).as_posix() for p in target.rglob("*") if not p.is_dir()} - set(listing)
    for stranger in strangers:
        (target / stranger).unlink()


def _show(whole: Path, goal: Path) -> None:
    try:
        whole.rename(goal)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise BadInput(f"{goal}: appeared in the meantime; look what it is and try again") from None
        raise
    sync_folder(goal.parent)


def _refuse_other(there: Path, listing: dict[str, str], sentence: str) -> None:
    marker = there / CHECKSUMS
    if not marker.is_file() or sha256_file(marker) != listing[CHECKSUMS]:
        raise BadInput(sentence)


def _stored(release: Path) -> Stored:
    manifest = read_manifest(release)
    size = sum(path.stat().st_size for path in release.rglob("*") if path.is_file())
    return Stored(release.name, manifest.version, manifest.digest, size)


@contextmanager
def _disk(doing: str, where: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        told = {
            errno.ENOSPC: f"the disk of {where} is full; make room and do it again, it goes on where it stopped",
            errno.EDQUOT: f"the quota at {where} is used up; make room and do it again",
            errno.EACCES: f"{error.filename or where} may not be read or written; check its rights",
            errno.EPERM: f"{error.filename or where} may not be read or written; check its rights",
            errno.EROFS: f"{where} is read-only; choose another folder or mount it writable",
            errno.ENOENT: f"{error.filename or where} is not there (any more); look at the folder and do it again",
        }
        reason = told.get(error.errno or 0, f"{error.strerror or type(error).__name__} at {error.filename or where}")
        raise BadInput(f"{doing}: {reason}") from None
