"""The queue of a page: what is open in a person's sight, with clocks, due dates and what they may do; whatever its length."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from sqlalchemy import literal_column, union_all

from drb.facts import Actor, GrantFacts, ReleaseFacts
from drb.models import Case, Grant, Release
from drb.pending import OPEN_CASES, OPEN_GRANTS, OPEN_RELEASES, Pending, Standing, Watch
from drb.rights import machine_of
from drb.states import GrantState, ReleaseState
from drb.transitions import CASE
from drb.views import View
from drb.visible import seen_cases, seen_grants, seen_releases
from drb.waiting import actions_of
from drb.work import Work

_KINDS: Mapping[int, str] = {0: "case", 1: "release", 2: "grant"}


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
    """A page of lines, and how many there are in all. sites, assignees: what can be filtered by.

    secretaries: id and name of those to whom something can be assigned.
    """

    entries: tuple[Entry, ...]
    total: int
    waiting: int
    sites: tuple[str, ...]
    assignees: tuple[str, ...]
    secretaries: tuple[tuple[str, str], ...]


@dataclass
class Remembered:
    """What was open to whom since the last event, for at most a minute.

    Whatever changes on the board is an event, so while there is no new one the entries are the same; only the calendar
    moves. A decision is never taken from here: the board asks its rules again.
    """

    most: int = 64
    watch: Watch = field(default_factory=Watch)
    entries: OrderedDict[tuple[object, ...], list[Entry]] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)

    def read(self, work: Work, actor: Actor) -> tuple[Standing, list[Entry]]:
        """Give the entries, in order, made anew when anything happened."""
        standing = self.watch.read(work)
        key = (actor, standing.moment)
        with self.lock:
            known = self.entries.get(key)
        if known is None:
            known = sorted(_entries(work, actor, standing), key=_order)
            with self.lock:
                self.entries[key] = known
                while len(self.entries) > self.most:
                    self.entries.popitem(last=False)
        return standing, known


def queue(
    work: Work, actor: Actor, wanted: Filter, start: int = 0, size: int = 50, remembered: Remembered | None = None
) -> Page:
    """Read what is open to a person's eyes: what waits for them first, then what is due soonest."""
    standing, entries = (remembered or Remembered()).read(work, actor)
    chosen = [entry for entry in entries if _fits(entry, wanted)]
    return Page(
        tuple(chosen[start : start + size]),
        len(chosen),
        sum(bool(entry.actions) for entry in entries),
        tuple(sorted({entry.site_id for entry in entries})),
        tuple(sorted({entry.assignee for entry in entries if entry.assignee})),
        standing.secretaries,
    )


def _order(entry: Entry) -> tuple[bool, bool, int, str, str]:
    return (not entry.actions, entry.left is None, entry.left or 0, entry.number, entry.object)


def _fits(entry: Entry, wanted: Filter) -> bool:
    if wanted == Filter():
        return True
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


def _entries(work: Work, actor: Actor, standing: Standing) -> list[Entry]:
    sight = _in_sight(work, actor)
    return [_entry(work, actor, thing) for thing in standing.things if thing.object in sight]


def _in_sight(work: Work, actor: Actor) -> set[str]:
    """Name the open objects that a person may read; one query."""
    cases = seen_cases(actor).where(Case.state.in_(OPEN_CASES)).with_only_columns(Case.id)
    releases = seen_releases(actor).where(Release.state.in_(OPEN_RELEASES)).with_only_columns(Release.name)
    grants = seen_grants(actor).where(Grant.state.in_(OPEN_GRANTS)).with_only_columns(Grant.id)
    parts = (query.add_columns(literal_column(str(n))) for n, query in enumerate((cases, releases, grants)))
    return {f"{_KINDS[kind]}:{key}" for key, kind in work.session.execute(union_all(*parts))}


def _entry(work: Work, actor: Actor, thing: Pending) -> Entry:
    machine = machine_of(thing.facts)
    allowed = work.settings.case_days if machine is CASE else work.settings.release_days
    actions = tuple(a for a in actions_of(machine, actor, thing.state) if work.decide(actor, a, thing.facts, None))
    left = thing.turn.left(allowed) if thing.turn.running else None
    return Entry(
        object=thing.object,
        kind=machine.name,
        key=thing.object.partition(":")[2],
        number=thing.number,
        title=thing.title,
        study_id=thing.study_id,
        site_id=thing.site_id,
        organisation=thing.organisation,
        state=thing.state,
        assignee=thing.assignee,
        actions=actions,
        risk=_risk(thing, left),
        days=thing.turn.days(),
        left=left,
        running=thing.turn.running,
        due=thing.turn.due(allowed, work.now),
        since=thing.since,
        unchanged=thing.unchanged,
    )


def _risk(thing: Pending, left: int | None) -> str:
    """Red: blocked, beyond the case, recalled, or late. Amber: a warning, or three days left."""
    stopped = thing.state in {ReleaseState.BLOCKED, ReleaseState.RECALLED}
    if stopped or (isinstance(thing.facts, ReleaseFacts) and thing.facts.beyond_case):
        return "red"
    if isinstance(thing.facts, GrantFacts) and thing.state is not GrantState.PENDING_TERMS:
        return "amber"
    if left is not None and left < 0:
        return "red"
    return "amber" if thing.warned or (left is not None and left <= 3) else "green"
