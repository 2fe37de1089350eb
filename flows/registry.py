"""Where a release's built package lies inside the hospital. The board knows digests, never paths."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from cdm.errors import BadInput
from flows.home import Home


@dataclass(frozen=True)
class Built:
    """A package that was built here: its release, study, site, case, folder, and the study file it came from."""

    release: str
    study_id: str
    study_file: str
    site_id: str
    case_id: str
    package: str


def write(home: Home, built: Built) -> None:
    """Note a built package, whole or not at all."""
    folder = home.root / "built"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = folder / f".{built.release}.{os.getpid()}.tmp"
    fresh.write_text(json.dumps(asdict(built), indent=1, sort_keys=True), encoding="utf-8")
    fresh.replace(folder / f"{built.release}.json")


def read(home: Home, release: str) -> Built:
    """The package of a release. Raises BadInput where it was not built here."""
    path = home.root / "built" / f"{release}.json"
    if "/" in release or not path.is_file():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.json"))) or "none yet"
        raise BadInput(f"no package of release '{release}' was built here (built: {known})")
    built = Built(**json.loads(path.read_bytes()))
    if not Path(built.package).is_dir():
        raise BadInput(f"release '{release}': its package is gone from {built.package}; run the extraction again")
    return built
