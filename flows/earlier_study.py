"""What an earlier version was asked for, kept inside the hospital beside its package, and run again on the CDM of today.

So the effect of a changed definition can be told from that of a refreshed CDM (flows/attribution.py).
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from cdm import arrays
from cdm.errors import BadInput
from cohorts import engine
from cohorts.disclosure import stricter
from cohorts.draw import draw
from cohorts.draw.spec import DrawSpec
from cohorts.expression import read as read_expression
from deid.pseudonyms import pseudonyms
from extract.manifest import Manifest
from flows import codes_file, registry
from flows.attribution import Steps, moving
from flows.run import Run
from flows.stages.cohort import opened
from flows.study import decides, digest
from flows.withdrawals import without_withdrawn

ASKED = "asked"
_DRAW = "draw.json"
_CODES = ".codes.yaml"
_SETTINGS = "extract.sha256"


def keep(run: Run, folder: Path) -> None:
    """Keep what decides who is in, as the study's own files say it, in asked/ of the package's stage."""
    place = folder / ASKED
    place.mkdir()
    for role, path in run.study.definition_files.items():
        shutil.copyfile(path, place / f"{role}.json")
    for role, path in run.study.code_files.items():
        shutil.copyfile(path, place / f"{role}{_CODES}")
    spec = run.study.spec.draw.model_dump(mode="json")
    (place / _DRAW).write_text(json.dumps(spec, sort_keys=True), encoding="utf-8")
    (place / _SETTINGS).write_text(_settings(run), encoding="utf-8")


def same_settings(run: Run, earlier: Manifest) -> bool | None:
    """Whether the same is extracted of people as for an earlier release; None where that is not known.

    The manifests' digest of a study covers its definitions: once those changed, it does not tell.
    """
    place = _asked(run, earlier)
    if place is None or not (place / _SETTINGS).is_file():
        return None
    return (place / _SETTINGS).read_text(encoding="utf-8") == _settings(run)


def _settings(run: Run) -> str:
    return digest(run.study.spec.extract.model_dump(mode="json"))


def steps(run: Run, earlier: Manifest, causes: tuple[str, ...], scratch: Path) -> Steps | None:
    """Who would have been drawn, where several causes changed; None where one did, or what was asked before is not known.

    Runs the earlier definition and draw on the run's CDM where the definition is among the causes. scratch: an existing
    folder for what that writes; it is removed again.
    """
    if len(moving(causes)) < 2:
        return None
    drawn = _subjects(run, run.output("draw") / "draw.parquet")
    if "definition" not in causes:
        return Steps(refreshed=drawn, drawn=drawn)
    place = _asked(run, earlier)
    if place is None:
        return None
    work = scratch / "earlier-definition"
    work.mkdir(mode=0o700)
    try:
        return Steps(refreshed=_drawn_as_before(run, place, work), drawn=drawn)
    except BadInput:  # the earlier definition draws nobody here any more, or needs a table that has gone
        return None
    finally:
        shutil.rmtree(work)


def _asked(run: Run, earlier: Manifest) -> Path | None:
    """The folder of what an earlier release was asked for, where it stands and is what the manifest's digest is of."""
    try:
        place = Path(registry.read(run.home, earlier.release).package).parent / ASKED
    except BadInput:
        return None
    if not (place / _DRAW).is_file():
        return None
    definitions, codes = _files(place)
    return place if decides(definitions, _draw(place), codes) == earlier.provenance.definition_digest else None


def _files(place: Path) -> tuple[dict[str, Path], dict[str, Path]]:
    definitions = {path.stem: path for path in sorted(place.glob("*.json")) if path.name != _DRAW}
    codes = {path.name.removesuffix(_CODES): path for path in sorted(place.glob(f"*{_CODES}"))}
    return definitions, codes


def _draw(place: Path) -> DrawSpec:
    return DrawSpec.model_validate_json((place / _DRAW).read_bytes())


def _drawn_as_before(run: Run, place: Path, work: Path) -> frozenset[int]:
    files, codes = _files(place)
    asked = {role: read_expression(path) for role, path in files.items()}
    asked |= {role: codes_file.joined(asked[role], path) for role, path in codes.items()}
    limits = run.site.limits(run.home)
    with opened(run) as source:
        engine.generate(source, asked, work / "cohort.parquet", key="role", limits=limits, kept=run.home.concept_sets)
        without_withdrawn(run.home, run.site.id, work / "cohort.parquet")
        spec = _draw(place).model_copy(update={"pool": "control"})
        draw(source, work / "cohort.parquet", spec, work / "draw.parquet", limits, stricter(run.site.threshold))
    return _subjects(run, work / "draw.parquet")


def _subjects(run: Run, draw_file: Path) -> frozenset[int]:
    """Drawn people as they are called in the grant's releases."""
    people = np.unique(arrays.values(pq.read_table(draw_file, columns=["person_id"])["person_id"]).astype(np.int64))
    return frozenset(pseudonyms(run.keys, "person", people).tolist())
