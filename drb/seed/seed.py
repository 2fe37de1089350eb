"""Write the demo's board: every table in sets, every event in order of time, in one transaction."""

from __future__ import annotations

from collections import Counter as Count
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from drb import personal
from drb.attest import KINDS, attested
from drb.board import Board
from drb.columns import canonical, instant
from drb.errors import BadInput
from drb.ledger import GENESIS, event_hash
from drb.models import (
    Case,
    ChainHead,
    Counter,
    Event,
    Organisation,
    Person,
    PersonalText,
    Release,
    RoleAssignment,
)
from drb.seed import cast
from drb.seed.lives import CaseLife, ReleaseLife, Step, old_cases, open_cases
from drb.seed.packages import manifest, releases
from drb.seed.rows import case_rows, release_rows

# The programme's own figures: cases that its boards were asked in each year.
YEARLY: Mapping[int, int] = {2020: 58, 2021: 389, 2022: 935, 2023: 1_257, 2024: 1_474}


@dataclass(frozen=True)
class Seeded:
    """What stands on the board now. before: it had been seeded already."""

    cases: int
    releases: int
    people: int
    events: int
    before: bool


def seed(
    board: Board,
    titles: Mapping[str, str],
    *,
    volumes: Mapping[int, int] = YEARLY,
    waiting: int = 60,
    packages: int = 18,
) -> Seeded:
    """Seed an empty board. titles: study id -> title in Korean. waiting, packages: today's open cases and releases.

    A board that was seeded stays as it is. Raises BadInput for one that holds anything else.
    """
    with board.desk.write("system", "seed", "board:seed") as work:
        session, now = work.session, work.now
        if session.get(Organisation, cast.BOARD) is not None:
            return _counted(session, before=True)
        if session.scalar(select(func.count()).select_from(Person)):
            raise BadInput("this board holds people already; seed a demo into a fresh one: NARU_HOME=/tmp/naru-demo")
        studies = sorted(titles)
        cases = [*old_cases(volumes, studies), *open_cases(waiting, now, studies)]
        built = list(releases(cases, now, packages))
        steps = [*_people(session, min(volumes, default=now.year), now), *_things(session, cases, built, titles, now)]
        _events(session, steps)
        _counters(session, cases, built)
        return _counted(session, before=False)


def _counted(session: Session, *, before: bool) -> Seeded:
    cases, releases_, people, events = (
        session.scalar(select(func.count()).select_from(model)) or 0 for model in (Case, Release, Person, Event)
    )
    return Seeded(cases, releases_, people, events, before)


Told = tuple[str, str | None, Step]


def _people(session: Session, year: int, now: datetime) -> Iterable[Told]:
    at = now.replace(year=year, month=1, day=2)
    homes, people = cast.homes(), cast.people()
    texts = {one.id: personal.make(one.name) for one in people}
    session.execute(
        insert(Organisation),
        [
            {"id": h.id, "kind": h.kind, "name_ko": h.ko, "name_en": h.en, "site_id": h.site, "serves": None}
            for h in homes
        ],
    )
    session.execute(insert(PersonalText), [personal.as_row(text) for text in texts.values()])
    session.execute(
        insert(Person),
        [{"id": p.id, "organisation_id": p.home, "name_id": texts[p.id].id, "active": True} for p in people],
    )
    roles = [(p.id, role) for p in people for role in p.roles]
    session.execute(
        insert(RoleAssignment),
        [
            {"person_id": key, "role": role, "proposed_by": cast.ADMIN, "confirmed_by": "admin_choi", "version": 1}
            for key, role in roles
        ],
    )
    for home in homes:
        yield f"organisation:{home.id}", None, Step(at, "system", "SYSTEM", "add_organisation")
    for person in people:
        told = {"texts": {texts[person.id].id: texts[person.id].commitment}}
        yield f"person:{person.id}", None, Step(at, cast.ADMIN, "ADMIN", "add_person", told)
        named = {"roles": [role.value for role in person.roles]}
        confirmed = Step(at + timedelta(hours=1), "admin_choi", "ADMIN", "confirm_roles", named)
        yield f"person:{person.id}", None, confirmed


def _things(
    session: Session, cases: Sequence[CaseLife], built: Sequence[ReleaseLife], titles: Mapping[str, str], now: datetime
) -> Iterable[Told]:
    for model, rows in (*case_rows(cases, titles), *release_rows(built, now)):
        if rows:
            session.execute(insert(model), rows)
    for life in cases:
        yield from ((f"case:{life.id}", None, step) for step in life.steps)
    for release in built:
        digest = manifest(release.name)
        yield from ((f"release:{release.name}", digest, step) for step in release.steps)
        if release.grant is not None:
            last = release.steps[-1].at
            told = {"from": None, "to": release.grant.value, "release": release.name}
            yield f"grant:g-{release.name}"[:80], digest, Step(last, "system", "SYSTEM", "create", told)


def _events(session: Session, steps: Sequence[Told]) -> None:
    """Chain every object's events; the last one of each attests its row as it stands in the database."""
    rows: dict[str, Mapping[str, Any]] = {}
    for kind in KINDS:
        rows.update(attested(session, kind))
    ordered = sorted(steps, key=lambda told: (told[2].at, told[0]))
    left = Count(name for name, _, _ in ordered)
    heads: dict[str, tuple[int, str]] = {}
    events = []
    for name, digest, step in ordered:
        seq, before = heads.get(name, (0, GENESIS))
        left[name] -= 1
        payload = dict(step.payload) if left[name] else {**step.payload, "row": rows[name]}
        content: dict[str, Any] = {
            "seq": seq + 1,
            "at": instant(step.at),
            "actor": step.actor,
            "role": step.role,
            "action": step.action,
            "object": name,
            "object_digest": digest,
            "reason": "",
            "payload": payload,
            "prev_hash": before,
        }
        made = event_hash(content)
        events.append({**content, "payload": canonical(payload), "hash": made})
        heads[name] = (seq + 1, made)
    session.execute(insert(Event), events)
    session.execute(insert(ChainHead), [{"object": name, "seq": s, "hash": h} for name, (s, h) in heads.items()])


def _counters(session: Session, cases: Sequence[CaseLife], built: Sequence[ReleaseLife]) -> None:
    last = Count(life.number.partition("-")[0] for life in cases)
    rows = [{"name": f"case {year}", "value": count} for year, count in sorted(last.items())]
    session.execute(insert(Counter), [*rows, {"name": "grant", "value": len(built)}])
