"""Which cause moved whom and what, where several changed together between two versions.

A person comes or goes under the first cause in this order that explains it, so that every one counts once:

| cause | left | came |
|---|---|---|
| withdrawal | withdrew | |
| CDM refresh (with vocabulary and code) | the earlier definition, run on the new CDM, does not draw them | it draws them |
| definition | the new definition does not draw them either | the new definition alone draws them |
| de-identification | drawn, and suppressed | |

A drawn sample moves as a whole: somebody who is drawn in another's place goes under the cause of that step. It is run without
those who withdrew, so where somebody did, "drawn anew" (`REDRAWN`) is named beside it. People whom the earlier version's
de-identification had suppressed cannot be told from those whom the CDM refresh brought; where the policy changed as well, both are
told together.

Rows of people who came or left go under their cause. Rows of people who are in both versions go under the causes that can
change them, told together where they cannot be told apart (`staying`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Whom they move is seen in the first step together: they cannot be undone one by one.
REFRESH = ("vocabulary", "cdm", "code")
WITHDRAWAL = "withdrawal"
REDRAWN = "redrawn"
DEIDENTIFICATION = "deidentification"
ORDER = ("definition", "vocabulary", "cdm", "policy", "study", "code", WITHDRAWAL, REDRAWN, DEIDENTIFICATION)
"""The causes, in the order in which they are named."""
NOTHING = "nothing else changed"
Ints = NDArray[np.int64]
Members = Mapping[str, Ints]


@dataclass(frozen=True)
class Steps:
    """Who is drawn from the new CDM, by subject_id: by the earlier definition (refreshed), by the new one (drawn)."""

    refreshed: frozenset[int]
    drawn: frozenset[int]


@dataclass(frozen=True)
class Inside:
    """What the hospital alone knows; None where it does not.

    withdrawn: who withdrew (subject_id). withdrew: whether anybody did, which the manifests tell, too. steps: who would have been
    drawn. same_settings: whether what is extracted of people was asked for as before, of which the manifests tell nothing once the
    definition changed.
    """

    withdrawn: frozenset[int] | None = None
    withdrew: bool = False
    steps: Steps | None = None
    same_settings: bool | None = None


@dataclass(frozen=True)
class Moved:
    """Who came and left. people: subject_id of each; label: place in `names` of each one's cause.

    Several causes that are told together stand in one name, with ' + ' between. Somebody of two roles stands twice.
    """

    names: tuple[str, ...]
    came: tuple[Ints, Ints]
    left: tuple[Ints, Ints]

    def counts(self, side: tuple[Ints, Ints]) -> dict[str, int]:
        """Cause -> people, of those who came or of those who left."""
        found = np.bincount(side[1], minlength=len(self.names))
        return {name: int(count) for name, count in zip(self.names, found, strict=True) if count}


@dataclass(frozen=True)
class Kinds:
    """Causes by kind of row. rows: most. codes: differ in concept ids alone. person: what the release says of the person herself.

    restated: differ alone in columns that the policy treats in another way than before.
    """

    rows: str
    codes: str
    person: str
    restated: str


@dataclass(frozen=True)
class Staying:
    """The causes of rows of people in both versions.

    rest: of those whose place in the cohort (role, index date) is as it was, whom no definition touched. touched: of the others.
    """

    rest: Kinds
    touched: Kinds


def moving(causes: Collection[str]) -> tuple[str, ...]:
    """Those causes that may move people into a release or out of it, withdrawals aside."""
    return tuple(cause for cause in causes if cause not in ("study", WITHDRAWAL))


def together(causes: Iterable[str]) -> str:
    """Name causes that cannot be told apart, each once; any of them may be such a name itself."""
    parts = {part for cause in causes for part in cause.split(" + ")}
    return " + ".join(sorted(parts, key=lambda part: (ORDER.index(part) if part in ORDER else len(ORDER), part)))


def attribute(came: Members, left: Members, causes: Collection[str], inside: Inside) -> Moved:
    """Find the cause of everybody who came or left (by role: subject_id); without the steps all causes are told together."""
    names, steps = _names(causes, inside), inside.steps
    in_, out = _everybody(came), _everybody(left)
    if steps is None:
        said_in, said_out = np.full(len(in_), names.together), np.full(len(out), names.gone)
    else:
        refreshed, drawn = _ids(steps.refreshed), _ids(steps.drawn)
        said_in = np.where(np.isin(in_, refreshed), names.drawn_anew, "definition")
        said_out = np.where(np.isin(out, drawn), names.policy, "definition")
        said_out = np.where(np.isin(out, refreshed), said_out, names.refresh)
    said_out = np.where(np.isin(out, _ids(inside.withdrawn or frozenset())), WITHDRAWAL, said_out)
    said, label = np.unique(np.concatenate([said_in, said_out]), return_inverse=True)
    label = label.astype(np.int64)
    return Moved(tuple(map(str, said)), (in_, label[: len(in_)]), (out, label[len(in_) :]))


def staying(causes: Collection[str], same_settings: bool | None) -> Staying:
    """Tell which causes can have changed rows of people in both versions. causes: with WITHDRAWAL where somebody withdrew.

    A definition, and others' withdrawal, change the rows of somebody who stays only through her place in the cohort: another
    index day, another window. Among other people de-identification generalises anew: codes that have become rare, and what is said
    of the person herself. A row that differs in codes alone counts under the vocabulary where that changed, and one that differs
    in columns alone that the policy treats in another way, under the policy.
    """
    every = [REDRAWN if cause == WITHDRAWAL else cause for cause in touching(causes, same_settings)]
    return Staying(_kinds([c for c in every if c not in ("definition", REDRAWN)], every), _kinds(every, every))


def _kinds(able: Collection[str], every: Collection[str]) -> Kinds:
    if not every:
        return Kinds(NOTHING, NOTHING, NOTHING, NOTHING)
    anew = [] if "policy" in able else [DEIDENTIFICATION]
    coded = [cause for cause in able if cause in ("vocabulary", "policy")] if "vocabulary" in able else [*able, *anew]
    rows = together(able) or DEIDENTIFICATION
    return Kinds(rows, together(coded), together([*able, *anew]), "policy" if "policy" in able else rows)


def touching(causes: Collection[str], same_settings: bool | None) -> tuple[str, ...]:
    """Those causes that can change what a release says of somebody; study settings also where they may have changed unseen."""
    unseen = "definition" in causes and same_settings is None
    asked = [cause for cause in causes if cause != "study" or same_settings is not True]
    return tuple(dict.fromkeys([*asked, *(["study"] if unseen else [])]))


def shaping(causes: Collection[str], same_settings: bool | None) -> str:
    """Name the causes that can add, remove or retype a column or a table."""
    every = touching(causes, same_settings)
    able = [cause for cause in every if cause in ("cdm", "policy", "study", "code")]
    return together(able or every) or NOTHING


@dataclass(frozen=True)
class _Names:
    together: str
    gone: str
    refresh: str
    drawn_anew: str
    policy: str


def _names(causes: Collection[str], inside: Inside) -> _Names:
    anew = [REDRAWN] if inside.withdrew else []
    every = together([*causes, *anew]) or NOTHING
    # Who withdrew is not known outside the hospital, where it might be anybody who left.
    gone = together([*causes, WITHDRAWAL]) if inside.withdrew and inside.withdrawn is None else every
    first = together([*(cause for cause in causes if cause in REFRESH), *anew])
    shown = together([*(cause for cause in causes if cause in (*REFRESH, "policy")), *anew])
    policy = "policy" if "policy" in causes else DEIDENTIFICATION
    return _Names(every, gone, first or every, shown or every, policy)


def _everybody(side: Members) -> Ints:
    return np.concatenate([*side.values(), np.empty(0, np.int64)]).astype(np.int64)


def _ids(people: frozenset[int]) -> Ints:
    return np.fromiter(people, np.int64, len(people))
