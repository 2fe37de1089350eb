"""A stage's folder: whole or absent. Its name holds the digest of everything that decides its content."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from flows import progress
from flows.faults import guarded
from flows.study import digest

Facts = Mapping[str, object]
PARTIAL = ".partial-"


@dataclass(frozen=True)
class Stage:
    """One stage of one run.

    name: the stage. folder: where its output stands once it is whole. inputs: what decides its bytes, as digests and
    plain values; the folder's name ends with their digest, so a changed input is another folder.
    """

    name: str
    folder: Path
    inputs: Mapping[str, object]

    @classmethod
    def of(cls, run: Path, name: str, inputs: Mapping[str, object]) -> Stage:
        """The stage of this name whose output these inputs decide."""
        return cls(name, run / f"{name}-{digest({'stage': name, **inputs})[:16]}", inputs)

    @property
    def whole(self) -> bool:
        """Whether the output stands."""
        return (self.folder / "stage.json").is_file()

    @property
    def key(self) -> str:
        """The digest in the folder's name."""
        return self.folder.name.rpartition("-")[2]

    def facts(self) -> dict[str, object]:
        """What the stage noted of itself: counts and digests, no patient data."""
        found: dict[str, object] = json.loads((self.folder / "stage.json").read_bytes())["facts"]
        return found

    def run(self, work: Callable[[Path], Facts]) -> dict[str, object]:
        """Do the work in a partial folder, then let it appear whole. A whole output is kept as it stands.

        Raises what `guarded` raises; then nothing of the attempt remains.
        """
        if self.whole:
            progress.tell(self.name, "kept")
            return self.facts()
        progress.tell(self.name, "begun")
        partial = self.folder.with_name(PARTIAL + self.folder.name)
        discard(partial)
        try:
            guarded(self.name, partial, lambda: self._fill(partial, work))
        except BaseException:
            progress.tell(self.name, "failed")
            discard(partial)
            raise
        partial.rename(self.folder)
        sync(self.folder.parent)
        progress.tell(self.name, "done")
        return self.facts()

    def _fill(self, partial: Path, work: Callable[[Path], Facts]) -> None:
        partial.mkdir(parents=True, mode=0o700)
        facts = work(partial)
        record = {"stage": self.name, "inputs": dict(self.inputs), "facts": dict(facts)}
        (partial / "stage.json").write_text(json.dumps(record, indent=1, sort_keys=True), encoding="utf-8")
        for path in sorted(partial.rglob("*")):
            sync(path)
        sync(partial)

    def wipe(self) -> None:
        """Remove the output: first its mark of wholeness, so that a kill in between leaves nothing that looks whole."""
        (self.folder / "stage.json").unlink(missing_ok=True)
        discard(self.folder)


def sync(path: Path) -> None:
    """Ask the disk to hold what stands at `path` (a power cut must not undo a rename that we relied on)."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def discard(folder: Path) -> None:
    """Remove a folder whatever modes its files have; nothing happens where there is none."""
    if folder.is_symlink() or not folder.exists():
        return
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder)


def sweep(run: Path) -> None:
    """Remove what a killed run left unfinished. Called with the run's lock held."""
    for partial in sorted(run.glob(f"{PARTIAL}*")):
        discard(partial)
