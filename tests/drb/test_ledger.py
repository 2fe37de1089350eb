"""Tamper with the database file as somebody would who owns it: each change is found, and the first bad event named."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from drb.board import Board
from drb.columns import canonical
from drb.ledger import event_hash
from drb.models import Base
from tests.drb import cast
from tests.drb.cast import CASE, POLICY, RELEASE, V1
from tests.drb.conftest import NewBoard, Schemas
from tests.drb.test_cases import refused

Attack = Callable[[sqlite3.Connection], None]


def tamper(board: Board, attack: Attack) -> None:
    """Open the file, take the triggers away, do harm."""
    with closing(sqlite3.connect(str(board.engine.url.database))) as connection, connection:
        connection.execute("DROP TRIGGER event_no_update")
        connection.execute("DROP TRIGGER event_no_delete")
        attack(connection)


def numbers(connection: sqlite3.Connection, name: str = f"release:{RELEASE}") -> list[int]:
    query = "SELECT number FROM event WHERE object = ? ORDER BY seq"
    return [row[0] for row in connection.execute(query, (name,))]


def row_of(connection: sqlite3.Connection, number: int) -> dict[str, object]:
    connection.row_factory = sqlite3.Row
    return dict(connection.execute("SELECT * FROM event WHERE number = ?", (number,)).fetchone())


def insert(connection: sqlite3.Connection, row: dict[str, object]) -> None:
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO event ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))


@pytest.mark.parametrize(
    "column", ["at", "actor", "role", "action", "object_digest", "reason", "payload", "prev_hash", "hash"]
)
def test_one_character_of_any_column_of_an_event_is_missed(story: Board, column: str) -> None:
    bad: list[int] = []

    def attack(connection: sqlite3.Connection) -> None:
        bad.append(numbers(connection)[2])
        value = str(row_of(connection, bad[0])[column])
        changed = (value[:-2] + ("1" if value[-2:-1] != "1" else "2") + value[-1:]) if value else "x"
        connection.execute(f"UPDATE event SET {column} = ? WHERE number = ?", (changed, bad[0]))

    tamper(story, attack)
    report = story.verify()
    assert not report.ok
    assert report.first_bad is not None
    assert (report.first_bad.number, report.first_bad.object, report.first_bad.seq) == (bad[0], f"release:{RELEASE}", 3)


def test_a_deleted_event_is_missed_at_the_one_that_followed_it(story: Board) -> None:
    after: list[int] = []

    def attack(connection: sqlite3.Connection) -> None:
        third, fourth = numbers(connection)[2:4]
        after.append(fourth)
        connection.execute("DELETE FROM event WHERE number = ?", (third,))

    tamper(story, attack)
    bad = story.verify().first_bad
    assert bad is not None
    assert (bad.number, bad.seq) == (after[0], 4)
    assert "removed" in bad.what


def test_two_events_that_changed_places_are_found(story: Board) -> None:
    def attack(connection: sqlite3.Connection) -> None:
        first, second = numbers(connection)[3:5]
        one, two = row_of(connection, first), row_of(connection, second)
        connection.execute("DELETE FROM event WHERE number IN (?, ?)", (first, second))
        insert(connection, {**two, "number": first, "seq": one["seq"]})
        insert(connection, {**one, "number": second, "seq": two["seq"]})

    tamper(story, attack)
    bad = story.verify().first_bad
    assert bad is not None
    assert bad.seq == 4


def test_an_event_written_in_between_is_found(story: Board) -> None:
    def attack(connection: sqlite3.Connection) -> None:
        forged = row_of(connection, numbers(connection)[-1])
        insert(connection, {**forged, "number": None, "seq": 99, "action": "approve"})

    tamper(story, attack)
    bad = story.verify().first_bad
    assert bad is not None
    assert bad.seq == 99


def test_a_well_formed_event_appended_behind_the_boards_back_is_found(story: Board) -> None:
    def attack(connection: sqlite3.Connection) -> None:
        last = row_of(connection, numbers(connection)[-1])
        forged = {**last, "seq": int(str(last["seq"])) + 1, "prev_hash": last["hash"], "action": "finish_publish"}
        del forged["number"], forged["hash"]
        forged["hash"] = event_hash({**forged, "payload": json.loads(str(forged["payload"]))})
        insert(connection, forged)

    tamper(story, attack)
    bad = story.verify().first_bad
    assert bad is not None
    assert bad.seq == 7
    assert "not the last event" in bad.what


@pytest.mark.parametrize("keep", [0, 3])
def test_a_chain_cut_short_is_found_by_its_head(story: Board, keep: int) -> None:
    def attack(connection: sqlite3.Connection) -> None:
        gone = numbers(connection)[keep:]
        connection.execute(f"DELETE FROM event WHERE number IN ({', '.join('?' * len(gone))})", gone)

    tamper(story, attack)
    bad = story.verify().first_bad
    assert bad is not None
    assert (bad.object, bad.seq) == (f"release:{RELEASE}", keep + 1)


@pytest.mark.parametrize(
    ("statement", "name", "part"),
    [
        ("UPDATE release SET state = 'RELEASED'", f"release:{RELEASE}", "state"),
        ("UPDATE release SET manifest_digest = 'other'", f"release:{RELEASE}", "manifest_digest"),
        ("UPDATE release SET author_id = 'member3'", f"release:{RELEASE}", "content"),
        ("UPDATE vote SET person_id = 'chair' WHERE person_id = 'member1'", f"case:{CASE}", "votes"),
        ("UPDATE vote SET choice = 'REJECT' WHERE object LIKE 'release%'", f"release:{RELEASE}", "votes"),
        ("DELETE FROM vote WHERE object LIKE 'release%'", f"release:{RELEASE}", "votes"),
        ("UPDATE drb_case SET tables = '{\"note\":[]}'", f"case:{CASE}", "content"),
        ("DELETE FROM case_condition", f"case:{CASE}", "conditions"),
        ("UPDATE role_assignment SET role = 'ADMIN' WHERE person_id = 'applicant'", "person:applicant", "roles"),
        ("UPDATE person SET organisation_id = 'board' WHERE id = 'applicant'", "person:applicant", "content"),
        ("UPDATE organisation SET site_id = 'busan01' WHERE id = 'hospital'", "organisation:hospital", "content"),
    ],
)
def test_a_row_that_no_event_accounts_for_is_found(story: Board, statement: str, name: str, part: str) -> None:
    tamper(story, lambda connection: connection.execute(statement) and None)
    bad = story.verify().first_bad
    assert bad is not None
    assert bad.object == name
    assert part in bad.what


def test_a_row_inserted_or_removed_behind_the_boards_back_is_found(story: Board) -> None:
    tamper(story, lambda connection: connection.execute("DELETE FROM release") and None)
    bad = story.verify().first_bad
    assert bad is not None
    assert "removed" in bad.what


def test_a_changed_text_is_found_and_an_erased_one_is_in_order(story: Board) -> None:
    with closing(sqlite3.connect(str(story.engine.url.database))) as connection, connection:
        name_id = connection.execute("SELECT name_id FROM person WHERE id = 'chair'").fetchone()[0]
        other = connection.execute("SELECT key, sealed FROM personal_text WHERE id <> ?", (name_id,)).fetchone()
        connection.execute("UPDATE personal_text SET key = ?, sealed = ? WHERE id = ?", (*other, name_id))
    bad = story.verify().first_bad
    assert bad is not None
    assert (bad.object, "text" in bad.what) == ("person:chair", True)


def test_nothing_is_published_on_a_forged_approval(story: Board) -> None:
    def attack(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE release SET approved_by = 'chair'")

    tamper(story, attack)
    with refused("ledger_intact"):
        story.releases.begin_publish("system", RELEASE, V1, policy_digest=POLICY, cdm_digest=cast.CDM)


def test_an_approval_forged_in_the_votes_is_refused(board: Board) -> None:
    cast.approved_case(board)
    cast.submitted(board)
    board.releases.vote("member1", RELEASE, V1, True)
    board.releases.vote("member2", RELEASE, V1, False)
    tamper(board, lambda connection: connection.execute("UPDATE vote SET choice = 'APPROVE'") and None)
    with refused("ledger_intact"):
        board.releases.approve("secretary", RELEASE, V1)


def test_the_file_itself_cannot_be_rewritten_through_the_board(story: Board) -> None:
    for statement in ("UPDATE event SET actor = 'x'", "DELETE FROM event", "REPLACE INTO event SELECT * FROM event"):
        with pytest.raises(DBAPIError, match="never changed"), story.engine.begin() as connection:
            connection.execute(text(statement))


def test_postgresql_refuses_to_change_events(schemas: Schemas) -> None:
    for statement in ("UPDATE event SET actor = 'x'", "DELETE FROM event", "TRUNCATE event"):
        with (
            psycopg.connect(schemas.address("people")) as connection,
            pytest.raises(psycopg.Error, match="never changed"),
        ):
            connection.execute(statement)


def test_reasons_and_names_stand_in_no_event(new_board: NewBoard) -> None:
    board = new_board("reviewed")
    board.releases.return_("member1", RELEASE, "김민수 환자 관련 의견")
    written = "".join(canonical(dict(event.payload)) + event.reason for event in board.events("auditor"))
    assert "김민수" not in written
    assert "이름" not in written


def test_no_table_has_a_column_for_anything_about_a_patient() -> None:
    names = {f"{table.name}.{column.name}" for table in Base.metadata.sorted_tables for column in table.columns}
    suspicious = (
        "patient",
        "subject",
        "birth",
        "gender",
        "sex",
        "mrn",
        "diagnosis",
        "note",
        "value_as",
        "visit",
        "death",
    )
    assert not [name for name in names if any(word in name for word in suspicious)]


def events_of(board: Board) -> Iterator[str]:
    yield from (event.action for event in board.events("auditor"))


def test_every_attempt_that_was_refused_is_an_event_of_the_object(story: Board, tmp_path: Path) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: story.releases.begin_publish("chair", RELEASE, V1, policy_digest=POLICY, cdm_digest=cast.CDM),
        lambda: story.releases.approve("author", RELEASE, V1),
        lambda: story.releases.vote("author", RELEASE, V1, True),
        lambda: story.cases.approve("applicant", CASE),
    ]
    for attempt in attempts:
        with pytest.raises(Exception, match="role"):
            attempt()
    actions = [action for action in events_of(story) if action.startswith("refused:")]
    assert actions == ["refused:begin_publish", "refused:approve", "refused:vote", "refused:approve"]
    assert story.verify().ok
