"""naru diff and docs/CHANGES.md: what changed between two versions and why, after disclosure control.

Causes come from what the two manifests say that they were made of. People who withdrew are known inside the hospital
alone. Where several causes changed at once, which of them moved a person cannot be seen in the packages: the hospital works
it out when it builds the later one (flows/attribution.py), and what it recorded in docs/changes.json is told again here.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from cdm.engine import Limits
from cdm.errors import BadInput
from cdm.source import CdmVersion
from cohorts.disclosure import MARK, Tables, stricter, suppress
from extract.compare import CodeChange, Difference, TableChange, compare
from extract.manifest import Provenance, read_manifest
from flows.attribution import DEIDENTIFICATION, WITHDRAWAL, Inside, Moved, attribute, moving

# In the order in which they are told; the provenance that shows each.
CAUSES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "definition": ("정의", "definition", ("definition_digest",)),
    "vocabulary": ("용어집", "vocabulary", ("vocabulary_version",)),
    "cdm": ("CDM 갱신", "CDM refresh", ("cdm_release_digest", "cdm_version")),
    "policy": ("비식별 정책", "policy", ("policy_digest",)),
    "study": ("연구 설정", "study settings", ("study_digest",)),
    "code": ("코드", "code", ("code_digest", "code_version")),
}
OTHER_CAUSES = {WITHDRAWAL: ("동의 철회", "withdrawal"), DEIDENTIFICATION: ("비식별 처리", "de-identification")}
CODES_TOLD = 25
# A mean is told as moved from a fifth of a standard deviation (Cohen's "small").
MOVED = 0.2


@dataclass(frozen=True)
class Changes:
    """What may be told. people: name of a count -> text. causes: what changed. lines: by table, code and statistic.

    apart: whether several causes that changed together are told one by one.
    """

    before: str
    after: str
    causes: tuple[str, ...]
    people: Mapping[str, str]
    by_cause: tuple[tuple[str, str], ...]
    apart: bool
    tables: tuple[tuple[str, ...], ...]
    columns: tuple[tuple[str, str], ...]
    codes: tuple[tuple[str, ...], ...]
    codes_withheld: int
    values: tuple[tuple[str, ...], ...]
    threshold: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in self.__dict__.items()}


def diff(
    before: Path, after: Path, threshold: int, withdrawn: Collection[int] = (), limits: Limits | None = None
) -> Changes:
    """Compare two releases of one grant. withdrawn: subject_id of people of `before` who withdrew. Raises BadInput."""
    old, new = read_manifest(before), read_manifest(after)
    if (old.study.id, old.site_id, old.recipient) != (new.study.id, new.site_id, new.recipient):
        raise BadInput(
            f"{old.release} and {new.release} are not versions of one release: study, hospital or recipient differ, and so do "
            "the pseudonyms; compare versions of the same"
        )
    made_of = (old.provenance, new.provenance)
    found = told(before, after, (old.version, new.version), made_of, threshold, Inside(frozenset(withdrawn)), limits)
    return _as_recorded(found, after / "docs" / "changes.json")


def _as_recorded(found: Changes, record: Path) -> Changes:
    """Tell people by cause as the hospital recorded it, where that was of these versions and withheld no less."""
    if not record.is_file():
        return found
    known = json.loads(record.read_bytes())
    same = (known["before"], known["after"]) == (found.before, found.after)
    if not same or not known.get("apart") or known["threshold"] < found.threshold:
        return found
    by_cause = tuple((str(cause), str(count)) for cause, count in known["by_cause"])
    return replace(found, people=dict(known["people"]), by_cause=by_cause, apart=True)


def changed(before: Provenance, after: Provenance) -> tuple[str, ...]:
    """Name the causes that two versions' provenance shows, withdrawals aside."""
    causes = tuple(
        c for c, (*_, parts) in CAUSES.items() if any(getattr(before, p) != getattr(after, p) for p in parts)
    )
    if "definition" in causes:  # the study's digest covers its definitions
        return tuple(c for c in causes if c != "study")
    return causes


def told(
    before: Path,
    after: Path,
    versions: tuple[str, str],
    made_of: tuple[Provenance, Provenance],
    threshold: int,
    inside: Inside,
    limits: Limits | None = None,
) -> Changes:
    """Compare two folders, the later of which may not be whole yet."""
    limit = stricter(threshold)
    old, new = made_of
    found = compare(before, after, _version(new), limits)
    causes = changed(old, new)
    moved = attribute(found.came, found.left, causes, inside)
    people = _people(found, moved, limit)
    gone = moved.left.get(WITHDRAWAL, 0) or old.withdrawals_digest != new.withdrawals_digest
    return Changes(
        before=versions[0],
        after=versions[1],
        causes=(*causes, *((WITHDRAWAL,) if gone else ())),
        people=people,
        by_cause=_by_cause(people, moved),
        apart=inside.steps is not None and len(moving(causes)) > 1,
        tables=tuple(_table(name, t, limit) for name, t in found.tables.items() if t.added or t.removed),
        columns=_columns(found),
        codes=tuple(_code(c, limit) for c in _told_codes(found.codes, limit)[:CODES_TOLD]),
        codes_withheld=sum(1 for c in found.codes if c.people[0] != c.people[1])
        - min(len(_told_codes(found.codes, limit)), CODES_TOLD),
        values=tuple(_value(c) for c in found.codes if _moved(c, limit))[:CODES_TOLD],
        threshold=limit,
    )


