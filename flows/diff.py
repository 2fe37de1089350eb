"""naru diff and docs/CHANGES.md: what changed between two versions and why, after disclosure control.

Causes come from what the two manifests say that they were made of. People who withdrew are known inside the hospital
alone. Where several causes changed at once, which of them moved a person cannot be seen in the packages: the hospital works
it out when it builds the later one (flows/attribution.py), and what it recorded in docs/changes.json is told again here.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self, cast

from cdm.engine import Limits
from cdm.errors import BadInput
from cdm.source import CdmVersion
from cohorts.disclosure import stricter
from extract.compare import Difference, compare
from extract.manifest import Provenance, read_manifest
from flows.attribution import DEIDENTIFICATION, NOTHING, REDRAWN, WITHDRAWAL, Inside, moving, shaping, together
from flows.changes_codes import code_causes, code_line, told_codes
from flows.changes_groups import LEFT, Groups, Line
from flows.changes_labels import Labelling
from flows.changes_people import people_told
from flows.changes_rows import rows_told
from flows.changes_values import told_missing, told_values
from flows.changes_withdrawn import place, told_apart

# In the order in which they are told; the provenance that shows each.
CAUSES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "definition": ("정의", "definition", ("definition_digest",)),
    "vocabulary": ("용어집", "vocabulary", ("vocabulary_version",)),
    "cdm": ("CDM 갱신", "CDM refresh", ("cdm_release_digest", "cdm_version")),
    "policy": ("비식별 정책", "policy", ("policy_digest",)),
    "study": ("연구 설정", "study settings", ("study_digest",)),
    "code": ("코드", "code", ("code_digest", "code_version")),
}
OTHER_CAUSES = {
    WITHDRAWAL: ("동의 철회", "withdrawal"),
    REDRAWN: ("다른 사람의 철회로 다시 추출", "drawn anew after a withdrawal"),
    DEIDENTIFICATION: ("비식별 처리", "de-identification"),
}


@dataclass(frozen=True)
class Changes:
    """What may be told. people: name of a count -> text. causes: what changed.

    by_cause: (cause, people). apart: whether several causes that changed together are told one by one.
    tables: (table, rows before, after, added, removed, people). rows_by_cause: (table, who, causes, added, people, removed, people).
    columns: (what, change, causes). codes: (table, concept, change, people before, after). codes_by_cause: (table, concept, who,
    causes, people who newly carry it, who no longer do). values: (table, concept, mean before, after, of those in both before, after).
    values_by_cause: (table, concept, who, causes). missing, missing_by_cause: the same of columns and their shares of rows without a
    value. who: came, left, stayed or nobody; causes that are told together stand in one
    text, with ' + ' between.
    """

    before: str
    after: str
    causes: tuple[str, ...]
    people: Mapping[str, str]
    by_cause: tuple[Line, ...]
    apart: bool
    tables: tuple[Line, ...]
    rows_by_cause: tuple[Line, ...]
    columns: tuple[Line, ...]
    codes: tuple[Line, ...]
    codes_by_cause: tuple[Line, ...]
    codes_withheld: int
    values: tuple[Line, ...]
    values_by_cause: tuple[Line, ...]
    missing: tuple[Line, ...]
    missing_by_cause: tuple[Line, ...]
    threshold: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in self.__dict__.items()}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(**{field.name: _frozen(given[field.name]) for field in fields(cls)})


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
    versions, made_of = (old.version, new.version), (old.provenance, new.provenance)
    known = _record(after / "docs" / "changes.json", versions, stricter(threshold))
    if all(field.name in known for field in fields(Changes)):
        return Changes.from_json(known)
    inside = Inside(frozenset(withdrawn) or None)
    found = told(before, after, versions, made_of, threshold, inside, limits)
    return _with_people(found, known)


def _record(path: Path, versions: tuple[str, str], threshold: int) -> dict[str, Any]:
    """Read what the hospital recorded, where that was of these versions and withheld no less; else nothing."""
    if not path.is_file():
        return {}
    known: dict[str, Any] = json.loads(path.read_bytes())
    same = (known["before"], known["after"]) == versions
    return known if same and known["threshold"] >= threshold else {}


def _with_people(found: Changes, older: Mapping[str, Any]) -> Changes:
    """Tell people as an older record does, which knew of no causes of rows and codes."""
    if not older.get("apart") and WITHDRAWAL not in older.get("causes", ()):
        return found
    by_cause = _frozen(older["by_cause"])
    return replace(found, people=dict(older["people"]), by_cause=by_cause, apart=bool(older.get("apart")))


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


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
    causes = changed(*made_of)
    withdrew = made_of[0].withdrawals_digest != made_of[1].withdrawals_digest
    labelling = Labelling(causes, replace(inside, withdrew=withdrew))
    found = compare(before, after, _version(made_of[1]), labelling, limits)
    people = people_told(found.people, labelling.moved(found.people), limit)
    every = labelling.every(found.people)
    return Changes(
        before=versions[0],
        after=versions[1],
        causes=every,
        people=people.texts,
        by_cause=people.by_cause,
        apart=inside.steps is not None and len(moving(causes)) > 1,
        **_lines(found, people.groups, together(every) or NOTHING, limit),
        columns=_columns(found, shaping(every, inside.same_settings)),
        threshold=limit,
    )


def _version(provenance: Provenance) -> CdmVersion:
    if provenance.cdm_version not in ("5.3", "5.4", ""):
        raise BadInput(f"CDM version '{provenance.cdm_version}' is not one that is known here (5.3, 5.4)")
    return cast("CdmVersion", provenance.cdm_version or "5.4")


def _lines(found: Difference, groups: Groups, anything: str, threshold: int) -> dict[str, Any]:
    """Rows, codes and statistics. anything: the causes of rows that are nobody's."""
    codes = told_codes(found.codes, threshold)
    by_cause, as_one = groups, groups.as_one(LEFT)
    apart = told_apart(found, codes, groups)
    rows = [
        rows_told(name, table, by_cause if name in apart else as_one, anything, threshold)
        for name, table in found.tables.items()
        if table.added or table.removed
    ]
    reasons = as_one if (LEFT, WITHDRAWAL) in groups.counts else by_cause
    values, missing = told_values(found.codes, reasons, threshold), told_missing(found, reasons, threshold)
    return {
        "tables": tuple(one.whole for one in rows),
        "rows_by_cause": tuple(line for one in rows for line in one.by_cause),
        "codes": tuple(map(code_line, codes)),
        "codes_by_cause": tuple(
            line
            for code in codes
            for line in code_causes(code, by_cause if place(code) in apart else as_one, threshold)
        ),
        "codes_withheld": sum(1 for c in found.codes if c.people[0] != c.people[1]) - len(codes),
        "values": tuple(value.line for value in values),
        "values_by_cause": tuple(line for value in values for line in value.why),
        "missing": tuple(one.line for one in missing),
        "missing_by_cause": tuple(line for one in missing for line in one.why),
    }


def _columns(found: Difference, causes: str) -> tuple[Line, ...]:
    lines = [(name, "table added") for name in found.tables_added] + [
        (name, "table removed") for name in found.tables_removed
    ]
    for name, change in found.tables.items():
        kinds = (
            ("column added", change.columns_added),
            ("column removed", change.columns_removed),
        )
        lines += [(f"{name}.{column}", kind) for kind, columns in kinds for column in columns]
        lines += [(f"{name}.{column}", f"type changed: {was} → {is_}") for column, was, is_ in change.columns_retyped]
    return tuple((*line, causes) for line in lines)
