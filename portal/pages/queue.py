"""The queue: what waits, what is due, who has it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from drb.errors import BadInput, Refused
from drb.queue import Filter
from portal.pages.things import refusal, sentence
from portal.visit import Here, Visit

router = APIRouter()
SIZE = 50


@router.get("/")
def home(visit: Here) -> Response:
    """Where a person begins: those who read no cases have other pages."""
    if visit.board.may(visit.actor, "read_board"):
        return visit.go("/queue")
    return visit.go("/people" if visit.board.may(visit.actor, "manage_people") else "/statistics")


@router.get("/queue")
def queue(visit: Here, request: Request) -> Response:
    """What is open to a person's eyes."""
    visit.board.require(visit.actor, "read_board")
    return show(visit)


def show(visit: Visit, told: list[tuple[str, str]] | None = None) -> Response:
    """Draw the queue. told: what became of a bulk action, object by object."""
    asked = visit.request.query_params
    wanted = Filter(
        mine=asked.get("mine", "") == "1",
        kind=asked.get("kind", ""),
        state=asked.get("state", ""),
        site=asked.get("site", ""),
        assignee=asked.get("assignee", ""),
        late=asked.get("late", "") == "1",
        words=asked.get("words", "")[:100],
    )
    number = int(asked.get("page", "1")) if asked.get("page", "1").isdecimal() else 1
    number = max(1, min(number, 1_000))
    found = visit.board.page(visit.actor, wanted, (number - 1) * SIZE, SIZE)
    kept = urlencode([(name, text) for name, text in asked.multi_items() if name != "page" and text])
    return visit.page(
        "queue.html",
        page=found,
        wanted=wanted,
        number=number,
        pages=max(1, -(-found.total // SIZE)),
        kept=kept,
        bulk=any(role == "SECRETARY" for role in visit.actor.roles),
        secretaries=found.secretaries,
        names=dict(found.secretaries),
        told=told or [],
    )


@router.post("/queue/assign")
def assign(visit: Here) -> Response:
    """Assign what was ticked; decisions are never taken in bulk."""
    return _each(visit, "assign")


@router.post("/queue/remind")
def remind(visit: Here) -> Response:
    """Remind those on whom the ticked ones wait."""
    return _each(visit, "remind")


def _each(visit: Visit, action: str) -> Response:
    visit.board.require(visit.actor, "read_board")
    told = [(name, _one(visit, action, name)) for name in visit.given.get("object", [])[:200]]
    return show(visit, told)


def _one(visit: Visit, action: str, name: str) -> str:
    kind, _, key = name.partition(":")
    rooms: dict[str, Any] = {"case": visit.board.cases, "release": visit.board.releases, "grant": visit.board.grants}
    if kind not in rooms or (action == "assign" and kind == "grant"):
        return visit.say("error.input")
    try:
        if action == "assign":
            rooms[kind].assign(visit.me, key, visit.one("assignee"))
        else:
            rooms[kind].remind(visit.me, key)
    except Refused as refused:
        return refusal(visit.lang, refused)
    except BadInput as bad:
        return sentence(visit, bad)
    return visit.say(f"done.{action}")
