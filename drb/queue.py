"""The queue of a page: what is open in a person's sight, with clocks, due dates and what they may do; whatever its length."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from typing import Any

from sqlalchemy import func, select

from drb.facts import Actor
from drb.load import case_facts, grant_facts, release_facts
from drb.models import Case, Event, Grant, Release, Vote
from drb.states import CaseState, GrantState, ReleaseState
from drb.transitions import CASE, GRANT, RELEASE, Machine
from drb.turns import Turn, turns
from drb.views import View
from drb.visible import seen_cases, seen_grants, seen_releases
from drb.waiting import actions_of
from drb.work import Work, object_name

OPEN_CASES = (
    CaseState.DRAFT,
    CaseState.SUBMITTED,
    CaseState.SCREENING,
    CaseState.RETURNED,
    CaseState.IN_REVIEW,
    CaseState.CONDITIONAL,
)
OPEN_RELEASES = (
    ReleaseState.CHECKED,
    ReleaseState.BLOCKED,
    ReleaseState.SUBMITTED,
    ReleaseState.PARTIALLY_REVIEWED,
    ReleaseState.REVIEWED,
    ReleaseState.RETURNED,
    ReleaseState.RECALLED,
)
OPEN_GRANTS = (GrantState.PENDING_TERMS, GrantState.REVOKED, GrantState.DESTRUCTION_DUE)


@dataclass(frozen=True)
class Filter:
    """What to show. Empty: everything. words: in number, title, study, hospital or organisation."""

    mine: bool = False
    kind: str = ""
    state: str = ""
    site: str = ""
    assignee: str = ""
    late: bool = False
    words: str = ""


@dataclass(frozen=True)
class Entry(View):
    """One line. risk: red, amber or green. unchanged: what was reviewed before is exactly what lies here again."""

    object: str
    kind: str
    key: str
    number: str
    title: str
    study_id: str
    site_id: str
    organisation: str
    state: Any
    assignee: str | None
    actions: tuple[str, ...]
    risk: str
    days: int
    left: int | None
    running: bool
    due: datetime | None
    since: datetime
    unchanged: bool


@dataclass(frozen=True)
class Page:
    """A page of lines, and how many there are in all. sites, assignees: what can be filtered by."""

    entries: tuple[Entry, ...]
    total: int
    waiting: int
    sites: tuple[str, ...]
    assignees: tuple[str, ...]


@dataclass
class Remembered:
    """What was open to whom at which event, for at most a minute.

    Whatever changes on the board is an event, so while there is no new one the entries are the same; only the calendar
    moves. A decision is never taken from here: the board asks its rules again.
    """

    most: int = 64
    entries: OrderedDict[tuple[object, ...], list[Entry]] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)

    def read(self, work: Work, actor: Actor) -> list[Entry]:
        """Give the entries, made anew when anything happened."""
        last = work.session.scalar(select(func.max(Event.number)))
        key = (actor, last, work.now.replace(second=0, microsecond=0))
        with self.lock:
            known = self.entries.get(key)
        if known is None:
            known = _entries(work, actor)
            with self.lock:
                self.entries[key] = known
                while len(self.entries) > self.most:
                    self.entries.popitem(last=False)
        return known


def queue(
    work: Work, actor: Actor, wanted: Filter, start: int = 0, size: int = 50, remembered: Remembered | None = None
) -> Page:
    """Read what is open to a person's eyes: what waits for them first, then what is due soonest."""
    entries = (remembered or Remembered()).read(work, actor)
    waiting = sum(bool(entry.actions) for entry in entries)
    chosen = sorted((e for e in entries if _fits(e, wanted)), key=_order)
    shown = chosen[start : start + size]
    known = _unchanged(work, shown)
    return Page(
        tuple(replace(entry, unchanged=entry.object in known) for entry in shown),
        len(chosen),
        waiting,
        tuple(sorted({entry.site_id for entry in entries})),
        tuple(sorted({entry.assignee for entry in entries if entry.assignee})),
    )


def _order(entry: Entry) -> tuple[bool, bool, float, str]:
    return (not entry.actions, entry.left is None, entry.left if entry.left is not None else 0, entry.number)


def _fits(entry: Entry, wanted: Filter) -> bool:
    words = wanted.words.strip().lower()
    told = " ".join((entry.number, entry.title, entry.study_id, entry.site_id, entry.organisation, entry.key)).lower()
    return all(
        (
            not wanted.mine or entry.actions,
            wanted.kind in {"", entry.kind},
            wanted.state in {"", str(entry.state)},
            wanted.site in {"", entry.site_id},
            wanted.assignee in {"", entry.assignee or "-"},
            not wanted.late or (entry.left is not None and entry.left < 0),
            words in told,
        )
    )


