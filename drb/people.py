"""Organisations, people and roles. Nobody changes their own roles; a role change needs a second administrator."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from drb import personal
from drb.actors import holders, names_of
from drb.counting import following
from drb.errors import BadInput, NotFound
from drb.facts import SYSTEM, Actor
from drb.models import Organisation, Person, PersonalText, RoleAssignment
from drb.rights import Decision, may, refuse
from drb.states import OrganisationKind, Role
from drb.views import OrganisationView, PersonView
from drb.work import Desk, Work, checked_key, refusal

_HOSPITAL_ROLES = frozenset({Role.DATA_ENGINEER, Role.RELEASE_AUTHOR})


@dataclass(frozen=True)
class People:
    """Who takes part. Every call raises Refused when the rules say no, BadInput for a call that cannot be."""

    desk: Desk

    def add_organisation(
        self,
        actor: str,
        organisation_id: str,
        kind: OrganisationKind | str,
        name_ko: str,
        name_en: str,
        *,
        site_id: str | None = None,
        serves: Iterable[str] | None = None,
    ) -> OrganisationView:
        """Add an organisation, or change its names. Administrators may, and 'system': an organisation has no rights itself.

        site_id: of a hospital; its organisation's id when not given. serves: the sites that a shared board decides for
        (None: all). The same again changes nothing; another kind, site or list of sites is BadInput.
        """
        checked_key(organisation_id, "organisation")
        kind = _kind(kind)
        hospital = kind is OrganisationKind.HOSPITAL
        if site_id is not None and not hospital:
            raise BadInput(f"organisation '{organisation_id}': only a hospital has a site_id")
        site = checked_key(site_id or organisation_id, "site") if hospital else None
        listed = None if serves is None else sorted(checked_key(one, "site") for one in serves)
        wanted = Organisation(
            id=organisation_id, kind=kind, name_ko=name_ko, name_en=name_en, site_id=site, serves=listed
        )
        with self.desk.write(actor, "add_organisation", f"organisation:{organisation_id}") as work:
            role = Role.SYSTEM.value if actor == SYSTEM.id else self._administrator(work, actor)
            there = work.session.get(Organisation, organisation_id)
            if there is None:
                work.session.add(wanted)
            elif (there.kind, there.site_id, there.serves) != (kind, site, listed):
                raise BadInput(f"organisation '{organisation_id}' is there already, of another kind or for other sites")
            elif (there.name_ko, there.name_en) == (name_ko, name_en):
                return _organisation(there)
            else:
                there.name_ko, there.name_en = name_ko, name_en
            action = "add_organisation" if there is None else "rename_organisation"
            work.record(actor, role, action, ("organisation", organisation_id), None, {})
            return _organisation(there or wanted)

    def add_person(
        self,
        actor: str,
        name: str,
        organisation_id: str,
        roles: Iterable[Role] = (),
        *,
        person_id: str | None = None,
    ) -> PersonView:
        """Add a person and propose roles for them; another administrator confirms the roles (`confirm_roles`).

        The first person of all, added by 'system', is an administrator at once; so is the second one, proposed by the
        only administrator there is: without a second nobody could confirm. Adding the same person_id again is BadInput.
        """
        with self.desk.write(actor, "add_person", f"person:{person_id or 'new'}") as work:
            first = not _anybody(work.session)
            role = self._administrator(work, actor)
            if work.session.get(Organisation, organisation_id) is None:
                raise BadInput(
                    f"no organisation '{checked_key(organisation_id, 'organisation')}'; add it first",
                    "등록되지 않은 기관입니다",
                )
            key = checked_key(person_id or f"p-{following(work.session, 'person'):04d}", "person")
            if key == SYSTEM.id or work.session.get(Person, key) is not None:
                raise BadInput(f"person '{key}' is registered already; give another id", "이미 등록된 아이디입니다")
            person = Person(id=key, organisation_id=organisation_id, name_id=work.seal(name), active=True)
            work.session.add(person)
            work.session.flush()
            wanted = [Role.ADMIN] if first else []
            for proposed in dict.fromkeys([*wanted, *roles]):
                self._propose(work, actor, person, Role(proposed), at_once=first and proposed is Role.ADMIN)
            work.record(actor, role, "add_person", ("person", key), None, {})
            return _person(work.session, person)

    def propose_role(self, actor: str, person_id: str, role: Role) -> PersonView:
        """Propose a role; it is in force once another administrator confirms."""
        with self.desk.write(actor, "propose_role", f"person:{person_id}") as work:
            acting = self._administrator(work, actor, person_id)
            person = _existing(work.session, person_id)
            self._propose(work, actor, person, role, at_once=False)
            work.record(actor, acting, "propose_role", ("person", person_id), None, {"role": role.value})
            return _person(work.session, person)

    def confirm_roles(self, actor: str, person_id: str) -> PersonView:
        """Confirm what another administrator proposed for a person: roles to hold, and roles to end."""
        with self.desk.write(actor, "confirm_roles", f"person:{person_id}") as work:
            acting = self._administrator(work, actor, person_id)
            person = _existing(work.session, person_id)
            confirmed = []
            for held in _assignments(work.session, person_id):
                if held.confirmed_by is None:
                    _second(held.proposed_by, actor)
                    held.confirmed_by = actor
                    confirmed.append(held.role.value)
                elif held.end_proposed_by is not None:
                    _second(held.end_proposed_by, actor)
                    held.ended_by = actor
                    confirmed.append(f"-{held.role.value}")
            if not confirmed:
                raise BadInput(
                    f"person '{person_id}' has no role that waits for confirmation", "확인을 기다리는 역할이 없습니다"
                )
            work.record(actor, acting, "confirm_roles", ("person", person_id), None, {"roles": confirmed})
            return _person(work.session, person)

    def propose_end(self, actor: str, person_id: str, role: Role) -> PersonView:
        """Propose that a role ends; it ends once another administrator confirms."""
        with self.desk.write(actor, "propose_end", f"person:{person_id}") as work:
            acting = self._administrator(work, actor, person_id)
            person = _existing(work.session, person_id)
            held = [a for a in _assignments(work.session, person_id) if a.role is role and a.confirmed_by]
            if not held:
                raise BadInput(
                    f"person '{person_id}' does not hold the role {role.value}", f"{role.ko} 역할을 갖고 있지 않습니다"
                )
            held[0].end_proposed_by = actor
            work.record(actor, acting, "propose_end", ("person", person_id), None, {"role": role.value})
            return _person(work.session, person)

    def close_account(self, actor: str, person_id: str) -> PersonView:
        """Close an account: stopping takes one person. It cannot act any more; what it did stands."""
        with self.desk.write(actor, "close_account", f"person:{person_id}") as work:
            acting = self._administrator(work, actor, person_id)
            person = _existing(work.session, person_id)
            person.active = False
            work.record(actor, acting, "close_account", ("person", person_id), None, {})
            return _person(work.session, person)

    def erase_name(self, actor: str, person_id: str) -> PersonView:
        """Forget a person's name for good; the ledger stands, because it never held it."""
        with self.desk.write(actor, "erase_name", f"person:{person_id}") as work:
            acting = self._administrator(work, actor)
            person = _existing(work.session, person_id)
            personal.erase(work.session.get_one(PersonalText, person.name_id), work.now)
            work.record(actor, acting, "erase_name", ("person", person_id), None, {})
            return _person(work.session, person)

    def get(self, person_id: str) -> PersonView:
        """Read one person. Raises BadInput when there is none."""
        with self.desk.read() as work:
            return _person(work.session, _existing(work.session, person_id))

    def list(self) -> tuple[PersonView, ...]:
        """Read everybody, by id."""
        with self.desk.read() as work:
            return _people(work.session, list(work.session.scalars(select(Person.id).order_by(Person.id))))

    def holding(self, role: Role) -> tuple[PersonView, ...]:
        """Read the active people who hold a role, by id; a fixed number of queries."""
        with self.desk.read() as work:
            ids = sorted(a.id for a in holders(work.session, (role,)).values() if a.active and role in a.roles)
            return _people(work.session, ids)

    def names(self, ids: Iterable[str | None]) -> dict[str, str]:
        """Read names; an id stands for whoever is unknown or was forgotten. One query."""
        with self.desk.read() as work:
            return names_of(work.session, ids)

    def homes(self, ids: Iterable[str]) -> dict[str, OrganisationView]:
        """Read organisations by id."""
        with self.desk.read() as work:
            query = select(Organisation).where(Organisation.id.in_(sorted(set(ids))))
            return {row.id: _organisation(row) for row in work.session.scalars(query)}

    def organisations(self) -> tuple[OrganisationView, ...]:
        """Read all organisations, by id."""
        with self.desk.read() as work:
            rows = work.session.scalars(select(Organisation).order_by(Organisation.id))
            return tuple(_organisation(row) for row in rows)

    def _administrator(self, work: Work, actor: str, person_id: str | None = None) -> str:
        """Give the role that `actor` acts in; raises Refused for whoever is no administrator, or acts on themselves."""
        acting = work.actor(actor)
        if acting is SYSTEM and not _anybody(work.session):
            return Role.SYSTEM.value
        decision = _may_manage(acting, person_id)
        if not decision:
            raise refusal(decision)
        return Role.ADMIN.value

    def _propose(self, work: Work, actor: str, person: Person, role: Role, *, at_once: bool) -> None:
        organisation = work.session.get_one(Organisation, person.organisation_id)
        if role is Role.SYSTEM:
            raise BadInput(
                "the role SYSTEM is automation's own; nobody holds it", "자동화 역할은 사람이 가질 수 없습니다"
            )
        if role in _HOSPITAL_ROLES and organisation.kind is not OrganisationKind.HOSPITAL:
            raise BadInput(
                f"the role {role.value} belongs to a hospital; person '{person.id}' is of '{organisation.id}'",
                f"{role.ko} 역할은 병원 소속만 가질 수 있습니다",
            )
        if role is Role.STARTUP_USER and organisation.kind is not OrganisationKind.STARTUP:
            raise BadInput(
                f"the role {role.value} belongs to a startup; person '{person.id}' is of '{organisation.id}'",
                f"{role.ko} 역할은 기업 소속만 가질 수 있습니다",
            )
        if any(held.role is role for held in _assignments(work.session, person.id)):
            raise BadInput(
                f"person '{person.id}' holds the role {role.value}, or it is proposed already",
                f"{role.ko} 역할을 이미 갖고 있거나 제안되어 있습니다",
            )
        lone = role is Role.ADMIN and len(_administrators(work.session)) == 1 and actor != SYSTEM.id
        work.session.add(
            RoleAssignment(
                person_id=person.id,
                role=role,
                proposed_by=actor,
                confirmed_by=SYSTEM.id if at_once or lone else None,
            )
        )
        work.session.flush()


