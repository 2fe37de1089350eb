"""A release against every earlier one of its hospital: what the board is told of it, and whether it stops the release.

The person sets stay inside the hospital. A group of fewer than k people that remains after subtracting blocks a release
("new minus old = 3 people"), unless the case's approval has the condition `small_differences`. An earlier release that holds
people who withdrew since does not block: the next version has to be without them, whoever comes or goes with their matched
sets, and holding it back would hold them in the one before. The evidence says it all the same, and the board decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from cohorts.disclosure import stricter
from deid.differencing import TOGETHER, differences
from drb import Board
from drb.evidence import Part
from flows import person_sets
from flows.evidence import differencing
from flows.run import Run
from flows.withdrawals import withdrawn

DIFFERENCING = "differencing.no_small_group"


@dataclass(frozen=True)
class Subtracted:
    """part: of the evidence. blocked_by: the releases that leave a small group, empty where nothing blocks. k: of both."""

    part: Part
    blocked_by: tuple[str, ...]
    k: int


def subtract(run: Run, board: Board) -> Subtracted:
    """Keep the release's person set, and hold it against those of all releases that are out or on their way."""
    mine, (sets, unknown) = person_sets.keep(run), person_sets.earlier(run, board)
    k = max(run.policy.settings.k, run.site.min_k)
    part = differencing(differences(mine, sets, k), unknown, k, stricter(run.site.threshold))
    if run.conditions.get("small_differences"):
        return Subtracted(part, (), k)
    gone = pl.DataFrame({"member": withdrawn(run.home, run.site.id)})
    asked = {name: people for name, people in sets.items() if not people.join(gone, on="member", how="semi").height}
    found = {one.against: None for one in differences(mine, asked, k) if one.small}
    names = [name if name != TOGETHER else "all earlier releases together" for name in found]
    return Subtracted(part, tuple(names), k)
