"""The data review board: people, cases, releases, grants and the ledger, over one database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Engine, func, select

from drb import ledger, migrate
from drb.accounts import Accounts
from drb.cases import Cases
from drb.database import connect
from drb.errors import BadInput
from drb.evidence import Evidence
from drb.facts import Actor, Asked, Facts, Who
from drb.grants import Grants
from drb.keys import Keys
from drb.ledger import Recorded
from drb.listing import Row, Wanted, listed
from drb.load import case_facts, grant_facts, release_facts
from drb.merkle import root
from drb.models import Case, Grant, Release
from drb.options import Option, options
from drb.outbox import Outbox
from drb.pages import CasePage, ReleasePage, case_page, masked, release_page
from drb.people import People
from drb.queue import Filter, Page, Remembered
from drb.queue import queue as queue_page
from drb.quorum import Settings
from drb.releases import Releases
from drb.rights import Decision, may, refuse
from drb.roots import Roots, heads
from drb.sessions import Sessions
from drb.sites import SiteView, runs, site, sites
from drb.states import ReleaseState, Role
from drb.statistics import Statistics, statistics
from drb.turns import Turn, turns
from drb.verify import LedgerReport, verify
from drb.views import ReleaseView, Waiting
from drb.visible import seen_cases, seen_grants, seen_releases
from drb.waiting import waiting
from drb.waivers import Waivers
from drb.work import Clock, Desk, Work, refusal, utc_now


@dataclass(frozen=True)
class Board:
    """An open board. Close it, or use it as a context manager. Safe to use from several threads."""

    engine: Engine
    settings: Settings
    clock: Clock

    @cached_property
    def desk(self) -> Desk:
        """Where transactions are opened."""
        return Desk(self.engine, self.settings, self.clock)

    @cached_property
    def people(self) -> People:
        """Organisations, people, roles."""
        return People(self.desk)

    @cached_property
    def cases(self) -> Cases:
        """심의 건."""
        return Cases(self.desk)

    @cached_property
    def releases(self) -> Releases:
        """반출 건."""
        return Releases(self.desk)

    @cached_property
    def grants(self) -> Grants:
        """이용권."""
        return Grants(self.desk)

    @cached_property
    def keys(self) -> Keys:
        """Public keys of those who receive."""
        return Keys(self.desk)

    @cached_property
    def accounts(self) -> Accounts:
        """How people sign in."""
        return Accounts(self.desk)

    @cached_property
    def sessions(self) -> Sessions:
        """Sessions of browsers and tokens of scripts."""
        return Sessions(self.desk)

    @cached_property
    def evidence(self) -> Evidence:
        """Evidence packs."""
        return Evidence(self.desk)

    @cached_property
    def outbox(self) -> Outbox:
        """What is to be told."""
        return Outbox(self.desk)

    @cached_property
    def roots(self) -> Roots:
        """Signed daily roots."""
        return Roots(self.desk)

    @cached_property
    def waivers(self) -> Waivers:
        """Accepted failures of a baseline database."""
        return Waivers(self.desk)

    @cached_property
    def remembered(self) -> Remembered:
        """Queues that were made since the last event."""
        return Remembered()

    def case_page(self, actor: Who, key: str) -> CasePage:
        """Read all that a case's page shows, in one transaction. Raises Refused, recorded; BadInput when there is none."""
        with self.desk.look(actor, f"case:{key}") as work:
            return case_page(work, work.actor(actor), key)

    def release_page(self, actor: Who, key: str) -> ReleasePage:
        """Read all that a release's page shows, in one transaction. Raises Refused, recorded; BadInput when there is none."""
        with self.desk.look(actor, f"release:{key}") as work:
            return release_page(work, work.actor(actor), key)

    def decide(self, actor: str, action: str, name: str, asked: Asked | None = None) -> Decision:
        """Ask, without doing it and without a record, whether a person may do `action` to 'case:ID', 'release:NAME' ..."""
        with self.desk.read() as work:
            return work.decide(work.actor(actor), action, _facts(work, name), asked)

    def options(self, actor: str, name: str) -> tuple[Option, ...]:
        """Answer for every action that a person's roles name whether it is open to them, on 'case:ID', 'release:NAME' ..."""
        with self.desk.read() as work:
            return options(work, work.actor(actor), _facts(work, name))

    def require(self, actor: Who, right: str) -> None:
        """Raise Refused, recorded, unless a person holds a right that moves no machine (`transitions.STANDING`)."""
        if isinstance(actor, Actor) and may(actor, right):
            return
        with self.desk.look(actor, f"board:{right}") as work:
            decision = may(work.actor(actor), right)
            if not decision:
                raise refusal(decision)

    def may(self, actor: Who, right: str) -> Decision:
        """Ask, without a record, for a right that moves no machine."""
        if isinstance(actor, Actor):
            return may(actor, right)
        with self.desk.read() as work:
            return may(work.actor(actor), right)

    def page(self, person_id: Who, wanted: Filter | None = None, start: int = 0, size: int = 50) -> Page:
        """Read a page of what is open to a person's eyes, with clocks, due dates and what they may do."""
        with self.desk.read() as work:
            return queue_page(work, work.actor(person_id), wanted or Filter(), start, size, self.remembered)

    def require_action(self, actor: str, action: str, name: str) -> None:
        """Raise Refused, recorded, unless an action is open to a person."""
        with self.desk.look(actor, name) as work:
            decision = work.decide(work.actor(actor), action, _facts(work, name), None)
            if not decision:
                raise refusal(decision)

    def listed(self, actor: Who, wanted: Wanted) -> tuple[tuple[Row, ...], int]:
        """Read a page of the cases or releases that a person may see, and how many there are."""
        with self.desk.read() as work:
            return listed(work, work.actor(actor), wanted)

    def head(self) -> str:
        """Compute the root over the heads of all chains, as it belongs into the minutes of a meeting."""
        with self.desk.read() as work:
            return root(heads(work))

    def sites(self, actor: str) -> tuple[SiteView, ...]:
        """Read the hospitals that a person may see counts of."""
        with self.desk.read() as work:
            return sites(work, work.actor(actor))

    def site(self, actor: str, site_id: str) -> SiteView:
        """Read one hospital. Raises Refused, recorded, for whoever does not act for it."""
        with self.desk.look(actor, f"site:{site_id}") as work:
            return site(work, work.actor(actor), site_id)

    def runs(self, actor: str, site_id: str) -> tuple[ReleaseView, ...]:
        """Read what was built at a hospital, newest first, as far as a person may see it."""
        with self.desk.read() as work:
            return runs(work, work.actor(actor), site_id)

    def clock_of(self, name: str) -> Turn:
        """Read whose turn took how long on one object."""
        with self.desk.read() as work:
            return turns(work.session, [name], work.now)[name]

    def statistics(self, actor: str) -> Statistics:
        """Count cases by year, hospital, route, topic and decision. Raises Refused, recorded, without the right."""
        self.require(actor, "read_statistics")
        with self.desk.read() as work:
            return statistics(work)

    def may_download(self, person_id: str, release: str, now: datetime | None = None) -> Decision:
        """Answer whether a person may download a release; now: the board's clock when not given."""
        return self.grants.may_download(person_id, release, now)

    def queue(self, person_id: str) -> tuple[Waiting, ...]:
        """List what waits for a person, longest first."""
        with self.desk.read() as work:
            return waiting(work, work.actor(person_id))

    def events(self, actor: str, name: str | None = None, limit: int | None = None) -> tuple[Recorded, ...]:
        """Read one object's events ('case:ID' ...), or everybody's, in order; with a limit the last ones.

        Raises Refused, recorded, for whoever may not read them. While a review is blind, votes are shown without content.
        """
        with self.desk.look(actor, name or "board:ledger") as work:
            acting = work.actor(actor)
            blind = _readable(work, acting, name)
            found = ledger.read(work.session, name, limit)
        return masked(found) if blind else found

    def verify(self) -> LedgerReport:
        """Verify the whole ledger, every row and every text."""
        with self.desk.read() as work:
            return verify(work.session)

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Count cases, releases and grants by state."""
        with self.desk.read() as work:
            return {
                name: {
                    row[0].value: row[1]
                    for row in work.session.execute(
                        select(model.state, func.count()).group_by(model.state).order_by(model.state)
                    )
                }
                for name, model in _MODELS.items()
            }

    def now(self) -> datetime:
        """Read the board's clock."""
        return self.clock()

    def close(self) -> None:
        """Give the connections back; idempotent."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_MODELS: Mapping[str, Any] = {"case": Case, "release": Release, "grant": Grant}


def open_board(url: str, *, settings: Settings | None = None, clock: Clock = utc_now) -> Board:
    """Open a board and bring its database to today's layout.

    url: sqlite:///path/board.sqlite or postgresql://user@host/database. Raises BadInput when it cannot be opened.
    """
    engine = connect(url)
    migrate.upgrade(engine)
    return Board(engine, settings or Settings(), clock)


def _facts(work: Work, name: str) -> Facts:
    kind, _, key = name.partition(":")
    model = _MODELS.get(kind)
    row = work.session.get(model, key) if model is not None else None
    if isinstance(row, Case):
        return case_facts(work.session, [row])[key]
    if isinstance(row, Release):
        return release_facts(work.session, [row])[key]
    if isinstance(row, Grant):
        return grant_facts(work.session, [row])[key]
    raise BadInput("no such object; give 'case:ID', 'release:NAME' or 'grant:ID'")


def _readable(work: Work, actor: Actor, name: str | None) -> bool:
    """Raise Refused unless the events may be read; say whether votes are still blind to this reader."""
    kind, _, key = (name or "").partition(":")
    if actor.roles & {Role.AUDITOR, Role.PRIVACY_OFFICER, Role.SYSTEM}:
        return False
    queries: Mapping[str, Any] = {
        "case": seen_cases(actor).where(Case.id == key),
        "release": seen_releases(actor).where(Release.name == key),
        "grant": seen_grants(actor).where(Grant.id == key),
    }
    row = work.session.scalars(queries[kind]).one_or_none() if kind in queries else None
    if row is None:
        raise refusal(refuse("visible"))
    return isinstance(row, Release) and row.state is ReleaseState.PARTIALLY_REVIEWED
