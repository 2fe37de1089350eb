"""The API. What a person may see and do is the board's decision, as on the pages."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from drb.errors import BadInput
from drb.queue import Filter
from portal.actions import FORMS, Given, Incomplete
from portal.api.caller import Doer, Reader
from portal.portal import portal_of
from portal.sealed import empty_stores
from portal.words import say

router = APIRouter(prefix="/api/v1", tags=["board"])
Key = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$", description="An id.")]
Start = Annotated[int, Query(ge=0, le=100_000)]
Size = Annotated[int, Query(ge=1, le=200)]
Text = Annotated[str, Field(max_length=20_000)]


class Problem(BaseModel):
    """Why not. code: the rule; ko: the same sentence in Korean."""

    code: str
    reason: str
    ko: str = ""


class Act(BaseModel):
    """What is given with an action; each action takes some of it."""

    model_config = ConfigDict(extra="forbid")
    words: Text = ""
    choice: str = ""
    route: str = ""
    digest: str = ""
    terms: str = ""
    assignee: str = ""
    requirement: str = ""
    requirements: list[Text] = Field(default_factory=list, max_length=50)
    sections: dict[str, Text] = Field(default_factory=dict, max_length=10)

    def given(self) -> Given:
        """The same as a form's fields."""
        fields = {name: [getattr(self, name)] for name in ("words", "choice", "route", "digest", "terms", "assignee")}
        fields["requirement"] = [self.requirement]
        fields["requirements"] = ["\n".join(self.requirements)]
        fields.update({f"section.{name}": [words] for name, words in self.sections.items()})
        return Given(fields)


RESPONSES: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "no token"},
    403: {"model": Problem, "description": "the board or the token's scope says no"},
    404: {"model": Problem, "description": "no such object"},
    409: {"model": Problem, "description": "somebody else was first"},
    422: {"description": "not what it has to be"},
    429: {"model": Problem, "description": "too often"},
}


@router.get("/queue", responses=RESPONSES)
def queue(call: Reader, start: Start = 0, size: Size = 50, mine: bool = False) -> dict[str, Any]:
    """What is open to your eyes, with clocks and what you may do."""
    page = call.board.page(call.me, Filter(mine=mine), start, size)
    return {"total": page.total, "entries": [entry.to_json() for entry in page.entries]}


@router.get("/cases/{key}", responses=RESPONSES)
def case(call: Reader, key: Key) -> dict[str, Any]:
    """One case."""
    return call.board.cases.get(call.me, key).to_json()


@router.get("/releases/{key}", responses=RESPONSES)
def release(call: Reader, key: Key) -> dict[str, Any]:
    """One release."""
    return call.board.releases.get(call.me, key).to_json()


@router.get("/releases/{key}/evidence", responses=RESPONSES)
def evidence(call: Reader, key: Key) -> dict[str, Any]:
    """The evidence pack of a release; looking at it is an event."""
    pack = call.board.evidence.read(call.me, key)
    return {} if pack is None else {**pack.model_dump(mode="json"), "digest": pack.digest()}


@router.get("/releases/{key}/may-download", responses=RESPONSES)
def may_download(call: Reader, key: Key) -> dict[str, Any]:
    """Whether you may download a release, and why not."""
    return call.board.may_download(call.me, key).to_json()


@router.get("/grants/{key}", responses=RESPONSES)
def grant(call: Reader, key: Key) -> dict[str, Any]:
    """One grant."""
    return call.board.grants.get(call.me, key).to_json()


@router.get("/{kind}/{key}/events", responses=RESPONSES)
def events(
    call: Reader, kind: Annotated[str, Path(pattern="^(cases|releases|grants)$")], key: Key
) -> list[dict[str, Any]]:
    """What happened to an object, in order."""
    return [event.to_json() for event in call.board.events(call.me, f"{kind[:-1]}:{key}")]


@router.get("/{kind}/{key}/options", responses=RESPONSES)
def options(
    call: Reader, kind: Annotated[str, Path(pattern="^(cases|releases|grants)$")], key: Key
) -> list[dict[str, Any]]:
    """What your roles name for an object, each with the decision."""
    rooms: dict[str, Any] = {"cases": call.board.cases, "releases": call.board.releases, "grants": call.board.grants}
    rooms[kind].get(call.me, key)
    found = call.board.options(call.me, f"{kind[:-1]}:{key}")
    return [{"action": option.action, **option.decision.to_json()} for option in found]


@router.post("/{kind}/{key}/{action}", responses=RESPONSES)
def act(
    call: Doer,
    kind: Annotated[str, Path(pattern="^(cases|releases|grants)$")],
    key: Key,
    action: Annotated[str, Path(pattern="^[a-z_]{1,40}$")],
    asked: Act,
    request: Request,
    tasks: BackgroundTasks,
) -> dict[str, Any]:
    """Take an action on an object; gives the object as it is then."""
    forms = FORMS[kind[:-1]]
    if action not in forms:
        raise BadInput(f"no action '{action}' here; there are {', '.join(sorted(forms))}")
    try:
        found: dict[str, Any] = forms[action].call(call.board, call.me, key, asked.given()).to_json()
    except Incomplete as gap:
        raise BadInput(say("en", gap.key), say("ko", gap.key)) from None
    if (kind, action) == ("releases", "recall"):
        empty_stores(portal_of(request), tasks, key)
    return found
