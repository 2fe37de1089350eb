"""Lists a page at a time: filtered and counted by the database, the same few queries whatever there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_

from drb.facts import Actor
from drb.models import Case, Organisation, Release
from drb.views import View
from drb.visible import seen_cases, seen_releases
from drb.work import Work


@dataclass(frozen=True)
class Row(View):
    """One line of a list. key: what its address ends with."""

    kind: str
    key: str
    number: str
    title: str
    study_id: str
    site_id: str
    organisation_ko: str
    organisation_en: str
    state: Any
    changed_at: datetime


@dataclass(frozen=True)
class Wanted:
    """What to list. words: in number, title, study, name."""

    kind: str
    state: str = ""
    site: str = ""
    words: str = ""
    start: int = 0
    size: int = 50


def listed(work: Work, actor: Actor, wanted: Wanted) -> tuple[tuple[Row, ...], int]:
    """Read a page of cases or releases, newest first, and how many there are."""
    of_cases = wanted.kind == "case"
    thing: Any = Case if of_cases else Release
    query = seen_cases(actor) if of_cases else seen_releases(actor)
    if wanted.state:
        query = query.where(thing.state == wanted.state)
    if wanted.site:
        query = query.where(thing.site_id == wanted.site)
    home = Organisation.id == Case.organisation_id
    counted = query
    if wanted.words.strip():
        like = f"%{wanted.words.strip().lower().replace('%', '').replace('_', chr(92) + '_')}%"
        parts = [Case.number, Case.title, thing.study_id, Organisation.name_ko, Organisation.name_en]
        parts += [] if of_cases else [Release.name]
        query = query.where(or_(*(func.lower(part).like(like, escape=chr(92)) for part in parts)))
        counted = query.join(Organisation, home)
    total = work.session.scalar(counted.with_only_columns(func.count())) or 0
    key = Case.id if of_cases else Release.name
    columns = query.join(Organisation, home).with_only_columns(
        key,
        Case.number,
        Case.title,
        thing.study_id,
        thing.site_id,
        Organisation.name_ko,
        Organisation.name_en,
        thing.state,
        thing.changed_at,
    )
    order = (Case.number.desc(),) if of_cases else (Release.created_at.desc(), Release.name)
    rows = work.session.execute(columns.order_by(*order).offset(wanted.start).limit(wanted.size))
    return tuple(Row(wanted.kind, *row) for row in rows), total
