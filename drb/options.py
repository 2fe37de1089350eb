"""What a person may do with an object: every action of its machine that their roles name, each with the decision."""

from __future__ import annotations

from dataclasses import dataclass

from drb.facts import Actor, CaseFacts, Facts
from drb.rights import Decision, machine_of, may
from drb.work import Work

# Only automation does these; they are no buttons. A download has its own answer (`may_download`).
_NO_BUTTON = frozenset({"create", "download", "declare_interest"})


@dataclass(frozen=True)
class Option:
    """An action, and whether it is open to the person who asks."""

    action: str
    decision: Decision


def options(work: Work, actor: Actor, facts: Facts) -> tuple[Option, ...]:
    """Answer for every action that any of the person's roles names; those that are open come first."""
    machine = machine_of(facts)
    found = []
    for action, rows in machine.actions.items():
        if action in _NO_BUTTON or not any(row.roles & actor.roles for row in rows):
            continue
        found.append(Option(action, work.decide(actor, action, facts, None)))
    if isinstance(facts, CaseFacts) and actor.id not in facts.interested:
        decision = may(actor, "declare_interest")
        if decision:
            found.append(Option("declare_interest", decision))
    return tuple(sorted(found, key=lambda option: not option.decision.allowed))
