"""The Prefect flow `extract`: from a study, a hospital and an approved case to a submitted release.

Prefect conducts and watches; what is true is on disk (flows.stages.folder). No parameter, result or artifact holds
patient data: they are names, digests, seconds and bytes.
"""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.context import TaskRunContext

from drb import open_board
from flows import progress
from flows.faults import SourceUnavailable, guarded
from flows.home import Home
from flows.lock import only_one
from flows.plan import plan
from flows.run import Run, run_stage
from flows.stages import WORK
from flows.stages.folder import sweep
from flows.submit import submit

# A database that went away may come back; every other fault would only happen again.
RETRIES = 2
RETRY_SECONDS: list[float] = [2, 10]


def _again(_task: Any, _run: Any, state: Any) -> bool:
    return isinstance(state.result(raise_on_failure=False), SourceUnavailable)


def _key(_context: TaskRunContext, parameters: dict[str, Any]) -> str:
    return f"{parameters['place']}/{parameters['key']}".replace("/", "-")


def _stage_task(run: Run, name: str) -> None:
    stage = run.stages[name]

    # The run holds keys, so it is closed over: a task's parameters are told to Prefect, a closure is not.
    @task(
        name=name, task_run_name=f"{name} {run.site.id}", persist_result=True, cache_key_fn=_key, retries=RETRIES,
        retry_delay_seconds=RETRY_SECONDS, retry_condition_fn=_again, refresh_cache=not stage.whole,
    )  # fmt: skip
    def staged(place: str, key: str) -> dict[str, str]:
        begun = monotonic()
        run_stage(run, name, WORK[name])
        _artifact(run, name, monotonic() - begun)
        return {"stage": name, "key": key}

    staged(f"{run.site.id}/{run.study.id}/{run.case_id}", f"{name}-{stage.key}")


def _artifact(run: Run, name: str, seconds: float) -> None:
    folder = run.output(name)
    files = [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
    create_table_artifact(
        key=f"naru-{name}".lower(),
        table=[{"stage": name, "release": run.release, "site": run.site.id, "key": run.stages[name].key,
                "seconds": round(seconds, 1), "files": len(files), "bytes": sum(f.stat().st_size for f in files)}],
        description=f"Stage {name} of {run.release}",
    )  # fmt: skip


@flow(name="extract", flow_run_name="extract {study_id} at {site}", validate_parameters=False)
def extract(study: str, study_id: str, site: str, case: str | None, actor: str, home: str) -> dict[str, Any]:
    """Run the pending stages and submit. Returns release, state, manifest digest and package folder as plain JSON."""
    place = Home(Path(home))
    with open_board(place.board_url) as board:
        progress.tell("plan", "begun")
        run = guarded("plan", place.root, lambda: plan(place, board, Path(study), site, case, actor))
        progress.tell("plan", "done", run.release)
        with only_one(run.folder, f"study '{run.study.id}' at site '{run.site.id}'"):
            sweep(run.folder)
            pending = run.pending()
            for name in run.stages:
                if name in pending:
                    _stage_task(run, name)
                elif name == "package" or run.stages[name].whole:
                    progress.tell(name, "kept")
            progress.tell("submit", "begun")
            release = submit(run, board, actor)
            progress.tell("submit", "done", release.state.value)
    return {
        "release": release.name,
        "state": release.state.value,
        "manifest_digest": release.manifest_digest,
        "package": str(run.output("package") / "package"),
        "quality": str(run.output("quality") / "quality.html"),
        "ran": pending,
    }
