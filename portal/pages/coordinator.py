"""The programme's numbers: counts only, never a case."""

from __future__ import annotations

import csv
import io

from fastapi import APIRouter
from fastapi.responses import Response

from drb.states import CaseState, Route
from drb.statistics import Statistics
from portal.plots import bars, lines
from portal.visit import Here, Visit

router = APIRouter()


@router.get("/statistics")
def statistics(visit: Here) -> Response:
    """Year x hospital x route x topic x decision, medians by whose turn, overdue destructions."""
    found = visit.board.statistics(visit.me)
    homes = {o.site_id: o for o in visit.board.people.organisations() if o.site_id}
    return visit.page(
        "statistics.html",
        found=found,
        homes=homes,
        yearly=bars([(str(year), found.total[year]) for year in found.years], visit.say("statistics.cases")),
        medians=lines(
            [str(year) for year in found.years],
            {
                visit.say("statistics.ours"): [found.ours[year] for year in found.years],
                visit.say("statistics.theirs"): [found.theirs[year] for year in found.years],
            },
            visit.say("statistics.days"),
        ),
        decisions={str(state): state for state in CaseState},
        routes={str(route): route for route in Route},
    )


@router.get("/statistics.csv")
def table(visit: Here) -> Response:
    """The same counts as one table."""
    found = visit.board.statistics(visit.me)
    told = {"content-disposition": 'attachment; filename="statistics.csv"'}
    return Response("\ufeff" + _csv(visit, found), media_type="text/csv; charset=utf-8", headers=told)


def _csv(visit: Visit, found: Statistics) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([visit.say(f"statistics.csv.{name}") for name in ("year", "by", "name", "cases")])
    parts = (
        ("site", found.by_site),
        ("route", found.by_route),
        ("topic", found.by_topic),
        ("decision", found.by_decision),
    )
    for name, counted in parts:
        for year in found.years:
            for key, count in counted[year].items():
                writer.writerow([year, visit.say(f"statistics.csv.{name}"), key, count])
    return out.getvalue()
