"""Seal a published release to those who were granted it, and lay it where they fetch it."""

from __future__ import annotations

from typing import Any

from cdm.errors import BadInput, GateRefused
from drb import Board
from drb.states import GrantState, ReleaseState
from extract.delivery.objects import open_objects
from extract.delivery.send import deliver
from flows import progress
from flows.faults import guarded
from flows.home import Home

_OUT = (ReleaseState.RELEASED, ReleaseState.SUPERSEDED)
_LIVE = (GrantState.PENDING_TERMS, GrantState.ACTIVE)


def seal_and_send(home: Home, board: Board, release: str) -> dict[str, Any]:
    """Deliver a release to every live grantee who registered a key. Again: changes nothing, or adds who came since.

    Returns release, address, objects, bytes, to (people), without_key (people) as plain JSON. Raises GateRefused where
    it is not out (any more), BadInput where nobody registered a key or the release is not in this home's store.
    """
    view = board.releases.get("system", release)
    if view.state not in _OUT:
        raise GateRefused(f"release '{release}' is {view.state.en}; only what is released is delivered")
    people = sorted({g.person for g in board.grants.list("system", release) if g.state in _LIVE})
    keys = board.keys.of(people)
    without = [person for person in people if person not in keys]
    if not keys:
        raise BadInput(
            f"release '{release}': none of its grantees ({', '.join(people) or 'nobody'}) has registered a key, so it cannot be "
            "sealed; they do that with: naru key register"
        )
    signed = home.store / release
    if not signed.is_dir():
        raise BadInput(f"release '{release}' is not in the store {home.store}; publish it here first")
    progress.tell("seal", "begun", release)
    objects = open_objects(home.delivery)
    work = home.root / "outgoing" / f"{release}.sealing"
    earlier = _earlier(home, board, release)
    index = guarded("seal", work, lambda: deliver(signed, objects, [k.age for k in keys.values()], work, earlier))
    progress.tell("seal", "done", release)
    return {
        "release": release,
        "address": objects.address,
        "objects": len(index.files),
        "bytes": index.size,
        "to": sorted(keys),
        "without_key": without,
    }


def _earlier(home: Home, board: Board, release: str) -> Any:
    """The newest earlier release of the same case, study and hospital that stands in the store: what did not change is not sent again."""
    view = board.releases.get("system", release)
    kin = [
        one
        for one in board.releases.of_case("system", view.case_id)
        if (one.study_id, one.site_id) == (view.study_id, view.site_id) and one.name != release and one.state in _OUT
    ]
    there = [home.store / one.name for one in kin if (home.store / one.name).is_dir()]
    return there[-1] if there else None
