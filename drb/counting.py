"""Numbers without a gap."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from drb.models import Counter


def following(session: Session, name: str) -> int:
    """Take the next number of a series; the series stays locked until the transaction ends."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(Counter).values(name=name, value=0).on_conflict_do_nothing())
    row = session.scalars(
        select(Counter).where(Counter.name == name).with_for_update().execution_options(populate_existing=True)
    ).one()
    row.value += 1
    session.flush()
    return row.value
