"""The Prefect flow `publish`: a second run, after the approval. The authority is asked for again, of the files as they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from cdm.errors import GateRefused
from drb import Board, open_board
from drb.errors import Refused
from drb.states import ReleaseState
from drb.views import ReleaseView
from extract import store
from extract.manifest import Manifest, read_manifest
from extract.package import seal_approval
from extract.verify import verify
from flows import progress, recall, registry
from flows.deliver import seal_and_send
from flows.faults import guarded, kind
from flows.home import Home
from flows.keys import board_key, hospital_key
from flows.lock import only_one
from flows.policies import policy_of
from flows.site import read
from flows.stages.folder import discard
from flows.study import load

Result = TypeVar("Result")


@flow(name="publish", flow_run_name="publish {release}", validate_parameters=False)
def publish(release: str, home: str) -> dict[str, Any]:
    """Publish an approved release. Returns release, state, digest and its place in the store as plain JSON.

    Raises drb's Refused where the board has not approved these very bytes, GateRefused where the files are not what was
    built or the policy became stricter, BadInput where the package is not here.
    """
    place = Home(Path(home))
    with open_board(place.board_url) as board, only_one(place.store, "publication"):
        recall.enforce(place, board)
        built = registry.read(place, release)
        manifest = _step("authority", release, lambda: _authority(place, board, built))
        view = board.releases.get("system", release)
        if view.state is ReleaseState.RELEASED:
            progress.tell("publish", "kept", release)
        else:
            _step("deliver", release, lambda: _deliver(place, board, built, manifest))
            view = _finish(board, view, manifest)
        sealed = _step("seal", release, lambda: _sealed(place, board, release))
    return {
        "release": release,
        "state": view.state.value,
        "manifest_digest": manifest.digest,
        "store": str(place.store / release),
        "sealed": sealed,
    }


def _step(name: str, release: str, work: Callable[[], Result]) -> Result:
    """One task of the flow. What it works with is closed over, so that Prefect is told a name and nothing else."""

    @task(name=name, task_run_name=f"{name} {release}", cache_policy=NO_CACHE)
    def step() -> Result:
        return work()

    return step()


def _authority(home: Home, board: Board, built: registry.Built) -> Manifest:
    """The digest is computed from the files as they lie, the policy from the files in force, and the board is asked."""
    package = Path(built.package)
    progress.tell("authority", "begun")
    report = guarded("authority", package, lambda: verify(package, require_signature=False))
    if not report.ok:
        bad = report.findings[0]
        raise GateRefused(
            f"release {built.release}: {bad.file} {bad.what}; the package is not what was built, run the extraction again"
        )
    manifest = read_manifest(package)
    policy = policy_of(read(home, built.site_id), load(Path(built.study_file)))
    try:
        board.releases.begin_publish(
            "system",
            built.release,
            manifest.digest,
            policy_digest=policy.digest,
            cdm_digest=manifest.provenance.cdm_release_digest,
        )
    except Refused as error:
        raise Refused(f"release '{built.release}' cannot be published: {error.reason}", error.code) from None
    progress.tell("authority", "done")
    return manifest


def _deliver(home: Home, board: Board, built: registry.Built, manifest: Manifest) -> None:
    """Sign, and let the package appear in the store whole. The same again changes nothing."""
    progress.tell("deliver", "begun")
    view = board.releases.get("system", built.release)
    sealed = home.root / "outgoing" / built.release
    discard(sealed)
    sealed.mkdir(parents=True, mode=0o700)
    try:
        guarded("deliver", home.store, lambda: _sign_and_store(home, built, manifest, _approval(board, view), sealed))
    except Exception as error:
        board.releases.fail_publish("system", built.release, kind(error))
        progress.tell("deliver", "failed")
        raise
    finally:
        discard(sealed)
    progress.tell("deliver", "done")


def _sign_and_store(
    home: Home, built: registry.Built, manifest: Manifest, approval: dict[str, Any], sealed: Path
) -> None:
    seal_approval(Path(built.package), approval, hospital_key(home, built.site_id), board_key(home), sealed)
    store.publish(sealed, home.store, manifest.release)


def _sealed(home: Home, board: Board, release: str) -> dict[str, Any] | None:
    """Deliver it sealed to those who registered a key; None where nobody has (yet): `naru deliver` does it later."""
    people = {grant.person for grant in board.grants.list("system", release)}
    if not board.keys.of(people):
        return None
    return seal_and_send(home, board, release)


def _approval(board: Board, view: ReleaseView) -> dict[str, Any]:
    """What approval.json says: what was approved, when, under which conditions. Nobody's name."""
    case = board.cases.get("system", view.case_id)
    if view.approved is None or view.approved_at is None:
        raise Refused(f"release '{view.name}' is not approved", "not_approved")
    return {
        "format": "naru-approval/1",
        "release": view.name,
        "case": view.case_number,
        "case_id": view.case_id,
        "approved": dict(view.approved),
        "approved_at": view.approved_at.isoformat(),
        "reviewers": len(view.votes),
        "conditions": case.conditions.to_json(),
        "terms": list(case.conditions.duo()),
    }


def _finish(board: Board, view: ReleaseView, manifest: Manifest) -> ReleaseView:
    """Record the publication, grant the applicant, and tell those who hold an older version."""
    released = board.releases.finish_publish("system", view.name, manifest.digest)
    case = board.cases.get("system", view.case_id)
    for person in case.conditions.named_people or (case.applicant,):
        board.grants.create("system", person, view.name)
    for older in board.releases.list("system", ReleaseState.RELEASED):
        if (older.case_id, older.study_id, older.site_id) == (
            view.case_id,
            view.study_id,
            view.site_id,
        ) and older.name != view.name:
            board.releases.supersede("system", older.name, view.name)
    return released
