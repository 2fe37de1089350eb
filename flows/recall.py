"""Recall reaches the stores at once: what the board stopped is taken out of every place from which it could be fetched."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from drb import Board
from drb.rights import KOREA
from drb.states import ReleaseState
from drb.views import ReleaseView
from extract import store
from extract.delivery.objects import open_objects
from extract.delivery.recall import Notice, recall, recalled
from flows import progress
from flows.faults import SPEAKING, StageFailed, guarded
from flows.home import Home
from flows.keys import board_key

log = logging.getLogger("naru.recall")
_STOPPED = (ReleaseState.RECALLED, ReleaseState.DESTROYED)


def stop(home: Home, board: Board, actor: str, release: str, reason: str) -> ReleaseView:
    """Recall a release (chair, privacy officer, hospital): the board first, so that nothing is handed out, then the stores.

    The board tells grantees, secretaries and author by its outbox. Where a store fails the recall stands, and
    `enforce` goes on.
    """
    view = board.releases.recall(actor, release, reason)
    _withdraw(home, view)
    return view


def enforce(home: Home, board: Board) -> list[str]:
    """Take every recalled release out of the stores, wherever it was recalled (a portal, another machine); name those that were there."""
    stopped = [view for state in _STOPPED for view in board.releases.list("system", state)]
    return sorted(view.name for view in stopped if _withdraw(home, view))


def of_portal(home: Home) -> Callable[[ReleaseView], None] | None:
    """How a portal in this home empties the stores after a recall; None where the board's signing key is elsewhere.

    A portal makes no key: whoever holds none publishes nothing from here, and `naru recalls` runs where the stores are.
    """
    if not home.board_key.is_file():
        return None

    def empty(view: ReleaseView) -> None:
        try:
            _withdraw(home, view)
        except (*SPEAKING, StageFailed) as error:
            log.warning("%s is recalled, but still in a store: %s; naru recalls goes on", view.name, error)

    return empty


def _withdraw(home: Home, view: ReleaseView) -> bool:
    here = (home.store / view.name).exists()
    if here:  # before the delivery store, which may be out of reach
        guarded("recall", home.store, lambda: store.withdraw(home.store, view.name))
    objects = open_objects(home.delivery)
    if not here and recalled(objects, view.name) is not None:
        return False
    progress.tell("recall", "begun", view.name)
    today = datetime.now(KOREA).date().isoformat()
    notice = Notice(release=view.name, manifest_sha256=view.manifest_digest, recalled_on=today)

    guarded("recall", home.store, lambda: recall(objects, notice, board_key(home)))
    progress.tell("recall", "done", view.name)
    return True