def _version(provenance: Provenance) -> CdmVersion:
    if provenance.cdm_version not in ("5.3", "5.4", ""):
        raise BadInput(f"CDM version '{provenance.cdm_version}' is not one that is known here (5.3, 5.4)")
    return cast("CdmVersion", provenance.cdm_version or "5.4")


def _people(found: Difference, moved: Moved, threshold: int) -> dict[str, str]:
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
    came = [tables.cell(f"added by {cause}", count) for cause, count in sorted(moved.came.items())]
    left = {WITHDRAWAL: 0, **moved.left}
    gone = [tables.cell(f"removed by {cause}", count) for cause, count in sorted(left.items()) if cause != WITHDRAWAL]
    if came:
        tables.total("added all", came)
    tables.cell("removed withdrawal", left[WITHDRAWAL])
    tables.cell("removed otherwise", tables.value("removed all") - left[WITHDRAWAL])
    tables.total("removed all", ["removed withdrawal", "removed otherwise"])
    if gone:
        tables.total("removed otherwise", gone)
    return {name: count.text for name, count in suppress(tables, threshold).items()}


def _by_cause(people: Mapping[str, str], moved: Moved) -> tuple[tuple[str, str], ...]:
    """(cause, how many) with a sign; several causes that changed together stand in one line."""
    lines = [(cause, f"+{people[f'added by {cause}']}") for cause in _told_first(moved.came)]
    lines += [(cause, f"-{people[f'removed by {cause}']}") for cause in _told_first(moved.left) if cause != WITHDRAWAL]
    lines += [(WITHDRAWAL, f"-{people['removed withdrawal']}")] if moved.left.get(WITHDRAWAL) else []
    return tuple(lines)


def _told_first(counts: Mapping[str, int]) -> list[str]:
    """Order causes as they are attributed: the refresh, then the definition, then de-identification."""
    return sorted(
        counts, key=lambda cause: (cause == DEIDENTIFICATION, cause == "policy", cause == "definition", cause)
    )


def _table(name: str, change: TableChange, threshold: int) -> tuple[str, ...]:
    """Rows are told where enough people stand behind them; tables about nobody have no people to protect."""
    small = 0 < change.people < threshold
    return (
        name,
        *(MARK if small else f"{n:,}" for n in (*change.rows, change.added, change.removed)),
        MARK if small else f"{change.people:,}",
    )


def _columns(found: Difference) -> tuple[tuple[str, str], ...]:
    lines = [(name, "table added") for name in found.tables_added] + [
        (name, "table removed") for name in found.tables_removed
    ]
    for name, change in found.tables.items():
        kinds = (
            ("column added", change.columns_added),
            ("column removed", change.columns_removed),
            ("type changed", change.columns_retyped),
        )
        lines += [(f"{name}.{column}", kind) for kind, columns in kinds for column in columns]
    return tuple(lines)


def _told_codes(codes: Collection[CodeChange], threshold: int) -> list[CodeChange]:
    """Those whose people and whose change of people are each none or enough, the largest change first."""
    safe = [
        c for c in codes
        if c.people[0] != c.people[1] and all(n == 0 or n >= threshold for n in (*c.people, abs(c.people[0] - c.people[1])))
    ]  # fmt: skip
    return sorted(safe, key=lambda c: (-abs(c.people[1] - c.people[0]), c.table, c.concept_id))


def _code(change: CodeChange, _threshold: int) -> tuple[str, ...]:
    kind = "new" if not change.people[0] else "gone" if not change.people[1] else "moved"
    return change.table, str(change.concept_id), kind, f"{change.people[0]:,}", f"{change.people[1]:,}"


def _moved(change: CodeChange, threshold: int) -> bool:
    old, new = change.mean
    if min(change.people) < threshold or old is None or new is None or not change.sd:
        return False
    return abs(new - old) >= MOVED * change.sd


def _value(change: CodeChange) -> tuple[str, ...]:
    return change.table, str(change.concept_id), f"{change.mean[0]:.4g}", f"{change.mean[1]:.4g}"
