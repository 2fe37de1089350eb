"""Compare every row and text with what the ledger last said of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from drb.attest import KINDS, attested
from drb.errors import BadInput
from drb.models import PersonalText
from drb.personal import unseal


def rows_that_differ(
    session: Session, told: Mapping[str, Mapping[str, Any]], name: str | None
) -> Iterator[tuple[str, str]]:
    """Give (object, what) for every row that is not what its last event says, that is missing, or that has no event."""
    kinds = KINDS if name is None else [kind for kind in KINDS if kind == name.partition(":")[0]]
    for kind in kinds:
        found = attested(session, kind, None if name is None else name.partition(":")[2])
        known = {key: row for key, row in told.items() if key.partition(":")[0] == kind}
        for key in sorted(found.keys() | known.keys()):
            if key not in known:
                yield key, f"this {kind} stands in the database without any event: inserted"
            elif key not in found:
                yield key, f"this {kind} is missing from the database: removed"
            elif found[key] != known[key]:
                parts = sorted(
                    p for p in found[key].keys() | known[key].keys() if found[key].get(p) != known[key].get(p)
                )
                yield key, f"its {', '.join(parts)} in the database is not what this event wrote: changed"


def texts_that_differ(
    session: Session, told: Mapping[str, Mapping[str, str]], name: str | None
) -> Iterator[tuple[str, str]]:
    """Give (object, what) for every text that is not the one written; an erased text is in order."""
    wanted = {text_id: key for key, texts in told.items() for text_id in texts}
    query = select(PersonalText).order_by(PersonalText.id)
    if name is not None:
        query = query.where(PersonalText.id.in_(sorted(wanted)))
    rows = {row.id: row for row in session.scalars(query)}
    for text_id, key in sorted(wanted.items()):
        row = rows.get(text_id)
        if row is None:
            yield key, "a text that was written is missing: removed"
        elif row.commitment != told[key][text_id] or not _reads(row):
            yield key, "a text is not the one that was written: changed"


def _reads(row: PersonalText) -> bool:
    try:
        return (unseal(row) is not None) or row.erased_at is not None
    except BadInput:
        return False
