"""A home in which the first version of a small study was extracted and published; further versions start from copies of it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from drb import open_board
from drb.states import Choice
from extract import store
from extract.manifest import read_manifest
from extract.package import seal_approval
from flows import keys, registry
from flows.demo import cast
from flows.home import Home
from tests.flows.commands import Alone

SITE, ACTOR = "gibleed", "gibleed_data"
FIRST, SECOND = (f"gi_bleed-gibleed-haneul-1.{n}.0" for n in (0, 1))


@dataclass(frozen=True)
class FirstVersion:
    """home: with version 1.0.0 published. study: its study file. hospital: the folder of Parquet that it came from."""

    home: Home
    study: Path
    hospital: Path

    def copy(self, folder: Path) -> FirstVersion:
        """The same in `folder`, with a hospital and a study of its own that may change."""
        home = Home(Path(shutil.copytree(self.home.root, folder / "home")))
        hospital = Path(shutil.copytree(self.hospital, folder / "hospital"))
        study = Path(shutil.copytree(self.study.parent, folder / "study")) / self.study.name
        for path in (home.root / "sites").glob("*.yaml"):
            text = path.read_text(encoding="utf-8").replace(str(self.hospital), str(hospital))
            path.write_text(text, encoding="utf-8")
        return FirstVersion(home, study, hospital)


def copied(home: Home, folder: Path) -> Home:
    """A home with what was built in it, elsewhere; the copy knows of its own packages alone."""
    copy = Home(Path(shutil.copytree(home.root, folder)))
    for path in (copy.root / "built").glob("*.json"):
        text = path.read_text(encoding="utf-8").replace(str(home.root), str(copy.root))
        path.write_text(text, encoding="utf-8")
    return copy


def extract(home: Home, study: Path, extraction: Alone, delta_from: int | None = None) -> str:
    """Extract, which must end well. Returns the manifest digest."""
    told = extraction(home.root, study, SITE, ACTOR, delta_from=delta_from).wait()
    assert (told.code, told.err) == (0, ""), told
    return told.out.strip()


def publish(home: Home, release: str) -> None:
    """What the board and the flow `publish` do, without Prefect."""
    folder = Path(registry.read(home, release).package)
    digest = read_manifest(folder).digest
    with open_board(home.board_url) as board:
        for reviewer in cast.REVIEWERS:
            board.releases.vote(reviewer, release, digest, Choice.APPROVE)
        view = board.releases.approve(cast.SECRETARY, release, digest)
        settled = board.releases.begin_publish(
            "system", release, digest, policy_digest=view.policy_digest, cdm_digest=view.cdm_digest
        )
        sealed = home.root / "signed" / release
        seal_approval(
            folder, {"case": settled.case_number}, keys.hospital_key(home, SITE), keys.board_key(home), sealed
        )
        store.publish(sealed, home.store, release)
        board.releases.finish_publish("system", release, digest)
