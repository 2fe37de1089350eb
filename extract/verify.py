"""Is this folder the release, byte for byte? Every file that is not as it was made is named.

Three lists stand for one another: SHA256SUMS carries its own digest and covers every other file;
MANIFEST.json is in canonical form and covers the content; MANIFEST.sig covers the manifest and the
approval. A file is accused by a list that is itself whole, so that a damaged list accuses itself and not
the innocent files it names. No network.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cdm.errors import BadInput
from extract.files import read_checksum_lines, sha256_files
from extract.manifest import APPROVAL, CHECKSUMS, MANIFEST, SIGNATURES, Manifest, parse_manifest
from extract.signatures import Role, Signature, Signatures, parse_signatures

TrustedKeys = Mapping[Role, Collection[str]]


@dataclass(frozen=True)
class Finding:
    """One file that is not as it was made: its path in the release, and what is wrong with it."""

    file: str
    what: str


@dataclass(frozen=True)
class VerifyReport:
    """release, digest: what the manifest says it is, None without a readable one.

    signed_by: role -> public key of the signatures that hold. files, bytes: how much was read.
    """

    ok: bool
    findings: tuple[Finding, ...]
    release: str | None = None
    digest: str | None = None
    signed_by: Mapping[str, str] = field(default_factory=dict)
    files: int = 0
    bytes: int = 0

    def to_json(self) -> dict[str, object]:
        """Give plain JSON."""
        return {
            "ok": self.ok,
            "release": self.release,
            "digest": self.digest,
            "signed_by": dict(self.signed_by),
            "files": self.files,
            "bytes": self.bytes,
            "findings": [{"file": finding.file, "what": finding.what} for finding in self.findings],
        }


@dataclass
class _Folder:
    """What stands in the folder: digests of its files, and the first thing found wrong with each."""

    root: Path
    sizes: dict[str, int] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)

    def accuse(self, file: str, what: str) -> None:
        self.wrong.setdefault(file, what)

    def sound(self, file: str) -> bool:
        """Whether the file is there and nothing speaks against it."""
        return file in self.digests and file not in self.wrong

    def read(self, file: str) -> bytes:
        return (self.root / file).read_bytes()


def verify(
    folder: Path,
    trusted_keys: TrustedKeys | None = None,
    *,
    require_signature: bool = True,
    expected_digest: str | None = None,
    threads: int = 2,
) -> VerifyReport:
    """Check a release folder.

    trusted_keys: role -> public keys that may sign; None checks that the signatures hold under the keys
        they come with, which shows damage and not forgery.
    require_signature: False also accepts a release that was built and not yet approved; signatures that are
        there are checked all the same.
    expected_digest: the manifest digest that this release is known by (an older release is then told from
        it).
    Raises BadInput when `folder` is no folder.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder; give the folder of a release")
    there = _Folder(folder)
    _walk(there)
    there.digests.update(sha256_files(folder, sorted(there.sizes), threads))
    _check_list(there)
    manifest = _check_manifest(there, expected_digest)
    published = require_signature or SIGNATURES in there.digests or APPROVAL in there.digests
    signed_by = _check_signatures(there, trusted_keys) if published else {}
    findings = tuple(Finding(file, what) for file, what in sorted(there.wrong.items()))
    return VerifyReport(
        ok=not findings,
        findings=findings,
        release=manifest.release if manifest else None,
        digest=there.digests.get(MANIFEST) if manifest else None,
        signed_by=signed_by,
        files=len(there.sizes),
        bytes=sum(there.sizes.values()),
    )


def _walk(there: _Folder) -> None:
    """List plain files; accuse whatever else stands there (a link could point at anything, or change)."""
    for entry, empty in _entries(there.root):
        name = os.path.relpath(entry.path, there.root).encode("utf-8", "backslashreplace").decode()
        if entry.is_symlink():
            there.accuse(name, "is a symbolic link; a release has plain files only")
        elif entry.is_dir():
            if empty:
                there.accuse(name, "is an empty folder that is not part of the release")
        elif not entry.is_file(follow_symlinks=False):
            there.accuse(name, "is neither a file nor a folder")
        elif not os.access(entry.path, os.R_OK):
            there.accuse(name, "cannot be read; check its rights")
        else:
            there.sizes[name] = entry.stat(follow_symlinks=False).st_size


