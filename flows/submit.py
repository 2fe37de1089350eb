"""The end of an extraction: the board is told of the package, the gates' verdict, and by whom it is submitted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cdm.errors import GateRefused
from cohorts.disclosure import stricter
from drb import Board
from drb.states import ReleaseState, Role
from drb.views import ReleaseView
from extract.manifest import Manifest, read_manifest
from flows import registry
from flows.evidence import build as build_evidence
from flows.run import Run, wipe
from flows.subtract import DIFFERENCING, Subtracted, subtract

# In these states the board has decided on this very digest, or is about to; building it again changes nothing.
_SETTLED = frozenset({
    ReleaseState.SUBMITTED, ReleaseState.PARTIALLY_REVIEWED, ReleaseState.REVIEWED, ReleaseState.APPROVED,
    ReleaseState.PUBLISHING, ReleaseState.PUBLISH_FAILED, ReleaseState.RELEASED, ReleaseState.SUPERSEDED,
})  # fmt: skip


def submit(run: Run, board: Board, actor: str) -> ReleaseView:
    """Register the package, record the gates' verdict, submit it where the actor is a release author.

    An actor without that role leaves it CHECKED for an author to submit. Raises GateRefused where a gate blocks, drb's
    Refused where the board's rules say no.
    """
    package = run.output("package") / "package"
    manifest = read_manifest(package)
    wipe(run)  # a run that was killed right after its package appeared has not come to it
    registry.write(
        run.home,
        registry.Built(
            run.release, run.study.id, str(run.study.path.absolute()), run.site.id, run.case_id, str(package)
        ),
    )
    registered = _register(run, board, actor, manifest)
    if registered.state in _SETTLED:
        return registered
    apart = subtract(run, board)
    _lay_evidence(run, board, package, manifest, apart)
    gate: dict[str, Any] = run.stages["quality"].facts()
    findings = [*gate["blocking"], *([DIFFERENCING] if apart.blocked_by else [])]
    passed = bool(gate["passed"]) and not apart.blocked_by
    checked = board.releases.check("system", run.release, manifest.digest, passed=passed, findings=findings)
    if not gate["passed"]:
        report = run.output("quality") / "quality.html"
        raise GateRefused(
            f"release {run.release} is blocked by the gate: {', '.join(findings)}; read {report}, mend the cause at the source "
            "or in the study, and run again"
        )
    if apart.blocked_by:
        raise GateRefused(
            f"release {run.release} is blocked: subtracting it from {', '.join(apart.blocked_by)} leaves a group of fewer than {apart.k} "
            "people; build it again with another draw, wait until more people have come, or apply with "
            "--condition small_differences=yes"
        )
    if Role.RELEASE_AUTHOR not in board.people.get(actor).roles:
        return checked
    again = checked.state is ReleaseState.RETURNED
    return (board.releases.resubmit if again else board.releases.submit)(actor, run.release, manifest.digest)


def _lay_evidence(run: Run, board: Board, package: Path, manifest: Manifest, apart: Subtracted) -> None:
    """What a reviewer sees before voting, out of the package's own reports."""
    kin = board.releases.of_case("system", run.case_id)
    before = [one for one in kin if one.site_id == run.site.id and one.name != run.release]
    case = board.cases.get("system", run.case_id)
    if board.releases.get("system", run.release).manifest_digest == manifest.digest:
        board.evidence.lay(build_evidence(package, case, before[-1] if before else None, apart.part))


def _register(run: Run, board: Board, actor: str, manifest: Manifest) -> ReleaseView:
    risk = json.loads((run.output("package") / "package" / "docs" / "risk.json").read_bytes())
    return board.releases.register_built(
        "system",
        run.release,
        case_id=run.case_id,
        manifest_digest=manifest.digest,
        policy_digest=run.policy.digest,
        cdm_digest=run.cdm.digest,
        study_id=run.study.id,
        site_id=run.site.id,
        built_by=actor,
        tables=_tables(manifest),
        smallest_class=risk["k_reached"],
        provenance=run.provenance,
        summary=_summary(run, manifest),
    )


def _tables(manifest: Manifest) -> dict[str, list[str]]:
    return {name: [c.name for c in columns] for name, columns in manifest.tables.items() if name != "cohort"}


def _summary(run: Run, manifest: Manifest) -> dict[str, Any]:
    """What a reviewer sees first; counts below the hospital's threshold (or ten) are not told."""
    rows = {f.path: f.rows for f in manifest.files if f.rows is not None and f.path.startswith("tables/")}
    people = rows.get("tables/cohort.parquet") or 0
    gate = run.stages["quality"].facts()
    return {
        "title": run.study.spec.title.model_dump(),
        "people": people if people >= stricter(run.site.threshold) else None,
        "tables": sorted(_tables(manifest)),
        "tier": run.policy.tier,
        "warnings": gate["warnings"],
    }
