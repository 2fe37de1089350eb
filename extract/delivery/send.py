"""Deliver a signed release: every file sealed and uploaded, then its index. What broke off goes on, and shows nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from cdm.errors import BadInput
from extract import seal
from extract.delivery.index import Index, SealedFile, index_name, parse_index, recall_name
from extract.delivery.objects import Objects
from extract.files import canonical_json, read_checksum_lines, sha256_file
from extract.lock import alone
from extract.manifest import CHECKSUMS, Manifest, read_manifest

Watch = Callable[[int], None]


def deliver(
    release: Path,
    objects: Objects,
    recipients: Sequence[str],
    work: Path,
    earlier: Path | None = None,
    watch: Watch | None = None,
) -> Index:
    """Put the signed release in the folder `release` into `objects`, sealed to `recipients` (age1...).

    work: a folder for what is on its way; it remembers what was uploaded, and is removed at the end. earlier: the
    signed folder of a release that lies in `objects` already: what did not change is not sent again. watch: called
    with the bytes of each object that was sent. Delivering the same again changes nothing; to further recipients it
    is sealed anew. Raises BadInput for another content under the same name, and for a recalled release.
    """
    manifest = read_manifest(release)
    name, keys = manifest.release, sorted(set(recipients))
    listing = _listing(release)
    work.mkdir(parents=True, exist_ok=True, mode=0o700)
    with alone(work.with_name(work.name + ".lock"), f"delivering {name}"):
        found = _there(objects, manifest)
        if found is not None and found.recipients == tuple(keys):
            shutil.rmtree(work, ignore_errors=True)
            return found
        journal = _Journal(work, {**listing, "recipients": ",".join(keys)})
        kept = _unchanged(objects, listing, keys, earlier)
        files = []
        for path in sorted(listing):
            file = kept.get(path) or journal.sent(path, objects)
            if file is None:
                file = _send(release / path, path, objects, keys, work)
                journal.note(file)
                if watch is not None:
                    watch(file.size)
            files.append(file)
        index = Index(
            release=name,
            version=manifest.version,
            manifest_sha256=manifest.digest,
            recipients=tuple(keys),
            files=tuple(files),
        )
        objects.put(index_name(name), index.to_bytes())
        shutil.rmtree(work, ignore_errors=True)
    return index


def _there(objects: Objects, manifest: Manifest) -> Index | None:
    if objects.size(recall_name(manifest.release)) is not None:
        raise BadInput(f"{manifest.release}: was recalled; it is not delivered again")
    data = objects.get(index_name(manifest.release))
    if data is None:
        return None
    found = parse_index(data, index_name(manifest.release))
    if found.manifest_sha256 != manifest.digest:
        raise BadInput(f"{manifest.release}: delivered already with another content; a change is a new version")
    return found


def _listing(release: Path) -> dict[str, str]:
    """Path -> digest of every file, SHA256SUMS itself included."""
    try:
        data = (release / CHECKSUMS).read_bytes()
    except OSError as error:
        raise BadInput(f"{release / CHECKSUMS}: cannot be read ({error.strerror}); is {release} a release?") from None
    listed = read_checksum_lines(data)
    if listed is None:
        raise BadInput(f"{release / CHECKSUMS}: was changed, it does not bear its own digest; build the release anew")
    return {**listed, CHECKSUMS: sha256_file(release / CHECKSUMS)}


def _unchanged(
    objects: Objects, listing: dict[str, str], keys: Sequence[str], earlier: Path | None
) -> dict[str, SealedFile]:
    """Path -> the object of the same bytes that an earlier release brought to the same recipients."""
    if earlier is None:
        return {}
    data = objects.get(index_name(read_manifest(earlier).release))
    if data is None:
        return {}
    index = parse_index(data, "the earlier index")
    if index.recipients != tuple(keys):
        return {}
    lying = {file.path: file for file in index.files}
    by_digest = {digest: lying[path] for path, digest in _listing(earlier).items() if path in lying}
    same = {path: by_digest[digest] for path, digest in listing.items() if digest in by_digest}
    return {path: file.model_copy(update={"path": path}) for path, file in same.items()
            if objects.size(file.object) == file.size}  # fmt: skip


def _send(source: Path, path: str, objects: Objects, keys: Sequence[str], work: Path) -> SealedFile:
    """Seal one file and upload it. What was read is held against the list when it is opened: here it only passes."""
    sealed = work / "sealing.age"
    try:
        made = seal.seal_file(source, sealed, keys)
    except OSError as error:
        raise BadInput(f"sealing {path}: {error.strerror or 'the disk refused'}; check space and rights") from None
    file = SealedFile(path=path, sha256=made.sha256, size=made.size)
    objects.put_file(file.object, sealed)
    sealed.unlink()
    return file


class _Journal:
    """What was uploaded by an earlier try of the same release to the same recipients."""

    def __init__(self, work: Path, about: dict[str, str]) -> None:
        self._path = work / "sent.jsonl"
        head = canonical_json(about)
        lines = self._path.read_bytes().splitlines() if self._path.is_file() else []
        if not lines or lines[0] != head:
            self._path.write_bytes(head + b"\n")
            lines = [head]
        self._sent: dict[str, SealedFile] = {}
        for line in lines[1:]:
            try:
                file = SealedFile.model_validate(json.loads(line))
            except ValueError:  # the line that was being written when the process ended
                continue
            self._sent[file.path] = file

    def sent(self, path: str, objects: Objects) -> SealedFile | None:
        """Give the file if it lies in the store whole."""
        file = self._sent.get(path)
        return file if file is not None and objects.size(file.object) == file.size else None

    def note(self, file: SealedFile) -> None:
        with self._path.open("ab") as journal:
            journal.write(canonical_json(file.model_dump(mode="json")) + b"\n")
            journal.flush()
