"""Receive a sealed release: through any number of breaks, every byte held against its digest and the signatures.

The manifest, its signatures and the approval come first: what is unsigned, not approved, expired or another release
is refused before anything else is fetched. A piece that was fetched is not fetched again.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cdm.errors import BadInput, GateRefused
from extract import seal
from extract.delivery.index import FIRST, Index, SealedFile, index_name, parse_index
from extract.delivery.objects import Broken, Objects
from extract.delivery.recall import recalled
from extract.files import sha256_file, sync_folder
from extract.lock import alone
from extract.manifest import read_manifest
from extract.verify import TrustedKeys, VerifyReport, verify

# Tries in a row that brought no byte before it is given up; those that brought some do not count.
TRIES = 6
Watch = Callable[[int], None]


@dataclass(frozen=True)
class Receipt:
    """What is asked for. today: of Korea; expired is what ended before it. pause: seconds before the first new try."""

    release: str
    identity: seal.Identity
    today: date
    trusted: TrustedKeys | None = None
    pause: float = 0.3


def receive(objects: Objects, asked: Receipt, to: Path, watch: Watch | None = None) -> VerifyReport:
    """Fetch, open and verify a release into the folder `to`, which appears whole or not at all.

    watch: called with the number of bytes after each piece. The same again verifies what is there. Raises GateRefused
    where it is recalled, expired, unsigned or not what was signed, BadInput where it is not here or not sealed to this
    identity, Broken where the connection failed too often: the same again goes on.
    """
    notice = recalled(objects, asked.release)
    if notice is not None:
        raise GateRefused(
            f"{asked.release}: was recalled on {notice.recalled_on}; it cannot be had any more, destroy your copies"
        )
    index = _index(objects, asked)
    partial = to.parent / f".{to.name}.partial"
    to.parent.mkdir(parents=True, exist_ok=True)
    with alone(to.parent / f".{to.name}.lock", f"receiving {asked.release}"):
        if to.exists():
            return _judged(to, asked, index)
        _begin(partial, index)
        for file in index.ordered:
            _one(objects, file, partial, asked, watch)
            if file.path == FIRST[-1]:
                _judge_first(partial / "release", asked, index)
        report = _whole(partial / "release", asked, index)
        sync_folder(partial / "release")
        (partial / "release").rename(to)
        sync_folder(to.parent)
        shutil.rmtree(partial, ignore_errors=True)
    return report


def _index(objects: Objects, asked: Receipt) -> Index:
    data = objects.get(index_name(asked.release))
    if data is None:
        raise BadInput(
            f"{objects.address}: has no release '{asked.release}'; it was never delivered there, or is recalled"
        )
    index = parse_index(data, index_name(asked.release))
    paths = {file.path for file in index.files}
    if index.release != asked.release or not paths.issuperset(FIRST):
        raise GateRefused(f"{asked.release}: what lies under this name is another release, or not signed and approved")
    if asked.identity.public not in index.recipients:
        raise BadInput(
            f"{asked.release}: is not sealed to your key {asked.identity.public}; register it (naru key register) and ask "
            "the hospital to deliver again"
        )
    return index


def _begin(partial: Path, index: Index) -> None:
    """Keep what an earlier try of this very index left, and nothing else."""
    marker = partial / "index.json"
    if partial.exists() and not (marker.is_file() and marker.read_bytes() == index.to_bytes()):
        shutil.rmtree(partial)
    partial.mkdir(exist_ok=True, mode=0o700)
    if not marker.is_file():
        fresh = partial / "index.tmp"
        fresh.write_bytes(index.to_bytes())
        fresh.replace(marker)


def _one(objects: Objects, file: SealedFile, partial: Path, asked: Receipt, watch: Watch | None) -> None:
    """Bring one file: its sealed bytes piece by piece, then opened under its own name."""
    goal = partial / "release" / file.path
    if goal.is_file():  # opened by an earlier try; every byte is verified at the end
        return
    sealed = partial / f"{file.sha256}.age"
    _fetch(objects, file, sealed, asked.pause, watch)
    if sha256_file(sealed) != file.sha256:
        sealed.unlink()
        raise GateRefused(
            f"{file.path}: its sealed bytes are not those of the index; do it again, and tell the hospital if it stays so"
        )
    goal.parent.mkdir(parents=True, exist_ok=True)
    opened = goal.with_name(goal.name + ".opening")
    try:
        seal.open_file(sealed, opened, asked.identity)
    except OSError as error:
        raise BadInput(f"opening {file.path}: {error.strerror or 'the disk refused'}; check space and rights") from None
    opened.replace(goal)
    sealed.unlink()


def _fetch(objects: Objects, file: SealedFile, part: Path, pause: float, watch: Watch | None) -> None:
    """Append what `part` lacks, over as many connections as it takes."""
    failures = 0
    with part.open("ab") as here:
        while here.tell() != file.size:
            if here.tell() > file.size:  # not this object's beginning
                here.truncate(0)
                here.seek(0)
            before = here.tell()
            try:
                for piece in objects.read(file.object, before):
                    here.write(piece)
                    if watch is not None:
                        watch(len(piece))
                broken = here.tell() == before
            except Broken:
                broken = True
            here.flush()
            failures = failures + 1 if here.tell() == before else 0
            if failures >= TRIES:
                raise Broken(
                    f"{objects.address}: {TRIES} tries in a row brought nothing; do it again later, it goes on where it stopped"
                )
            if broken:
                time.sleep(min(pause * 2**failures, 10))


def _judge_first(folder: Path, asked: Receipt, index: Index) -> None:
    """Refuse, before the data come, what may not be had: the files that say so are here."""
    found = verify(folder, asked.trusted)
    heads = [f for f in found.findings if f.file in FIRST]
    if heads:
        raise GateRefused(
            f"{asked.release}: {heads[0].file} {heads[0].what}; nothing more was fetched, tell the hospital"
        )
    _refuse_other(folder, asked, index)


def _whole(folder: Path, asked: Receipt, index: Index) -> VerifyReport:
    """Judge what was fetched; what is not as it was made is thrown away, so that the next try fetches it again."""
    try:
        return _judged(folder, asked, index)
    except GateRefused:
        for finding in verify(folder).findings:
            if (folder / finding.file).is_file():
                (folder / finding.file).unlink()
        raise


def _judged(folder: Path, asked: Receipt, index: Index) -> VerifyReport:
    report = verify(folder, asked.trusted, expected_digest=index.manifest_sha256)
    if not report.ok:
        bad = report.findings[0]
        raise GateRefused(f"{asked.release}: {bad.file} {bad.what}; do not use it, and tell the hospital")
    _refuse_other(folder, asked, index)
    return report


def _refuse_other(folder: Path, asked: Receipt, index: Index) -> None:
    manifest = read_manifest(folder)
    if manifest.release != asked.release or manifest.digest != index.manifest_sha256:
        raise GateRefused(
            f"{asked.release}: what lies under this name is {manifest.release}; do not use it, and tell the hospital"
        )
    ends = manifest.terms.expires_on
    if ends is not None and ends < asked.today.isoformat():
        raise GateRefused(f"{asked.release}: its use ended on {ends}; it cannot be had any more, destroy your copies")
