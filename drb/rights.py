"""The one decision function: may this person do this to this object, now?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from drb.errors import BadInput
from drb.facts import Actor, Asked, CaseFacts, Facts, Question, ReleaseFacts
from drb.guards import GUARDS, OF_INPUT
from drb.quorum import Settings
from drb.reasons import sentence
from drb.states import Named, Role
from drb.transitions import CASE, GRANT, RELEASE, STANDING, Machine, Row

KOREA = timezone(timedelta(hours=9), "KST")
# These act for every hospital; everybody else only where their organisation serves.
ANYWHERE = frozenset({Role.STARTUP_USER, Role.SYSTEM, Role.AUDITOR, Role.COORDINATOR, Role.ADMIN})
_ORDER = {role: place for place, role in enumerate(Role)}


@dataclass(frozen=True)
class Decision:
    """allowed, or the rule that says no (`code`) and its sentence; truth value is `allowed`.

    role: in which role the person acts. row: the transition that is taken.
    """

    allowed: bool
    reason: str = ""
    code: str = ""
    reason_ko: str = ""
    role: Role | None = None
    row: Row | None = None

    def __bool__(self) -> bool:
        return self.allowed

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "allowed": self.allowed,
            "code": self.code,
            "reason": self.reason,
            "reason_ko": self.reason_ko,
        }


def refuse(code: str, **fields: object) -> Decision:
    """A no by the rule `code`."""
    return Decision(False, sentence(code, fields), code, sentence(code, fields, "ko"))


def machine_of(facts: Facts) -> Machine:
    """The machine that an object runs in."""
    if isinstance(facts, CaseFacts):
        return CASE
    return RELEASE if isinstance(facts, ReleaseFacts) else GRANT


def _listed(names: Iterable[Named], lang: str) -> str:
    return " / ".join(name.label(lang) for name in names)


def _role(actor: Actor, roles: frozenset[Role]) -> Role | None:
    return min(actor.roles & roles, key=_ORDER.__getitem__, default=None)


def decide(
    actor: Actor,
    action: str,
    facts: Facts,
    asked: Asked | None = None,
    *,
    now: datetime,
    settings: Settings | None = None,
) -> Decision:
    """May `actor` do `action` to the object that `facts` describe?

    asked: what is given with the action; None asks only whether the action is open to them (for buttons and lists).
    Asked in this order, so that an outsider learns nothing of the state: account, role, hospital, state, guards.
    """
    settings = settings or Settings()
    machine = machine_of(facts)
    if action not in machine.actions:
        raise BadInput(f"a {machine.name} has no action '{action}'; it has {', '.join(machine.actions)}")
    if not actor.active:
        return refuse("active")
    rows = machine.actions[action]
    row = machine.row(facts.state, action)
    wanted = row.roles if row else frozenset().union(*(r.roles for r in rows))
    role = _role(actor, wanted)
    if role is None:
        in_order = sorted(wanted, key=_ORDER.__getitem__)
        return refuse("role", action=action, roles=_listed(in_order, "en"), roles_ko=_listed(in_order, "ko"))
    role = _serving(actor, wanted, facts.site_id)
    if role is None:
        return refuse("site", site=facts.site_id)
    if row is None:
        return _wrong_state(machine, action, facts)
    question = Question(actor, facts, asked or Asked(), now, now.astimezone(KOREA).date())
    for name in row.guards:
        if asked is None and name in OF_INPUT:
            continue
        unmet = GUARDS[name](question, settings)
        if unmet is not None:
            return refuse(name, **unmet)
    return Decision(True, role=role, row=row)


def _serving(actor: Actor, wanted: frozenset[Role], site_id: str) -> Role | None:
    serves = actor.serves is None or site_id in actor.serves
    return _role(actor, wanted if serves else wanted & ANYWHERE)


def _wrong_state(machine: Machine, action: str, facts: Facts) -> Decision:
    needed = [row.source for row in machine.actions[action] if row.source is not None]
    state = facts.state
    return refuse(
        "state",
        action=action,
        object=machine.name,
        state=state.en if state else "unknown",
        state_ko=state.ko if state else "-",
        needed=_listed(needed, "en") or "a new one",
        needed_ko=_listed(needed, "ko") or "신규",
    )


def may(actor: Actor, right: str) -> Decision:
    """May `actor` do what moves no machine (`transitions.STANDING`)?"""
    if not actor.active:
        return refuse("active")
    roles = STANDING[right]
    role = _role(actor, roles)
    if role is None:
        in_order = sorted(roles, key=_ORDER.__getitem__)
        return refuse("role", action=right, roles=_listed(in_order, "en"), roles_ko=_listed(in_order, "ko"))
    return Decision(True, role=role)
