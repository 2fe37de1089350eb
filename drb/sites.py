"""Hospitals as the board knows them: counts by state for those who act for them, and for the coordinator."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from drb.errors import NotFound
from drb.facts import Actor
from drb.models import Case, Organisation, Release
from drb.release_view import release_views
from drb.rights import refuse
from drb.states import Role
from drb.views import ReleaseView, View
from drb.visible import reads_all, seen_releases
from drb.work import Work, refusal

LAST_RUNS = 100


@dataclass(frozen=True)
class SiteView(View):
    """A hospital. cases, releases: state -> how many."""

    site: str
    name_ko: str
    name_en: str
    cases: Mapping[str, int]
    releases: Mapping[str, int]


def sites(work: Work, actor: Actor) -> tuple[SiteView, ...]:
    """Read the hospitals that a person acts for; all of them for those who read counts or everything."""
    homes = work.session.scalars(
        select(Organisation).where(Organisation.site_id.is_not(None)).order_by(Organisation.id)
    )
    everywhere = reads_all(actor) or Role.COORDINATOR in actor.roles or actor.serves is None
    return _views(work, [h for h in homes if everywhere or h.site_id in (actor.serves or ())])


def site(work: Work, actor: Actor, site_id: str) -> SiteView:
    """Read one hospital. Raises Refused for whoever does not act for it: counts are all that a coordinator reads."""
    home = work.session.scalars(select(Organisation).where(Organisation.site_id == site_id)).one_or_none()
    serves = actor.serves is None or site_id in actor.serves
    if not (reads_all(actor) or (serves and Role.COORDINATOR not in actor.roles)):
        raise refusal(refuse("visible"))
    if home is None:
        raise NotFound(f"no hospital with site '{site_id}'", "등록되지 않은 병원입니다")
    return _views(work, [home])[0]


def runs(work: Work, actor: Actor, site_id: str) -> tuple[ReleaseView, ...]:
    """Read the last packages that were built at a hospital, as far as a person may see them."""
    query = seen_releases(actor).where(Release.site_id == site_id).order_by(Release.created_at.desc())
    return release_views(work.session, work.session.scalars(query.limit(LAST_RUNS)).all())


def _views(work: Work, homes: list[Organisation]) -> tuple[SiteView, ...]:
    counted: dict[str, dict[str, dict[str, int]]] = {"case": defaultdict(dict), "release": defaultdict(dict)}
    for name, model in (("case", Case), ("release", Release)):
        query = select(model.site_id, model.state, func.count()).group_by(model.site_id, model.state)
        for site_id, state, count in work.session.execute(query):
            counted[name][site_id][state.value] = count
    return tuple(
        SiteView(
            home.site_id or "",
            home.name_ko,
            home.name_en,
            counted["case"][home.site_id or ""],
            counted["release"][home.site_id or ""],
        )
        for home in homes
    )
