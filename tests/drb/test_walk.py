"""Anybody tries anything in any order: what must never happen does not, and the ledger always verifies."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from drb.board import Board, open_board
from drb.errors import BadInput, Refused
from drb.states import CaseState, Choice, ReleaseState, Role, Route
from tests.drb import cast
from tests.drb.cast import CASE, CDM, PEOPLE, POLICY, RELEASE, V1, V2, board_with_people

OUT = {ReleaseState.APPROVED, ReleaseState.PUBLISHING, ReleaseState.RELEASED}
ANYBODY = st.sampled_from([*PEOPLE, "both", "system"])
DIGEST = st.sampled_from([V1, V2])
_TEMPLATE: list[bytes] = []


def template() -> bytes:
    """A board on which one person is author, reviewer and secretary at once; made once."""
    if not _TEMPLATE:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "board.sqlite"
            with board_with_people(path) as board:
                roles = [Role.RELEASE_AUTHOR, Role.DATA_ENGINEER, Role.MEMBER, Role.SECRETARY]
                board.people.add_person("admin", "겸임", "hospital", roles, person_id="both")
                board.people.confirm_roles("admin2", "both")
                cast.in_review(board)
            _TEMPLATE.append(path.read_bytes())
    return _TEMPLATE[0]


class Anybody(RuleBasedStateMachine):
    """The likely next steps, by anybody."""

    board: Board

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory(
            prefix="naru-drb-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None
        )
        path = Path(self.folder.name) / "board.sqlite"
        path.write_bytes(template())
        self.board = open_board(f"sqlite:///{path}", clock=cast.Clock())

    def teardown(self) -> None:
        if hasattr(self, "board"):
            self.board.close()
            self.folder.cleanup()

    def attempt(self, what: str, *args: object, **kwargs: object) -> None:
        room, _, name = what.partition(".")
        with suppress(Refused, BadInput):
            getattr(getattr(self.board, room), name)(*args, **kwargs)

    @rule(member=st.sampled_from(["member1", "member2", "member3", "both", "author"]), choice=st.sampled_from(Choice))
    def vote_on_the_case(self, member: str, choice: Choice) -> None:
        self.attempt("cases.vote", member, CASE, choice)

    @rule(person=ANYBODY, what=st.sampled_from(["approve", "screen", "close", "withdraw"]))
    def move_the_case(self, person: str, what: str) -> None:
        self.attempt(f"cases.{what}", person, CASE)

    @rule(
        person=st.sampled_from(["chair", "officer", "applicant", "both"]), what=st.sampled_from(["suspend", "resume"])
    )
    def stop_the_case(self, person: str, what: str) -> None:
        self.attempt(f"cases.{what}", person, CASE, "사유")

    @rule()
    def approve_the_case_properly(self) -> None:
        self.attempt("cases.route", "secretary", CASE, Route.FULL)
        for member in ("member1", "member2", "member3"):
            self.attempt("cases.vote", member, CASE, Choice.APPROVE)
        self.attempt("cases.approve", "chair", CASE)

    @rule(digest=DIGEST, builder=st.sampled_from(["engineer", "both"]))
    def build(self, digest: str, builder: str) -> None:
        with suppress(Refused, BadInput):
            cast.build(self.board, digest, built_by=builder)
            self.board.releases.check("system", RELEASE, digest, passed=True)

    @rule(person=st.sampled_from(["author", "both", "engineer"]), digest=DIGEST, again=st.booleans())
    def submit(self, person: str, digest: str, again: bool) -> None:
        self.attempt("releases.resubmit" if again else "releases.submit", person, RELEASE, digest)

    @rule(person=ANYBODY, digest=DIGEST, choice=st.booleans())
    def vote(self, person: str, digest: str, choice: bool) -> None:
        self.attempt("releases.vote", person, RELEASE, digest, choice)

    @rule(person=ANYBODY, digest=DIGEST)
    def approve(self, person: str, digest: str) -> None:
        self.attempt("releases.approve", person, RELEASE, digest)

    @rule(digest=DIGEST)
    def review_properly(self, digest: str) -> None:
        for member in ("member1", "member2"):
            self.attempt("releases.vote", member, RELEASE, digest, True)
        self.attempt("releases.approve", "secretary", RELEASE, digest)

    @rule(person=ANYBODY)
    def give_back(self, person: str) -> None:
        self.attempt("releases.return_", person, RELEASE, "사유")

    @rule(person=st.sampled_from(["member1", "member2"]))
    def declare_an_interest(self, person: str) -> None:
        self.attempt("cases.declare_interest", person, CASE)

    @rule(person=st.sampled_from(["system", "secretary", "both"]), digest=DIGEST)
    def publish(self, person: str, digest: str) -> None:
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


TestAnybody = Anybody.TestCase
TestAnybody.settings = settings(
    max_examples=12,
    stateful_step_count=25,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
