"""People of two versions as they may be told: by role and by cause."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cohorts.disclosure import MARK, Tables, suppress
from extract.compare import People
from flows.attribution import DEIDENTIFICATION, WITHDRAWAL, Moved
from flows.changes_groups import CAME, LEFT, Groups, apart

_SIDES = {CAME: "added", LEFT: "removed"}


@dataclass(frozen=True)
class PeopleTold:
    """texts: name of a count -> text. by_cause: (cause, how many) with a sign.

    groups: whose number is withheld for people already is told as one, so that rows and codes do not part them either.
    """

    texts: Mapping[str, str]
    by_cause: tuple[tuple[str, str], ...]
    groups: Groups


def people_told(found: People, moved: Moved, threshold: int) -> PeopleTold:
    """Withhold what is small, and whatever would give it away to a reader of this or to one who holds both packages."""
    came, left = moved.counts(moved.came), moved.counts(moved.left)
    texts = _texts(found, came, left, threshold)
    for side, parts in (("added", came), ("removed", left)):
        for cause in apart(parts, threshold):
            texts[_name(side, cause)] = MARK
    if texts["removed withdrawal"] == MARK:  # the rest would tell it
        texts["removed otherwise"] = MARK
    counts = {**{(CAME, cause): n for cause, n in came.items()}, **{(LEFT, cause): n for cause, n in left.items()}}
    hidden = frozenset(key for key in counts if texts[_name(_SIDES[key[0]], key[1])] == MARK)
    stayed = sum(found.before.values()) - sum(left.values())
    lines = [(cause, f"+{texts[_name('added', cause)]}") for cause in _told_first(came)]
    lines += [(cause, f"-{texts[_name('removed', cause)]}") for cause in _told_first(left)]
    return PeopleTold(texts, tuple(lines), Groups(counts, hidden, stayed))


def _name(side: str, cause: str) -> str:
    return "removed withdrawal" if cause == WITHDRAWAL else f"{side} by {cause}"


def _texts(found: People, came: Mapping[str, int], left: Mapping[str, int], threshold: int) -> dict[str, str]:
    """Before, after, added, removed (by role, by cause and in all) and stayed, with whatever gives a small one away withheld."""
    tables = Tables()
    roles = sorted({*found.before, *found.after})
    added, removed = ({role: len(people) for role, people in side.items()} for side in (found.came, found.left))
    sides = {"before": found.before, "after": found.after, "added": added, "removed": removed}
    for side, counts in sides.items():
        parts = [tables.cell(f"{side} {role}", counts.get(role, 0)) for role in roles]
        tables.total(tables.cell(f"{side} all", sum(map(tables.value, parts)), 3.0), parts)
    for role in [*roles, "all"]:
        stayed = tables.value(f"before {role}") - tables.value(f"removed {role}")
        if stayed >= 0 and stayed == tables.value(f"after {role}") - tables.value(f"added {role}"):
            name = tables.cell(f"stayed {role}", stayed)
            tables.total(f"before {role}", [name, f"removed {role}"])
            tables.total(f"after {role}", [name, f"added {role}"])
    _add_causes(tables, came, left)
    return {name: count.text for name, count in suppress(tables, threshold).items()}


def _add_causes(tables: Tables, came: Mapping[str, int], left: Mapping[str, int]) -> None:
    if came:
        tables.total("added all", [tables.cell(f"added by {cause}", count) for cause, count in sorted(came.items())])
    gone = [tables.cell(f"removed by {cause}", n) for cause, n in sorted(left.items()) if cause != WITHDRAWAL]
    tables.cell("removed withdrawal", left.get(WITHDRAWAL, 0))
    tables.cell("removed otherwise", tables.value("removed all") - tables.value("removed withdrawal"))
    tables.total("removed all", ["removed withdrawal", "removed otherwise"])
    if gone:
        tables.total("removed otherwise", gone)


def _told_first(causes: Collection[str]) -> list[str]:
    """Order causes as they are attributed: the refresh, then the definition, de-identification and withdrawal last."""
    last = ("definition", "policy", DEIDENTIFICATION, WITHDRAWAL)
    return sorted(causes, key=lambda cause: (last.index(cause) + 1 if cause in last else 0, cause))
