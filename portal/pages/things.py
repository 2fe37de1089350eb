"""What the pages of cases, releases and grants have in common: show one object, take one action, tell what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import HTTPException
from fastapi.responses import Response

from drb.errors import BadInput, NotFound, Refused
from drb.guards import OF_INPUT
from drb.options import Option
from portal.actions import FORMS, Incomplete, run
from portal.visit import Visit

Show = Callable[..., Response]
LOST = frozenset({"changed_meanwhile", "state", "digest_is_current", "not_voted"})


def act(visit: Visit, kind: str, action: str, key: str, number: Callable[[], str], show: Show) -> Response:
    """Take an action and go back to the object; what is not complete is shown with what was typed.

    A refusal is an answer of its own (403, or 409 when somebody else was first), recorded by the board.
    """
    if action not in FORMS[kind]:
        raise HTTPException(404)
    try:
        typed = number() if FORMS[kind][action].typed else None
        run(visit, kind, action, key, typed)
    except NotFound:
        raise
    except (Incomplete, BadInput) as gap:
        # What a form lacks is told to whoever may send it; anybody else is refused, and that is recorded.
        if action != "declare_interest":
            visit.board.require_action(visit.me, action, f"{kind}:{key}")
        told = visit.say(gap.key) if isinstance(gap, Incomplete) else sentence(visit, gap)
        return show(visit, key, error=told, failed=action, status=422)
    except Refused as refused:
        if refused.code not in OF_INPUT - LOST:
            raise
        return show(visit, key, error=refusal(visit.lang, refused), failed=action, status=422)
    return visit.go(f"/{kind}s/{key}?done={kind}.{action}")


def sentence(visit: Visit, bad: BadInput) -> str:
    """What is wrong, in the visitor's language."""
    if visit.lang == "en":
        return str(bad)
    return bad.ko or visit.say("error.input")


def refusal(visit_lang: str, refused: Refused) -> str:
    """Why the board says no, in the visitor's language."""
    return refused.ko if visit_lang == "ko" else refused.reason


def forms(found: Sequence[Option], kind: str, able: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The actions on an object, open ones as forms, others with their reason. able: to whom it can be assigned."""
    drawn = [option for option in found if option.action in FORMS[kind]]
    return {
        "kind": kind,
        "open": [(o.action, FORMS[kind][o.action]) for o in drawn if o.decision],
        "shut": [o for o in drawn if not o.decision],
        "may_edit": any(o.action == "edit" and o.decision for o in found),
        "secretaries": able,
    }
