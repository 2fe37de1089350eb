"""The queue: what waits for a person, answered by the same rules that decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, select

from drb.facts import Actor, Facts
from drb.load import case_facts, grant_facts, release_facts
from drb.models import Base, Case, Grant, Release
from drb.states import Named
from drb.transitions import CASE, GRANT, RELEASE, Machine
from drb.views import Waiting
from drb.visible import seen_cases, seen_grants, seen_releases
from drb.work import Work, object_name

Row = TypeVar("Row", bound=Base)
# What a person may always do (withdraw, recall, edit ...) does not wait for them.
_STANDING = frozenset(
    {
        "assign",
        "remind",
        "undo",
        "create",
        "edit",
        "withdraw",
        "suspend",
        "resume",
        "close",
        "recall",
        "revoke",
        "download",
        "build",
        "rebuild",
    }
)


def waiting(work: Work, actor: Actor) -> tuple[Waiting, ...]:
    """List what waits for a person, longest first; a fixed number of queries, however much waits."""
    cases = _due(work, seen_cases(actor), Case, CASE, actor)
    releases = _due(work, seen_releases(actor), Release, RELEASE, actor)
    grants = _due(work, seen_grants(actor), Grant, GRANT, actor)
    of_case, of_release = case_facts(work.session, cases), release_facts(work.session, releases)
    of_grant = grant_facts(work.session, grants)
    names = _cases_of(work, [*of_release.values(), *of_grant.values()])
    names.update({case.id: case for case in cases})
    found = [
        *(_item(work, actor, CASE, case, of_case[case.id], names) for case in cases),
        *(_item(work, actor, RELEASE, release, of_release[release.name], names) for release in releases),
        *(_item(work, actor, GRANT, grant, of_grant[grant.id], names) for grant in grants),
    ]
    return tuple(sorted((item for item in found if item.actions), key=lambda item: (item.since, item.object)))


def actions_of(machine: Machine, actor: Actor, state: Named) -> Iterable[str]:
    """Name the actions that could wait for this actor in this state."""
    return [
        row.action
        for row in machine.rows
        if row.source is state and row.roles & actor.roles and row.action not in _STANDING
    ]


def _due(work: Work, query: Select[Row], model: Any, machine: Machine, actor: Actor) -> Sequence[Row]:
    states = [state for state in machine.states if actions_of(machine, actor, state)]
    return work.session.scalars(query.where(model.state.in_(states))).all() if states else []


def _cases_of(work: Work, facts: Iterable[Facts]) -> dict[str, Case]:
    ids = sorted({of.case.id for of in facts})
    return {case.id: case for case in work.session.scalars(select(Case).where(Case.id.in_(ids)))}


def _item(
    work: Work,
    actor: Actor,
    machine: Machine,
    thing: Case | Release | Grant,
    facts: Facts,
    cases: Mapping[str, Case],
) -> Waiting:
    case = cases[facts.case.id]
    open_to = [name for name in actions_of(machine, actor, thing.state) if work.decide(actor, name, facts, None)]
    since: datetime = thing.changed_at
    return Waiting(
        object_name(thing),
        machine.name,
        case.number,
        case.title,
        case.study_id,
        case.site_id,
        thing.state,
        tuple(open_to),
        since,
    )