def _entries(work: Work, actor: Actor) -> list[Entry]:
    session = work.session
    cases = session.scalars(seen_cases(actor).where(Case.state.in_(OPEN_CASES))).all()
    releases = session.scalars(seen_releases(actor).where(Release.state.in_(OPEN_RELEASES))).all()
    grants = session.scalars(seen_grants(actor).where(Grant.state.in_(OPEN_GRANTS))).all()
    behind = _releases_of(work, releases, grants)
    homes = _cases_of(work, cases, behind)
    of_case = case_facts(session, list(homes.values()))
    of_release = release_facts(session, behind, of_case)
    of_grant = grant_facts(session, grants, of_release)
    names = [*(f"case:{case.id}" for case in cases), *(f"release:{release.name}" for release in releases)]
    clocks = turns(session, names, work.now)
    found: list[Entry] = []
    for machine, things, facts in ((CASE, cases, of_case), (RELEASE, releases, of_release), (GRANT, grants, of_grant)):
        for thing in things:
            key = thing.name if isinstance(thing, Release) else thing.id
            found.append(_entry(work, actor, machine, thing, facts[key], homes, clocks))
    return found


def _releases_of(work: Work, releases: Sequence[Release], grants: Sequence[Grant]) -> list[Release]:
    """The releases themselves, and those behind the grants."""
    missing = sorted({grant.release_name for grant in grants} - {release.name for release in releases})
    if not missing:
        return list(releases)
    return [*releases, *work.session.scalars(select(Release).where(Release.name.in_(missing)))]


def _cases_of(work: Work, cases: Sequence[Case], releases: Sequence[Release]) -> Mapping[str, Case]:
    known = {case.id: case for case in cases}
    missing = sorted({release.case_id for release in releases} - known.keys())
    if missing:
        known.update({case.id: case for case in work.session.scalars(select(Case).where(Case.id.in_(missing)))})
    return known


def _entry(
    work: Work,
    actor: Actor,
    machine: Machine,
    thing: Case | Release | Grant,
    facts: Any,
    homes: Mapping[str, Case],
    clocks: Mapping[str, Turn],
) -> Entry:
    name = object_name(thing)
    case = homes[facts.case.id]
    turn = clocks.get(name, Turn())
    allowed = work.settings.case_days if machine is CASE else work.settings.release_days
    actions = tuple(a for a in actions_of(machine, actor, thing.state) if work.decide(actor, a, facts, None))
    left = turn.left(allowed) if turn.running else None
    assignee = None if isinstance(thing, Grant) else thing.assignee
    return Entry(
        object=name,
        kind=machine.name,
        key=name.partition(":")[2],
        number=case.number,
        title=case.title,
        study_id=case.study_id,
        site_id=case.site_id,
        organisation=case.organisation_id,
        state=thing.state,
        assignee=assignee,
        actions=actions,
        risk=_risk(thing, facts, left),
        days=turn.days(),
        left=left,
        running=turn.running,
        due=turn.due(allowed, work.now),
        since=thing.changed_at,
        unchanged=False,
    )


def _risk(thing: Case | Release | Grant, facts: Any, left: int | None) -> str:
    """Red: blocked, beyond the case, recalled, or late. Amber: a warning, or three days left."""
    if isinstance(thing, Release) and (
        facts.beyond_case or thing.state in {ReleaseState.BLOCKED, ReleaseState.RECALLED}
    ):
        return "red"
    if isinstance(thing, Grant) and thing.state is not GrantState.PENDING_TERMS:
        return "amber"
    if left is not None and left < 0:
        return "red"
    warned = isinstance(thing, Release) and bool(thing.summary.get("warnings"))
    return "amber" if warned or (left is not None and left <= 3) else "green"


def _unchanged(work: Work, entries: Sequence[Entry]) -> set[str]:
    """Name the objects on whose present content somebody voted in an earlier round."""
    names = [entry.object for entry in entries if entry.kind != "grant"]
    query = select(Vote.object, Vote.bound).where(Vote.object.in_(names), Vote.voided_at.is_not(None))
    digests = dict(work.session.execute(select(Case.id, Case.digest).where(Case.id.in_(_keys(names, "case")))).all())
    packages = select(Release.name, Release.manifest_digest).where(Release.name.in_(_keys(names, "release")))
    digests.update(work.session.execute(packages).all())
    return {
        name
        for name, bound in work.session.execute(query)
        if digests.get(name.partition(":")[2]) == (bound.get("manifest_digest") or bound.get("digest"))
    }


def _keys(names: Sequence[str], kind: str) -> list[str]:
    return [name.partition(":")[2] for name in names if name.startswith(f"{kind}:")]
