"""Who acts: people with the roles in force. One query, whoever is wanted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from drb.facts import Actor
from drb.models import Organisation, Person, PersonalText, RoleAssignment
from drb.personal import unseal
from drb.states import OrganisationKind, Role


def acting(*more: Any) -> Select[Any]:
    """Select people and their homes, one row for each role in force (None: of no role), and `more` beside them."""
    in_force = (
        (RoleAssignment.person_id == Person.id)
        & RoleAssignment.confirmed_by.is_not(None)
        & RoleAssignment.ended_by.is_(None)
    )
    home = (Organisation.id.label("home"), Organisation.kind, Organisation.site_id, Organisation.serves)
    return (
        select(Person.id, Person.active, *home, RoleAssignment.role, *more)
        .select_from(Person)
        .join(Organisation, Organisation.id == Person.organisation_id)
        .outerjoin(RoleAssignment, in_force)
        .order_by(Person.id, RoleAssignment.id)
    )


# Built once: to build a query costs more than to run it.
_SOME = acting().where(Person.id.in_(bindparam("ids", expanding=True)))
_HOLDING = acting().where(
    Person.id.in_(select(RoleAssignment.person_id).where(RoleAssignment.role.in_(bindparam("roles", expanding=True))))
)


_NAMES = (
    select(Person.id, PersonalText)
    .join(PersonalText, PersonalText.id == Person.name_id)
    .where(Person.id.in_(bindparam("ids", expanding=True)))
)


def actors(session: Session, ids: Iterable[str]) -> dict[str, Actor]:
    """Read those asked for, by id; whoever is unknown is missing."""
    return as_actors(session.execute(_SOME, {"ids": sorted(set(ids))}))


def holders(session: Session, roles: Iterable[Role]) -> dict[str, Actor]:
    """Read those who hold, or ever held, one of some roles; their roles are those in force now."""
    return as_actors(session.execute(_HOLDING, {"roles": sorted(roles)}))


def secretaries(session: Session) -> tuple[tuple[str, str], ...]:
    """Read the active secretaries, to whom things can be assigned, by id: id and name."""
    held = holders(session, (Role.SECRETARY,)).values()
    able = sorted(actor.id for actor in held if actor.active and Role.SECRETARY in actor.roles)
    return tuple(names_of(session, able).items())


def names_of(session: Session, ids: Iterable[str | None]) -> dict[str, str]:
    """Read names, by id; an id stands for whoever is unknown or was forgotten."""
    wanted = sorted({one for one in ids if one})
    found = {key: unseal(text) for key, text in session.execute(_NAMES, {"ids": wanted})}
    return {one: found.get(one) or one for one in wanted}


def as_actors(rows: Iterable[Any]) -> dict[str, Actor]:
    """Put the rows of `acting` together."""
    found: dict[str, Any] = {}
    roles: dict[str, set[Role]] = defaultdict(set)
    for row in rows:
        found[row.id] = row
        roles[row.id].update({row.role} if row.role else ())
    return {
        one: Actor(one, row.home, row.kind, _serves(row), frozenset(roles[one]), active=row.active)
        for one, row in found.items()
    }


def _serves(home: Any) -> frozenset[str] | None:
    """Which sites an organisation serves; None: every one."""
    if home.kind is OrganisationKind.HOSPITAL:
        return frozenset({home.site_id} if home.site_id else ())
    if home.kind is OrganisationKind.STARTUP:
        return frozenset()
    return None if home.serves is None else frozenset(home.serves)
