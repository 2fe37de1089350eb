"""Which cause moved whom, where several changed together between two versions.

A person comes or goes under the first cause in this order that explains it, so that every one counts once:

| cause | left | came |
|---|---|---|
| withdrawal | withdrew | |
| CDM refresh (with vocabulary and code) | the earlier definition, run on the new CDM, does not draw them | it draws them |
| definition | the new definition does not draw them either | the new definition alone draws them |
| de-identification | drawn, and suppressed | |

A drawn sample moves as a whole: somebody who is drawn in another's place goes under the cause of that step. People whom the
earlier version's de-identification had suppressed cannot be told from those whom the CDM refresh brought; where the policy
changed as well, both are told together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

# Whom they move is seen in the first step together: they cannot be undone one by one.
REFRESH = ("vocabulary", "cdm", "code")
WITHDRAWAL = "withdrawal"
DEIDENTIFICATION = "deidentification"
Members = Mapping[str, frozenset[int]]


@dataclass(frozen=True)
class Steps:
    """Who is drawn from the new CDM, by subject_id: by the earlier definition (refreshed), by the new one (drawn)."""

    refreshed: frozenset[int]
    drawn: frozenset[int]


@dataclass(frozen=True)
class Inside:
    """What the hospital alone knows: who withdrew (subject_id), and who would have been drawn; None where that is not known."""

    withdrawn: frozenset[int] = frozenset()
    steps: Steps | None = None


@dataclass(frozen=True)
class Moved:
    """People by cause; several causes that are told together stand in one name, with ' + ' between."""

    came: Mapping[str, int]
    left: Mapping[str, int]


def moving(causes: Collection[str]) -> tuple[str, ...]:
    """Those causes that may move people into a release or out of it, withdrawals aside."""
    return tuple(cause for cause in causes if cause not in ("study", WITHDRAWAL))


def attribute(came: Members, left: Members, causes: Collection[str], inside: Inside) -> Moved:
    """Count who came and left by cause; where the steps are not known, all causes are told together."""
    names, steps = _names(causes), inside.steps
    return Moved(
        Counter(_came(person, names, steps) for people in came.values() for person in people),
        Counter(
            WITHDRAWAL if person in inside.withdrawn else _left(person, names, steps)
            for people in left.values()
            for person in people
        ),
    )


@dataclass(frozen=True)
class _Names:
    together: str
    refresh: str
    drawn_anew: str
    policy: str


def _names(causes: Collection[str]) -> _Names:
    together = " + ".join(causes) or "nothing else changed"
    first = [cause for cause in causes if cause in REFRESH]
    shown = [cause for cause in causes if cause in (*REFRESH, "policy")]
    policy = "policy" if "policy" in causes else DEIDENTIFICATION
    return _Names(together, " + ".join(first) or together, " + ".join(shown) or together, policy)


def _came(person: int, names: _Names, steps: Steps | None) -> str:
    if steps is None:
        return names.together
    return names.drawn_anew if person in steps.refreshed else "definition"


def _left(person: int, names: _Names, steps: Steps | None) -> str:
    if steps is None:
        return names.together
    if person not in steps.refreshed:
        return names.refresh
    return names.policy if person in steps.drawn else "definition"