def _kind(kind: OrganisationKind | str) -> OrganisationKind:
    try:
        return OrganisationKind(str(kind).upper())
    except ValueError:
        raise BadInput(f"an organisation is one of {', '.join(OrganisationKind)}") from None


def _may_manage(acting: Actor, person_id: str | None) -> Decision:
    decision = may(acting, "manage_people")
    if decision and person_id == acting.id:
        return refuse("own_roles")
    return decision


def _second(proposed_by: str, actor: str) -> None:
    if proposed_by == actor:
        raise refusal(refuse("second_admin"))


def _anybody(session: Session) -> bool:
    return bool(session.scalar(select(func.count()).select_from(Person)))


def _administrators(session: Session) -> list[str]:
    query = select(RoleAssignment.person_id).where(
        RoleAssignment.role == Role.ADMIN,
        RoleAssignment.confirmed_by.is_not(None),
        RoleAssignment.ended_by.is_(None),
    )
    return list(session.scalars(query))


def _assignments(session: Session, person_id: str) -> list[RoleAssignment]:
    query = (
        select(RoleAssignment)
        .where(RoleAssignment.person_id == person_id, RoleAssignment.ended_by.is_(None))
        .order_by(RoleAssignment.id)
    )
    return list(session.scalars(query))


def _existing(session: Session, person_id: str) -> Person:
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound(
            f"no person '{checked_key(person_id, 'person')}'; `people` lists them", "등록되지 않은 사람입니다"
        )
    return person


