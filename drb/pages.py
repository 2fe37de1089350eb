"""All that a page shows of one object, read in one transaction: the object, its clock, its events, and what may be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from drb import ledger
from drb.actors import names_of, secretaries
from drb.case_parts import case_parts
from drb.case_view import case_view
from drb.facts import Actor
from drb.ledger import Recorded
from drb.load import case_facts, release_facts
from drb.models import Case, Organisation, Release
from drb.options import Option, options
from drb.release_view import release_view, release_views
from drb.states import ReleaseState, Role
from drb.turns import Turn, turns
from drb.views import CaseView, ReleaseView
from drb.visible import seen, seen_cases, seen_releases
from drb.work import Work

# They read everything, and are no reviewers.
UNBLIND = frozenset({Role.AUDITOR, Role.PRIVACY_OFFICER, Role.SYSTEM})


@dataclass(frozen=True)
class Common:
    """names: of everybody who is named on the page. secretaries: to whom it can be assigned."""

    turn: Turn
    events: tuple[Recorded, ...]
    options: tuple[Option, ...]
    names: Mapping[str, str]
    secretaries: tuple[str, ...]


@dataclass(frozen=True)
class CasePage(Common):
    """A case. releases: name and state of those under it that one may see. home: the two names of the applicant's."""

    case: CaseView
    releases: tuple[tuple[str, ReleaseState], ...]
    home: tuple[str, str]


@dataclass(frozen=True)
class ReleasePage(Common):
    """A release. before: the version before it, at the same hospital under the same case."""

    release: ReleaseView
    before: ReleaseView | None


def case_page(work: Work, actor: Actor, key: str) -> CasePage:
    """Read a case's page. Raises Refused for whoever may not see it, BadInput when there is none."""
    session, name = work.session, f"case:{key}"
    row = seen(work, seen_cases(actor).where(Case.id == key), Case, "case", key)
    parts = case_parts(session, [key])
    view = case_view(session, row, parts)
    people = {view.applicant, view.assignee, view.decided_by, *(vote.person for vote in view.votes)}
    under = seen_releases(actor).where(Release.case_id == key).order_by(Release.created_at)
    home = session.get_one(Organisation, view.organisation)
    events = ledger.read(session, name)
    open_to = options(work, actor, case_facts(session, [row], parts)[key])
    return CasePage(
        turns(session, [name], work.now)[name],
        events,
        open_to,
        *_people(work, people, events, open_to),
        view,
        tuple((one.name, one.state) for one in session.execute(under.with_only_columns(Release.name, Release.state))),
        (home.name_ko, home.name_en),
    )


def release_page(work: Work, actor: Actor, key: str) -> ReleasePage:
    """Read a release's page. Raises Refused for whoever may not see it, BadInput when there is none."""
    session, name = work.session, f"release:{key}"
    row = seen(work, seen_releases(actor).where(Release.name == key), Release, "release", key)
    view = release_view(session, row)
    people = {view.built_by, view.author, view.assignee, view.decided_by, *(vote.person for vote in view.votes)}
    earlier = (
        seen_releases(actor)
        .where(Release.case_id == row.case_id, Release.site_id == row.site_id, Release.created_at < row.created_at)
        .order_by(Release.created_at.desc())
        .limit(1)
    )
    before = release_views(session, session.scalars(earlier).all())
    events = ledger.read(session, name)
    if row.state is ReleaseState.PARTIALLY_REVIEWED and not actor.roles & UNBLIND:
        events = masked(events)
    open_to = options(work, actor, release_facts(session, [row])[key])
    return ReleasePage(
        turns(session, [name], work.now)[name],
        events,
        open_to,
        *_people(work, people, events, open_to),
        view,
        before[0] if before else None,
    )


def masked(events: tuple[Recorded, ...]) -> tuple[Recorded, ...]:
    """While a review is blind, votes are shown without content."""
    return tuple(Recorded(**{**e.__dict__, "payload": {}}) if e.action == "vote" else e for e in events)


def _people(
    work: Work, people: set[str | None], events: tuple[Recorded, ...], open_to: tuple[Option, ...]
) -> tuple[Mapping[str, str], tuple[str, ...]]:
    assigns = any(option.action == "assign" and option.decision for option in open_to)
    able = secretaries(work.session) if assigns else ()
    names = names_of(work.session, {*people, *(event.actor for event in events)})
    return {**names, **dict(able)}, tuple(one for one, _ in able)
