"""The outbox: what is to be told, read for sending and marked when sent; and the reminders that fall due with the calendar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from drb import personal
from drb.actors import actors
from drb.load import grant_facts
from drb.models import Case, Grant, Notice, Organisation, PersonalText, Release
from drb.rights import KOREA
from drb.sign_in_models import Account
from drb.states import GrantState, Role
from drb.statistics import destroy_by
from drb.work import Desk, Work

# Days before the end of use, and before a destruction must be certified.
BEFORE = (30, 7, 1)


@dataclass(frozen=True)
class Message:
    """One thing to tell: case number, study, organisation, action needed, due date. Never a count, never a name or a patient."""

    notice: int
    person: str
    action: str
    object: str
    number: str
    study: str
    organisation_ko: str
    organisation_en: str
    due: date | None
    at_once: bool
    secretary: bool


@dataclass(frozen=True)
class Post:
    """What one person is to be told, and where."""

    person: str
    email: str
    lang: str
    messages: tuple[Message, ...]


@dataclass(frozen=True)
class Outbox:
    """Reading and marking; sending is the portal's."""

    desk: Desk

    def due(self, *, at_once: bool) -> tuple[Post, ...]:
        """Read what is to be sent: at once, or in the morning's digest. People without an address are left out."""
        with self.desk.read() as work:
            query = select(Notice).where(Notice.sent_at.is_(None), Notice.at_once.is_(at_once)).order_by(Notice.id)
            notices = work.session.scalars(query).all()
            return _posts(work, notices)

    def sent(self, notices: Iterable[int]) -> None:
        """Note that these were handed to the mail server."""
        with self.desk.write("system", "send", "board:outbox") as work:
            wanted = sorted(set(notices))
            for row in work.session.scalars(select(Notice).where(Notice.id.in_(wanted))):
                row.sent_at = work.now

    def remind(self) -> int:
        """Write the reminders that fall due today (30, 7, 1 days before); give how many. Again on the same day: none."""
        with self.desk.write("system", "remind", "board:outbox") as work:
            today = work.now.astimezone(KOREA).date()
            live = (GrantState.ACTIVE, GrantState.REVOKED, GrantState.DESTRUCTION_DUE)
            grants = work.session.scalars(select(Grant).where(Grant.state.in_(live)).order_by(Grant.id)).all()
            facts = grant_facts(work.session, grants) if grants else {}
            written = 0
            for grant in grants:
                for action, day in _days(grant, facts[grant.id].case.conditions):
                    if day is not None and (day - today).days in BEFORE:
                        written += _write(work, grant, f"{action}_{(day - today).days}")
            return written


def _days(grant: Grant, conditions: object) -> tuple[tuple[str, date | None], ...]:
    if grant.state is GrantState.ACTIVE:
        return (("use_ends", getattr(conditions, "expires_on", None)),)
    return (("destroy_by", destroy_by(grant, conditions)),)


def _write(work: Work, grant: Grant, action: str) -> int:
    name = f"grant:{grant.id}"
    there = select(Notice.id).where(Notice.object == name, Notice.action == action, Notice.person_id == grant.person_id)
    if work.session.scalars(there).first() is not None:
        return 0
    row = Notice(person_id=grant.person_id, object=name, action=action, at_once=False, created_at=work.now)
    work.session.add(row)
    return 1


def _posts(work: Work, notices: Iterable[Notice]) -> tuple[Post, ...]:
    by_person: dict[str, list[Notice]] = {}
    for notice in notices:
        by_person.setdefault(notice.person_id, []).append(notice)
    if not by_person:
        return ()
    query = select(Account, PersonalText).join(PersonalText, PersonalText.id == Account.email_id)
    accounts = {
        account.person_id: (personal.unseal(words), account.lang)
        for account, words in work.session.execute(query.where(Account.person_id.in_(sorted(by_person))))
    }
    people = actors(work.session, by_person)
    about = _about(work, [n for rows in by_person.values() for n in rows])
    posts = []
    for person_id, rows in sorted(by_person.items()):
        email, lang = accounts.get(person_id, (None, "ko"))
        actor = people.get(person_id)
        if not email or actor is None or not actor.active:
            continue
        messages = tuple(
            _message(row, about[row.object], Role.SECRETARY in actor.roles) for row in rows if row.object in about
        )
        posts.append(Post(person_id, email, lang, messages))
    return tuple(post for post in posts if post.messages)


def _message(row: Notice, about: tuple[Case, Organisation, date | None], secretary: bool) -> Message:
    case, home, due = about
    names = (case.number, case.study_id, home.name_ko, home.name_en)
    return Message(row.id, row.person_id, row.action, row.object, *names, due, row.at_once, secretary)


def _about(work: Work, notices: Iterable[Notice]) -> dict[str, tuple[Case, Organisation, date | None]]:
    objects = sorted({notice.object for notice in notices})
    keys = {
        kind: [o.partition(":")[2] for o in objects if o.startswith(f"{kind}:")]
        for kind in ("case", "release", "grant")
    }
    session = work.session
    grants = session.scalars(select(Grant).where(Grant.id.in_(keys["grant"]))).all()
    names = [*keys["release"], *(grant.release_name for grant in grants)]
    case_of = dict(session.execute(select(Release.name, Release.case_id).where(Release.name.in_(names))).all())
    wanted = [*keys["case"], *case_of.values()]
    query = select(Case, Organisation).join(Organisation, Organisation.id == Case.organisation_id)
    cases = {case.id: (case, home) for case, home in session.execute(query.where(Case.id.in_(wanted)))}
    facts = grant_facts(session, grants) if grants else {}
    found: dict[str, tuple[Case, Organisation, date | None]] = {}
    for name in keys["case"]:
        found[f"case:{name}"] = (*cases[name], None)
    for name in keys["release"]:
        found[f"release:{name}"] = (*cases[case_of[name]], None)
    for grant in grants:
        conditions = facts[grant.id].case.conditions
        active = grant.state is GrantState.ACTIVE
        due = conditions.expires_on if active else destroy_by(grant, conditions)
        found[f"grant:{grant.id}"] = (*cases[case_of[grant.release_name]], due)
    return found
