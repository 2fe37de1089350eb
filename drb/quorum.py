"""What a board needs for a decision. Configuration, never code: the Korean guideline has changed twice since 2024."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from drb.states import Choice, Route


@dataclass(frozen=True)
class Quorum:
    """votes: at least so many. share: more than this share of those entitled. external: so many from outside the hospital."""

    votes: int
    share: float = 0.0
    external: int = 0


@dataclass(frozen=True)
class Ballot:
    """One standing vote on a case."""

    person: str
    choice: Choice
    external: bool


def _routes() -> dict[Route, Quorum]:
    return {Route.EXPEDITED: Quorum(2), Route.FULL: Quorum(3, 0.5, 1), Route.SHARED: Quorum(3, 0.5, 1)}


@dataclass(frozen=True)
class Settings:
    """The board's configuration.

    routes: the quorum of each route. Defaults: expedited 2 votes; full and shared 3 votes, more than half of the
    entitled members (members and chairs who serve the hospital, without the recused), one of them from outside it.
    undo: how long after an approval publishing waits, so that it can still be undone.
    case_days, release_days: how many days of the board's own clock a case or release may take.
    """

    routes: Mapping[Route, Quorum] = field(default_factory=_routes)
    undo: timedelta = timedelta(0)
    case_days: int = 30
    release_days: int = 14


def lacking(quorum: Quorum, ballots: Iterable[Ballot], entitled: int) -> str | None:
    """What the quorum still lacks, as a phrase; None when it is met."""
    cast = list(ballots)
    if len(cast) < quorum.votes:
        return f"{len(cast)} of {quorum.votes} votes"
    if len(cast) <= quorum.share * entitled:
        return f"{len(cast)} votes of {entitled} entitled members, more than {quorum.share:.0%} needed"
    external = sum(ballot.external for ballot in cast)
    if external < quorum.external:
        return f"{external} of {quorum.external} votes from outside the hospital"
    return None


def majority(ballots: Iterable[Ballot], choices: frozenset[Choice]) -> bool:
    """More than half of the votes that do not abstain are among `choices`."""
    cast = [ballot.choice for ballot in ballots if ballot.choice is not Choice.ABSTAIN]
    return 2 * sum(choice in choices for choice in cast) > len(cast)
