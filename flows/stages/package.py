"""The package: de-identified tables, what a reader needs to judge them, and one manifest over all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import polars as pl

from cohorts.disclosure import stricter
from deid.attacks.plot import attacks_plot
from deid.linkage_plot import Language, release_plot
from extract.manifest import Provenance, StudyMeta, Terms, read_manifest
from extract.meds.write import Prediction
from extract.package import PackageInputs, build
from flows import earlier_study, person_sets, prose
from flows.attribution import Inside
from flows.changes import first, markdown
from flows.diff import changed, told
from flows.run import Run
from flows.stages.folder import Facts
from flows.stages.tables_of_counts import documents, released, risk_json
from flows.withdrawals import withdrawn_subjects

# Below this a version is written whole: two files to read for a table that is small anyway help nobody.
DELTA_FROM = 64 << 20

TERMS = {
    "ko": "이 데이터는 승인된 심의 건의 연구 목적에만, 그 이용자만 쓸 수 있습니다. "
    "재식별, 다른 데이터와의 결합, 재배포를 금지하며, 이용이 끝나면 파기하고 파기 확인서를 제출해야 합니다.",
    "en": "These data may be used for the purpose of the approved case only, and by its people only. Re-identification, linkage with "
    "other data and redistribution are prohibited. When the use ends they must be destroyed and the destruction certified.",
}


def work(run: Run, folder: Path) -> Facts:
    """Write package/ as it will leave, and note its digest; beside it people.parquet and asked/, which stay."""
    study = run.study
    manifest = build(
        PackageInputs(
            release=run.release,
            version=run.release_version,
            site_id=run.site.id,
            cdm_version=run.cdm.cdm_version,
            study=StudyMeta.model_validate(
                {"id": study.id, "title": study.spec.title.model_dump(), "purpose": study.spec.purpose.model_dump()}
            ),
            provenance=Provenance.model_validate(run.provenance),
            terms=_terms(run),
            recipient=run.recipient,
            tables=run.output("deidentify") / "deid",
            prediction=Prediction(study.id),
            base=_base(run),
            smallest=stricter(run.site.threshold),
            index_days=_index_days(run, folder),
            concepts=run.output("extract") / "concepts.parquet",
            docs=_documents(run),
            records={"disclosure_record.json": _disclosure_record(run)},
        ),
        folder / "package",
        run.site.limits(run.home),
        lambda out: _of_the_tables(run, out, folder),
    )
    (folder / "index_days.parquet").unlink()
    person_sets.write(run, folder)
    earlier_study.keep(run, folder)
    return {"release": run.release, "manifest_digest": manifest.digest}


def _index_days(run: Run, folder: Path) -> Path:
    """(subject_id, day): the true index days under the release's own numbers; it stays in the stage's folder until the end."""
    crosswalk = pl.scan_parquet(run.output("deidentify") / "private" / "crosswalk.parquet").filter("kept")
    draw = pl.scan_parquet(run.output("draw") / "draw.parquet")
    days = draw.join(crosswalk, on="person_id").select("subject_id", day="index_date").sort("subject_id", "day")
    path = folder / "index_days.parquet"
    days.collect().write_parquet(path)
    return path


def _base(run: Run) -> Path | None:
    """The earlier version to tell this one against: not for small tables, and never across a withdrawal (extract.delta)."""
    if run.earlier is None:
        return None
    manifest = read_manifest(run.earlier)
    size = sum(file.size for file in manifest.files if file.path.startswith(("tables/", "base/")))
    same = (manifest.provenance.withdrawals_digest or "") == run.withdrawn
    return run.earlier if same and size >= DELTA_FROM else None


def _of_the_tables(run: Run, out: Path, scratch: Path) -> dict[str, bytes]:
    """Documents about the tables themselves, made when those stand in `out`: what changed since the version before."""
    if run.earlier is None:
        return {"CHANGES.md": first(run.release_version).encode()}
    before = read_manifest(run.earlier)
    now = Provenance.model_validate(run.provenance)
    gone = withdrawn_subjects(run.home, run.site.id, before.release)
    versions, made_of = (before.version, run.release_version), (before.provenance, now)
    steps = earlier_study.steps(run, before, changed(*made_of), scratch)
    inside = Inside(frozenset(gone), steps=steps, same_settings=earlier_study.same_settings(run, before))
    changes = told(run.earlier, out, versions, made_of, run.site.threshold, inside, run.site.limits(run.home))
    plain = json.dumps(changes.to_json(), ensure_ascii=False, indent=1, sort_keys=True)
    return {"CHANGES.md": markdown(changes).encode(), "changes.json": plain.encode()}


def _terms(run: Run) -> Terms:
    """The terms, with what the board tied this case to."""
    told = {"text": TERMS, "contact": run.site.contact, "expires_on": run.conditions.get("expires_on")}
    return Terms.model_validate({**told, "conditions": dict(run.conditions)})


def _documents(run: Run) -> dict[str, bytes | Path]:
    """Every count in them has passed disclosure control at the hospital's threshold."""
    attrition, draw = _json(run, "cohort", "attrition.json"), _json(run, "draw", "balance.json")
    spec, threshold = run.study.spec, stricter(run.site.threshold)
    safe = released(attrition, draw, spec.draw, threshold)
    wanted = {"case": spec.draw.cases, "control": spec.draw.controls}
    risk = _json(run, "deidentify", "deid/risk.json")
    definitions = {role: json.loads(path.read_bytes()) for role, path in run.study.definition_files.items()}
    return {
        **documents(safe, spec.title.model_dump(), wanted, threshold),
        "risk.json": risk_json(risk, threshold),
        **{f"linkage.{lang}.svg": release_plot(risk["linkage"]["curve"], lang).encode() for lang in get_args(Language)},
        **{f"attacks.{lang}.svg": attacks_plot(risk["attacks"]["made"], lang).encode() for lang in get_args(Language)},
        "quality.json": run.output("quality") / "quality.json",
        "quality.html": run.output("quality") / "quality.html",
        "definition.json": json.dumps(definitions, ensure_ascii=False, indent=1, sort_keys=True).encode(),
        **{f"source_codes.{role}.yaml": path for role, path in run.study.code_files.items()},
        "definition.ko.md": prose.study(run.study, "ko").encode(),
        "definition.en.md": prose.study(run.study, "en").encode(),
    }


def _disclosure_record(run: Run) -> bytes:
    """By which policy and limits the data were changed before they left."""
    record = {
        "policy": run.policy.to_json(),
        "policy_digest": run.policy.digest,
        "threshold": stricter(run.site.threshold),
        "grant_check_value": run.keys.check_value,
    }
    return json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True).encode()


def _json(run: Run, stage: str, name: str) -> Any:
    return json.loads((run.output(stage) / name).read_bytes())
