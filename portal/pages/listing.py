"""Lists of cases and releases: filtered, a page at a time, counted by the database."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi.responses import Response

from drb.listing import Wanted
from drb.states import CaseState, ReleaseState
from portal.visit import Visit

SIZE = 50


def listed(visit: Visit, kind: str, states: type[CaseState] | type[ReleaseState]) -> Response:
    """Draw a list."""
    asked = visit.request.query_params
    state = asked.get("state", "")
    number = int(asked.get("page", "1")) if asked.get("page", "1").isdecimal() else 1
    number = max(1, min(number, 10_000))
    chosen = state if state in {str(s) for s in states} else ""
    site, words = asked.get("site", "")[:80], asked.get("words", "")[:100]
    rows, total = visit.board.listed(visit.actor, Wanted(kind, chosen, site, words, (number - 1) * SIZE, SIZE))
    kept = urlencode([(name, text) for name, text in asked.multi_items() if name != "page" and text])
    return visit.page(
        "list.html",
        kind=kind,
        rows=rows,
        total=total,
        states=list(states),
        state=chosen,
        site=asked.get("site", ""),
        words=asked.get("words", ""),
        number=number,
        pages=max(1, -(-total // SIZE)),
        kept=kept,
    )
