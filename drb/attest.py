"""What the ledger says of a row after each event, so that a row changed behind the board's back is found.

Columns are listed, never `all`: a column added later must not change what was attested before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from sqlalchemy import String, Table, bindparam, select, type_coerce
from sqlalchemy.orm import Session

from drb.columns import canonical
from drb.models import (
    Base,
    Case,
    CaseCondition,
    CasePerson,
    Grant,
    Organisation,
    Person,
    Release,
    RoleAssignment,
    Vote,
)

Attested = dict[str, dict[str, Any]]
# object kind: its table, its key, the columns told as they are, the columns told by one digest
KINDS: Mapping[str, tuple[type[Base], str, tuple[str, ...], tuple[str, ...]]] = {
    "case": (
        Case,
        "id",
        ("state",),
        (
            "number",
            "study_id",
            "site_id",
            "organisation_id",
            "applicant_id",
            "title",
            "purpose",
            "tables",
            "wished",
            "irb_reference",
            "route",
            "round",
        ),
    ),
    "release": (
        Release,
        "name",
        ("state", "manifest_digest"),
        (
            "case_id",
            "study_id",
            "site_id",
            "policy_digest",
            "cdm_digest",
            "built_by",
            "author_id",
            "checked_digest",
            "tables",
            "smallest_class",
            "provenance",
            "summary",
            "findings",
            "approved",
            "approved_by",
            "approved_at",
            "successor",
        ),
    ),
    "grant": (
        Grant,
        "id",
        ("state",),
        ("release_name", "person_id", "terms_digest", "accepted_at", "downloads", "certificate_id"),
    ),
    "person": (Person, "id", (), ("organisation_id", "name_id", "active")),
    "organisation": (Organisation, "id", (), ("kind", "name_ko", "name_en", "site_id", "serves")),
}


def attested(session: Session, kind: str, key: str | None = None) -> Attested:
    """Read what is attested of one object of a kind, or of all, as 'kind:key' -> plain JSON."""
    model, key_column, told, digested = KINDS[kind]
    found: Attested = {}
    for row in _raw(session, model, (key_column, *told, *digested), key_column, key):
        content = {name: getattr(row, name) for name in digested}
        found[f"{kind}:{getattr(row, key_column)}"] = {
            **{name: getattr(row, name) for name in told},
            "content": _digest(content),
        }
    for name, more in _besides(session, kind, key):
        if name in found:
            for part, value in more.items():
                found[name].setdefault(part, {}).update(value)
    return found


def _digest(content: Any) -> str:
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def _raw(session: Session, model: type[Base], names: tuple[str, ...], key_column: str, key: str | None) -> Any:
    query = _query(model, names, key_column, key is not None)
    return session.execute(query, {"key": key} if key is not None else {})


@cache
def _query(model: type[Base], names: tuple[str, ...], key_column: str, keyed: bool) -> Any:
    """Built once: every event asks for these."""
    table = model.__table__
    if not isinstance(table, Table):
        raise AssertionError(f"{model} is no table")
    # As the database holds it: a value that an attacker wrote must be compared, not understood.
    query: Any = select(*(type_coerce(table.c[name], String).label(name) for name in names))
    return query.where(table.c[key_column] == bindparam("key")) if keyed else query


def _besides(session: Session, kind: str, key: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
    if kind in {"case", "release"}:
        name = None if key is None else f"{kind}:{key}"
        for row in _raw(session, Vote, ("object", "person_id", "choice", "bound", "voided_at"), "object", name):
            if row.voided_at is None:
                yield row.object, {"votes": {row.person_id: f"{row.choice} {_digest(row.bound)[:16]}"}}
    if kind == "case":
        for row in _raw(session, CasePerson, ("case_id", "person_id", "kind"), "case_id", key):
            yield f"case:{row.case_id}", {"people": {f"{row.person_id} {row.kind}": True}}
        condition = ("case_id", "id", "kind", "value", "words_id", "evidence_id")
        for row in _raw(session, CaseCondition, condition, "case_id", key):
            content = _digest([row.kind, row.value, row.words_id, row.evidence_id])[:16]
            yield f"case:{row.case_id}", {"conditions": {str(row.id): content}}
    if kind == "person":
        role = ("person_id", "id", "role", "confirmed_by", "ended_by")
        for row in _raw(session, RoleAssignment, role, "person_id", key):
            state = "ended" if row.ended_by else "in force" if row.confirmed_by else "proposed"
            yield f"person:{row.person_id}", {"roles": {str(row.id): f"{row.role} {state}"}}
