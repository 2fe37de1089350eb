"""What pages tell of a release's sealed copies: whose keys they are for, where they are, that a recall takes them away."""

from __future__ import annotations

from typing import Any

from fastapi import BackgroundTasks

from drb.keys import RecipientKeys
from portal.portal import Portal
from portal.visit import Visit


def registered(visit: Visit, person: str) -> RecipientKeys | None:
    """A person's keys in force. Raises BadInput where the ledger does not hold them as they were written."""
    return visit.board.keys.of([person]).get(person)


def delivery(visit: Visit) -> dict[str, Any]:
    """What `templates/parts/download.html` needs for the visitor. sealed_to: their key; sealed_at: the address, '' if unknown."""
    return {"sealed_to": registered(visit, visit.me), "sealed_at": visit.portal.settings.delivery or ""}


def empty_stores(portal: Portal, tasks: BackgroundTasks, release: str) -> bool:
    """Have a recalled release taken out of the stores once the answer is sent; False where this portal has no rights to.

    Nobody waits for a store to stop something: the board has stopped it before. What fails is left to `naru recalls`.
    """
    empty = portal.settings.empty_stores
    if empty is None:
        return False
    tasks.add_task(empty, portal.board.releases.get("system", release))
    return True