def _entries(folder: Path) -> Iterator[tuple[os.DirEntry[str], bool]]:
    """Give everything below `folder`, depth first, with whether it is an empty folder."""
    with os.scandir(folder) as entries:
        listed = sorted(entries, key=lambda entry: entry.name)
    for entry in listed:
        if entry.is_dir(follow_symlinks=False):
            below = list(_entries(Path(entry.path)))
            yield entry, not below
            yield from below
        else:
            yield entry, False


def _check_list(there: _Folder) -> None:
    """Hold every file against SHA256SUMS."""
    if CHECKSUMS not in there.digests:
        there.accuse(CHECKSUMS, "is missing")
        return
    listed = read_checksum_lines(there.read(CHECKSUMS))
    if listed is None:
        there.accuse(CHECKSUMS, "was changed: it does not bear its own digest")
        return
    for file, digest in listed.items():
        _compare(there, file, digest, CHECKSUMS)
    for file in there.digests:
        if file not in listed and file != CHECKSUMS:
            there.accuse(file, "is not part of the release")


def _check_manifest(there: _Folder, expected: str | None) -> Manifest | None:
    """Hold every file of the content against MANIFEST.json, if the manifest is whole."""
    if MANIFEST not in there.digests:
        there.accuse(MANIFEST, "is missing")
        return None
    if expected is not None and there.digests[MANIFEST] != expected:
        there.accuse(MANIFEST, "is the manifest of another release or version than the one expected")
    if not there.sound(MANIFEST):
        return None
    try:
        manifest = parse_manifest(there.read(MANIFEST))
    except BadInput:
        there.accuse(MANIFEST, "was changed: it is not in the form in which manifests are written")
        return None
    for file in manifest.files:
        _compare(there, file.path, file.sha256, MANIFEST)
    known = {file.path for file in manifest.files} | {MANIFEST, CHECKSUMS, SIGNATURES, APPROVAL}
    for name in there.digests:
        if name not in known:
            there.accuse(name, "is not part of the release")
    return manifest


def _compare(there: _Folder, file: str, digest: str, by: str) -> None:
    if file not in there.digests:
        there.accuse(file, "is missing")
    elif there.digests[file] != digest:
        there.accuse(file, f"was changed: its bytes are not those that {by} tells")


def _check_signatures(there: _Folder, trusted: TrustedKeys | None) -> dict[str, str]:
    """Hold manifest and approval against MANIFEST.sig; give role -> public key of what holds."""
    for file in (SIGNATURES, APPROVAL):
        if file not in there.digests:
            there.accuse(file, "is missing: the release is not signed and approved")
    if not there.sound(SIGNATURES):
        return {}
    try:
        found = parse_signatures(there.read(SIGNATURES))
    except BadInput:
        there.accuse(SIGNATURES, "was changed: it is not in the form in which signatures are written")
        return {}
    signatures: dict[Role, Signature] = {"hospital": found.hospital, "board": found.board}
    holding: dict[str, str] = {
        role: signature.public_key
        for role, signature in signatures.items()
        if _check_one(there, role, signature, trusted)
    }
    _check_approval(there, found)
    return holding


def _check_one(there: _Folder, role: Role, signature: Signature, trusted: TrustedKeys | None) -> bool:
    statement = signature.statement
    if statement.role != role or statement.says != {"hospital": "built", "board": "approved"}[role]:
        there.accuse(SIGNATURES, f"has something else in the place of the signature of the {role}")
    elif not signature.holds:
        there.accuse(SIGNATURES, f"was changed: the signature of the {role} does not hold")
    elif trusted is not None and signature.public_key not in trusted.get(role, ()):
        there.accuse(SIGNATURES, f"is signed as {role} with a key that is not trusted")
    elif statement.manifest_sha256 != there.digests.get(MANIFEST):
        there.accuse(MANIFEST, f"is not the manifest that the {role} signed")
    else:
        return True
    return False


def _check_approval(there: _Folder, found: Signatures) -> None:
    if not (there.sound(APPROVAL) and there.sound(SIGNATURES)):
        return
    if there.digests[APPROVAL] != found.board.statement.approval_sha256:
        there.accuse(APPROVAL, "is not the approval that the board signed")
        return
    try:
        of = json.loads(there.read(APPROVAL)).get("manifest_sha256")
    except (ValueError, AttributeError):
        of = None
    if of != found.board.statement.manifest_sha256:
        there.accuse(APPROVAL, "is the approval of another manifest")
