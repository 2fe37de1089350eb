"""Anybody tries anything in any order: what must never happen does not, and the ledger always verifies."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import Engine

from drb import database
from drb.board import Board
from drb.errors import BadInput, Refused
from drb.quorum import Settings
from drb.states import CaseState, Choice, ReleaseState, Role
from tests.drb import cast
from tests.drb.cast import CASE, CDM, PEOPLE, POLICY, RELEASE, V1, V2, board_with_people

OUT = {ReleaseState.APPROVED, ReleaseState.PUBLISHING, ReleaseState.RELEASED}
ANYBODY = st.sampled_from([*PEOPLE, "both", "system"])
DIGEST = st.sampled_from([V1, V2])
PLAYERS = st.sampled_from(["member1", "member2", "both", "author", "engineer", "secretary", "system", "applicant"])
_TEMPLATES: dict[str, bytes] = {}
# One file and one engine for all walks: what SQLAlchemy compiled in one serves the next.
_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []
_ENGINES: list[Engine] = []


def fresh(content: bytes) -> Board:
    """A board of this content, in place of the one of the walk before."""
    if not _ENGINES:
        shm = Path("/dev/shm")
        _FOLDERS.append(tempfile.TemporaryDirectory(prefix="naru-drb-", dir=shm if shm.is_dir() else None))
        _ENGINES.append(database.connect(f"sqlite:///{_FOLDERS[0].name}/board.sqlite"))
    _ENGINES[0].dispose()
    path = Path(_FOLDERS[0].name) / "board.sqlite"
    for suffix in ("-wal", "-shm"):
        path.with_name(f"board.sqlite{suffix}").unlink(missing_ok=True)
    path.write_bytes(content)
    return Board(_ENGINES[0], Settings(), cast.Clock())


def template(builder: str) -> bytes:
    """A board with a submitted release; one person is engineer, author, reviewer and secretary at once. Made once."""
    if builder not in _TEMPLATES:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "board.sqlite"
            with board_with_people(path) as board:
                roles = [Role.RELEASE_AUTHOR, Role.DATA_ENGINEER, Role.MEMBER, Role.SECRETARY]
                board.people.add_person("admin", "겸임", "hospital", roles, person_id="both")
                board.people.confirm_roles("admin2", "both")
                cast.approved_case(board)
                cast.build(board, built_by=builder)
                board.releases.check("system", RELEASE, V1, passed=True)
                board.releases.submit("author" if builder == "engineer" else "both", RELEASE, V1)
            _TEMPLATES[builder] = path.read_bytes()
    return _TEMPLATES[builder]


class Anybody(RuleBasedStateMachine):
    """The likely next steps, by anybody."""

    board: Board

    @initialize(builder=st.sampled_from(["engineer", "both"]))
    def open(self, builder: str) -> None:
        self.board = fresh(template(builder))

    def teardown(self) -> None:
        if hasattr(self, "board"):
            self.board.close()

    def attempt(self, what: str, *args: object, **kwargs: object) -> None:
        room, _, name = what.partition(".")
        with suppress(Refused, BadInput):
            getattr(getattr(self.board, room), name)(*args, **kwargs)

    def digest(self, current: bool) -> str:
        now = self.board.releases.get("auditor", RELEASE).manifest_digest
        return now if current else (V2 if now == V1 else V1)

    @rule(person=PLAYERS, choice=st.booleans(), current=st.integers(0, 4))
    def vote(self, person: str, choice: bool, current: int) -> None:
        self.attempt("releases.vote", person, RELEASE, self.digest(current > 0), choice or current > 1)

    @rule(person=PLAYERS, current=st.integers(0, 4))
    def approve(self, person: str, current: int) -> None:
        self.attempt("releases.approve", person, RELEASE, self.digest(current > 0))

    @rule(order=st.permutations(["member1", "member2", "member3", "both", "author", "engineer"]), far=st.integers(0, 3))
    def everybody_votes_and_every_secretary_approves(self, order: list[str], far: int) -> None:
        for person in order:
            self.attempt("releases.vote", person, RELEASE, self.digest(current=True), True)
        for person in ("both", "secretary"):
            self.attempt("releases.approve", person, RELEASE, self.digest(current=True))
        if far > 0:
            self.publish("system", 1)
        if far > 1:
            self.use("applicant")

    @rule(digest=DIGEST, builder=st.sampled_from(["engineer", "both"]), author=st.sampled_from(["author", "both"]))
    def build_and_submit(self, digest: str, builder: str, author: str) -> None:
        with suppress(Refused, BadInput):
            cast.build(self.board, digest, built_by=builder)
            self.board.releases.check("system", RELEASE, digest, passed=True)
            self.board.releases.submit(author, RELEASE, digest)

    @rule(person=PLAYERS, author=st.sampled_from(["author", "both"]), current=st.booleans())
    def return_and_resubmit(self, person: str, author: str, current: bool) -> None:
        self.attempt("releases.return_", person, RELEASE, "사유")
        self.attempt("releases.resubmit", author, RELEASE, self.digest(current))

    @rule(person=st.sampled_from(["member1", "member2"]))
    def declare_an_interest(self, person: str) -> None:
        self.attempt("cases.declare_interest", person, CASE)

    @rule(
        person=st.sampled_from(["chair", "officer", "applicant", "both"]), what=st.sampled_from(["suspend", "resume"])
    )
    def stop_the_case(self, person: str, what: str) -> None:
        self.attempt(f"cases.{what}", person, CASE, "사유")

    @rule(person=st.sampled_from(["system", "system", "both"]), current=st.integers(0, 4))
    def publish(self, person: str, current: int) -> None:
        digest = self.digest(current > 0)
        self.attempt("releases.begin_publish", person, RELEASE, digest, policy_digest=POLICY, cdm_digest=CDM)
        self.attempt("releases.finish_publish", person, RELEASE, digest)

    @rule(person=st.sampled_from(["applicant", "rival", "both"]))
    def use(self, person: str) -> None:
        try:
            grant = self.board.grants.create("system", person, RELEASE)
            self.board.grants.accept_terms(person, grant.id, cast.TERMS)
            self.board.grants.download(person, RELEASE)
        except (Refused, BadInput):
            return
        case, release = self.board.cases.get("auditor", CASE), self.board.releases.get("auditor", RELEASE)
        assert (case.state, release.state, person) == (CaseState.APPROVED, ReleaseState.RELEASED, "applicant")

    @invariant()
    def what_is_approved_was_approved_by_two_others(self) -> None:
        if not hasattr(self, "board"):
            return
        for release in self.board.releases.list("auditor"):
            if release.state in OUT:
                assert release.approved is not None
                assert release.approved["manifest_digest"] == release.manifest_digest
                approving = {vote.person for vote in release.votes if vote.choice is Choice.APPROVE}
                assert len(approving) == len(release.votes) == 2
                assert not approving & {release.author, release.built_by, release.approved_by, "applicant"}
                assert all(vote.digest == release.manifest_digest for vote in release.votes)

    @invariant()
    def the_ledger_verifies(self) -> None:
        if hasattr(self, "board"):
            report = self.board.verify()
            assert report.ok, report.first_bad

    @rule(person=st.sampled_from(["secretary", "both"]))
    def take_a_decision_back(self, person: str) -> None:
        self.attempt("releases.undo", person, RELEASE)

    @rule(person=PLAYERS)
    def change_nothing(self, person: str) -> None:
        self.attempt("releases.assign", person, RELEASE, "secretary")
        self.attempt("releases.remind", person, RELEASE)


class Longer(Anybody):
    """The same machine, for ten thousand steps: `make test-walk SEED=n`; the same ones every time without a seed."""


TestLonger = pytest.mark.slow(Longer.TestCase)
TestLonger.settings = settings(
    max_examples=500,
    stateful_step_count=20,
    derandomize="SEED" not in os.environ,
    database=None,
    print_blob=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestAnybody = Anybody.TestCase
TestAnybody.settings = settings(
    max_examples=12,
    stateful_step_count=12,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