def _organisation(row: Organisation) -> OrganisationView:
    serves = None if row.serves is None else tuple(row.serves)
    return OrganisationView(row.id, row.kind, row.name_ko, row.name_en, row.site_id, serves)


def _people(session: Session, ids: list[str]) -> tuple[PersonView, ...]:
    """Picture people in the order given; three queries."""
    held: dict[str, list[RoleAssignment]] = {}
    query = select(RoleAssignment).where(RoleAssignment.person_id.in_(ids), RoleAssignment.ended_by.is_(None))
    for row in session.scalars(query.order_by(RoleAssignment.id)):
        held.setdefault(row.person_id, []).append(row)
    people = select(Person, PersonalText).join(PersonalText, PersonalText.id == Person.name_id)
    found = {
        person.id: _picture(person, text, held.get(person.id, []))
        for person, text in session.execute(people.where(Person.id.in_(ids)))
    }
    return tuple(found[one] for one in ids if one in found)


def _person(session: Session, person: Person) -> PersonView:
    name = session.get(PersonalText, person.name_id)
    return _picture(person, name, _assignments(session, person.id))


def _picture(person: Person, name: PersonalText | None, held: list[RoleAssignment]) -> PersonView:
    return PersonView(
        person.id,
        personal.unseal(name),
        person.organisation_id,
        tuple(sorted(a.role for a in held if a.confirmed_by)),
        tuple(sorted(a.role for a in held if not a.confirmed_by)),
        person.active,
        tuple(sorted(a.role for a in held if a.confirmed_by and a.end_proposed_by)),
    )
