"""Signed roots kept outside: they catch what a ledger cannot see in itself, a chain cut short or written anew."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import text

from drb.board import Board
from drb.columns import canonical
from drb.errors import BadInput
from drb.ledger import GENESIS, event_hash
from drb.models import Event
from drb.roots import Root, read_root
from tests.drb.cast import CASE
from tests.drb.test_cases import refused

CHAIN = f"case:{CASE}"


def sign(message: bytes) -> str:
    return event_hash({"signed": message.hex()})


def right(message: bytes, signature: str) -> bool:
    return sign(message) == signature


def witnessed(board: Board) -> Root:
    """A refused attempt stands at the end of the case's chain; then the day is closed, and the root goes outside."""
    with refused("visible"):
        board.cases.get("rival", CASE)
    return read_root(json.loads(json.dumps(board.roots.close_day(sign).to_json())))


def unguarded(board: Board, *statements: str, **values: object) -> None:
    """Whoever owns the machine can drop a trigger."""
    with board.engine.begin() as connection:
        for change in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER IF EXISTS event_no_{change}"))
        for statement in statements:
            connection.execute(text(statement), values)


def test_a_ledger_that_only_grew_leads_through_its_roots(story: Board) -> None:
    root = witnessed(story)
    story.cases.suspend("chair", CASE, "사유")
    assert story.roots.against([root], right) is None
    assert [one.root for one in story.roots.list()] == [root.root]
    again = story.roots.close_day(sign)
    assert [one.root for one in story.roots.list()] == [again.root]


def test_a_chain_cut_short_verifies_by_itself_and_not_against_the_root(story: Board) -> None:
    root = witnessed(story)
    last, before = story.events("system", CHAIN)[-1], story.events("system", CHAIN)[-2]
    cut = (
        "DELETE FROM event WHERE number = :number",
        "UPDATE chain_head SET seq = :seq, hash = :hash WHERE object = :name",
    )
    unguarded(story, *cut, number=last.number, seq=before.seq, hash=before.hash, name=CHAIN)
    assert story.verify().ok
    bad = story.roots.against([root], right)
    assert bad is not None
    assert (bad.object, bad.seq, "removed" in bad.what) == (CHAIN, last.seq, True)


def test_a_chain_written_anew_verifies_by_itself_and_not_against_the_root(story: Board) -> None:
    root = witnessed(story)
    hash_, name = GENESIS, CHAIN
    with story.desk.read() as work:
        rows = [
            {column.name: getattr(event, column.name) for column in Event.__table__.columns}
            for event in work.session.query(Event).where(Event.object == name).order_by(Event.seq)
        ]
    for row in rows:
        number = row.pop("number")
        row["reason"], row["prev_hash"] = "forged", hash_
        row.pop("hash")
        hash_ = event_hash({**row, "payload": json.loads(row["payload"])})
        change = "UPDATE event SET reason = 'forged', prev_hash = :before, hash = :hash WHERE number = :number"
        unguarded(story, change, before=row["prev_hash"], hash=hash_, number=number)
    unguarded(story, "UPDATE chain_head SET hash = :hash WHERE object = :name", hash=hash_, name=name)
    assert story.verify().ok
    bad = story.roots.against([root], right)
    assert bad is not None
    assert (bad.object, "written anew" in bad.what) == (CHAIN, True)


def test_a_forged_root_is_no_root(story: Board) -> None:
    root = witnessed(story)
    for forged in (replace(root, events=root.events + 1), replace(root, heads={}), replace(root, signature="x")):
        bad = story.roots.against([forged], right)
        assert bad is not None
        assert "signature" in bad.what


@pytest.mark.parametrize("content", [{}, {"format": "naru-ledger-root/1"}, {"format": "other"}, {"heads": 1}])
def test_what_is_no_root_is_told(content: dict[str, object]) -> None:
    with pytest.raises(BadInput, match="no exported root"):
        read_root(content)


def test_our_quick_writer_writes_what_the_standard_s_writes() -> None:
    import rfc8785
    from hypothesis import given
    from hypothesis import strategies as st

    key = st.text(max_size=5)
    leaf = (
        st.none()
        | st.booleans()
        | st.integers(-(2**53) + 1, 2**53 - 1)
        | st.floats(allow_nan=False, allow_infinity=False)
    )
    plain = st.recursive(
        leaf | st.text(), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(key, inner, max_size=4)
    )

    @given(plain)
    def same(content: object) -> None:
        assert canonical(content) == rfc8785.dumps(content).decode()  # type: ignore[arg-type]

    same()
