"""Annual statistics, from the one view over events: year x hospital x route x topic x decision, and whose turn took how long."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from sqlalchemy import select, text

from drb.load import grant_facts
from drb.models import Case, Grant
from drb.rights import KOREA
from drb.states import CaseState, GrantState
from drb.turns import OURS, THEIRS
from drb.views import View
from drb.work import Work

# A decision is the last of these that a case came to.
DECISIONS = (CaseState.APPROVED, CaseState.CONDITIONAL, CaseState.REJECTED)
_QUERY = """SELECT object, target, at, until FROM state_change WHERE object LIKE 'case:%' ORDER BY object, seq"""


@dataclass(frozen=True)
class CaseFigures(View):
    """One case: the year in which it was first sent in (Korea), how it was decided, and whose turn took how many days."""

    year: int
    site: str
    route: str
    topic: str
    decision: str
    ours: float
    theirs: float


@dataclass(frozen=True)
class Statistics(View):
    """by_*: year -> name -> cases. ours, theirs: year -> median days. overdue: grants whose destruction is late, by hospital."""

    years: tuple[int, ...]
    total: Mapping[int, int]
    by_site: Mapping[int, Mapping[str, int]]
    by_route: Mapping[int, Mapping[str, int]]
    by_topic: Mapping[int, Mapping[str, int]]
    by_decision: Mapping[int, Mapping[str, int]]
    ours: Mapping[int, float]
    theirs: Mapping[int, float]
    overdue: Mapping[str, int]


def figures(work: Work) -> tuple[CaseFigures, ...]:
    """Read every case that was sent in; two queries."""
    cases = {
        f"case:{row.id}": row
        for row in work.session.execute(select(Case.id, Case.site_id, Case.route, Case.study_id)).all()
    }
    stays: dict[str, list[tuple[str, datetime, datetime]]] = defaultdict(list)
    for row in work.session.execute(text(_QUERY)):
        until = datetime.fromisoformat(row.until) if row.until else work.now
        stays[row.object].append((row.target, datetime.fromisoformat(row.at), until))
    found = (_figures(cases[name], of) for name, of in stays.items() if name in cases)
    return tuple(one for one in found if one is not None)


def _figures(case: object, stays: list[tuple[str, datetime, datetime]]) -> CaseFigures | None:
    sent = next((at for state, at, _ in stays if state == CaseState.SUBMITTED), None)
    if sent is None:
        return None
    decided = [state for state, _, _ in stays if state in DECISIONS]
    last = stays[-1][0]
    decision = decided[-1] if decided else (last if last == CaseState.WITHDRAWN else "PENDING")
    spent = {side: timedelta(0) for side in ("ours", "theirs")}
    for state, at, until in stays:
        if at >= sent and state in OURS:
            spent["ours"] += until - at
        elif at >= sent and state in THEIRS:
            spent["theirs"] += until - at
    route = getattr(case, "route", None)
    return CaseFigures(
        sent.astimezone(KOREA).year,
        getattr(case, "site_id", ""),
        route.value if route is not None else "-",
        getattr(case, "study_id", ""),
        str(decision),
        spent["ours"] / timedelta(days=1),
        spent["theirs"] / timedelta(days=1),
    )


def statistics(work: Work) -> Statistics:
    """Count, and take medians of the cases that were decided."""
    rows = figures(work)
    years = tuple(sorted({row.year for row in rows}))
    decided = [row for row in rows if row.decision in DECISIONS]

    def counted(part: str) -> Mapping[int, Mapping[str, int]]:
        return {
            year: dict(sorted(Counter(getattr(row, part) for row in rows if row.year == year).items()))
            for year in years
        }

    def medians(part: str) -> Mapping[int, float]:
        return {
            year: round(median([getattr(row, part) for row in decided if row.year == year] or [0.0]), 1)
            for year in years
        }

    return Statistics(
        years,
        dict(sorted(Counter(row.year for row in rows).items())),
        counted("site"),
        counted("route"),
        counted("topic"),
        counted("decision"),
        medians("ours"),
        medians("theirs"),
        overdue(work),
    )


def overdue(work: Work) -> Mapping[str, int]:
    """Count, by hospital, the grants whose copies should have been certified as destroyed by now."""
    due = (GrantState.REVOKED, GrantState.DESTRUCTION_DUE)
    grants = work.session.scalars(select(Grant).where(Grant.state.in_(due), Grant.downloads > 0)).all()
    if not grants:
        return {}
    facts = grant_facts(work.session, grants)
    today = work.now.astimezone(KOREA).date()
    late = Counter(facts[g.id].site_id for g in grants if (destroy_by(g, facts[g.id].case.conditions) or today) < today)
    return dict(sorted(late.items()))


def destroy_by(grant: Grant, conditions: object) -> date | None:
    """When the destruction of a copy must be certified: days after the end of use, or after it was revoked."""
    ended: date | None = getattr(conditions, "expires_on", None)
    if grant.state is GrantState.REVOKED:
        ended = grant.changed_at.astimezone(KOREA).date()
    days: int = getattr(conditions, "destruction_within_days", 30)
    return None if ended is None else ended + timedelta(days=days)
