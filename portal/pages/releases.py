"""반출 건: the list, one release, its evidence, what changed since the version before, and the package itself."""

from __future__ import annotations

from fastapi import APIRouter, BackgroundTasks
from fastapi.responses import JSONResponse, Response, StreamingResponse

from drb.errors import NotFound
from drb.states import ReleaseState, Role
from drb.visible import sees_evidence
from portal.evidence import as_html
from portal.packages import packed
from portal.pages.difference import difference
from portal.pages.listing import listed
from portal.pages.things import act, forms
from portal.sealed import delivery, empty_stores
from portal.visit import Here, Visit

router = APIRouter()


@router.get("/releases")
def releases(visit: Here) -> Response:
    """The releases that one may see, newest first."""
    visit.board.require(visit.actor, "read_board")
    return listed(visit, "release", ReleaseState)


@router.get("/releases/{key}")
def release(visit: Here, key: str) -> Response:
    """One release."""
    return show(visit, key)


def show(visit: Visit, key: str, *, error: str = "", failed: str = "", status: int = 200) -> Response:
    """Draw a release, with what the visitor may do."""
    found = visit.board.release_page(visit.actor, key)
    view = found.release
    receives = Role.STARTUP_USER in visit.actor.roles
    return visit.page(
        "release.html",
        status,
        found=found,
        release=view,
        allowed=visit.board.settings.release_days,
        now=visit.board.now(),
        evidence=sees_evidence(visit.actor),
        diff=difference(found.before, view) if found.before else None,
        grants=visit.board.grants.list(visit.actor, key) if view.released_at else (),
        download=visit.board.may_download(visit.me, key) if receives else None,
        empties=visit.portal.settings.empty_stores is not None,
        error=error,
        failed=failed,
        **(delivery(visit) if receives else {}),
        **forms(found.options, "release", [(one, found.names[one]) for one in found.secretaries]),
    )


@router.get("/releases/{key}/evidence")
def evidence(visit: Here, key: str) -> Response:
    """The ten parts; looking at them is an event."""
    pack = visit.board.evidence.read(visit.me, key)
    return visit.page("evidence.html", release=visit.board.releases.get(visit.me, key), pack=pack)


@router.get("/releases/{key}/evidence.json")
def evidence_json(visit: Here, key: str) -> Response:
    """The same source, for machines."""
    pack = visit.board.evidence.read(visit.me, key)
    if pack is None:
        raise NotFound(f"release '{key}' has no evidence pack", visit.say("evidence.none"))
    return JSONResponse({**pack.model_dump(mode="json"), "digest": pack.digest()})


@router.get("/releases/{key}/evidence.html")
def evidence_file(visit: Here, key: str) -> Response:
    """The same source as one file that needs nothing from outside."""
    pack = visit.board.evidence.read(visit.me, key)
    if pack is None:
        raise NotFound(f"release '{key}' has no evidence pack", visit.say("evidence.none"))
    told = {"content-disposition": f'attachment; filename="{key}-evidence.{visit.lang}.html"'}
    return Response(as_html(pack, visit.lang), media_type="text/html; charset=utf-8", headers=told)


@router.post("/releases/{key}/download")
def download(visit: Here, key: str) -> Response:
    """The package as it lies in the store, as one archive; the board records it before the first byte leaves."""
    store = visit.portal.settings.store
    visit.board.grants.download(visit.me, key)
    if store is None or not (store / key).is_dir():
        raise NotFound(f"release '{key}' is not in the store", visit.say("error.store"))
    told = {"content-disposition": f'attachment; filename="{key}.tar"'}
    return StreamingResponse(packed(store / key, key), media_type="application/x-tar", headers=told)


@router.post("/releases/{key}/{action}")
def take(visit: Here, key: str, action: str, tasks: BackgroundTasks) -> Response:
    """Take an action on a release; a recall goes on to the stores where this portal may empty them."""
    answer = act(visit, "release", action, key, lambda: visit.board.releases.get(visit.me, key).case_number, show)
    if action == "recall" and answer.status_code == 303:
        empty_stores(visit.portal, tasks, key)
    return answer
