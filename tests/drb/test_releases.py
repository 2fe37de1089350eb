"""반출 건 on both databases: what leaves is exactly what two independent people approved."""

from datetime import timedelta

import pytest

from drb.board import Board
from drb.errors import BadInput, Refused
from drb.quorum import Settings
from drb.states import GrantState, ReleaseState, Role
from tests.drb import cast
from tests.drb.cast import CASE, CDM, POLICY, RELEASE, V1, V2, sha
from tests.drb.conftest import NewBoard
from tests.drb.test_cases import refused


def publish(board: Board, digest: str = V1, name: str = RELEASE, **other: str) -> None:
    digests = {"policy_digest": POLICY, "cdm_digest": CDM, **other}
    board.releases.begin_publish("system", name, digest, **digests)
    board.releases.finish_publish("system", name, digest)


def test_nothing_is_published_without_an_approval(reviewed: Board) -> None:
    with refused("state"):
        publish(reviewed)
    last = reviewed.events("auditor", f"release:{RELEASE}")[-1]
    assert (last.action, last.actor, last.payload["code"]) == ("refused:begin_publish", "system", "state")


def test_registering_the_same_package_twice_changes_nothing(approved_case: Board) -> None:
    cast.submitted(approved_case)
    before = approved_case.events("auditor", f"release:{RELEASE}")
    cast.submitted(approved_case)
    assert approved_case.events("auditor", f"release:{RELEASE}") == before


def test_only_automation_registers_and_only_for_a_data_engineer_of_the_hospital(approved_case: Board) -> None:
    with refused("builder_of_hospital"):
        cast.build(approved_case, built_by="author")
    with pytest.raises(BadInput, match="built_by"):
        cast.build(approved_case, built_by="nobody")
    with refused("case_matches"):
        cast.build(approved_case, study_id="another")
    with pytest.raises(BadInput, match="SHA-256"):
        cast.build(approved_case, "v1")


def test_a_gate_blocks_and_a_blocked_release_is_not_submitted(approved_case: Board) -> None:
    cast.build(approved_case)
    release = approved_case.releases.check("system", RELEASE, V1, passed=False, findings=["k below 5"])
    assert (release.state, release.findings) == (ReleaseState.BLOCKED, ("k below 5",))
    with refused("state"):
        approved_case.releases.submit("author", RELEASE, V1)
    assert approved_case.releases.check("system", RELEASE, V1, passed=True).state is ReleaseState.CHECKED


def test_the_gates_verdict_is_about_a_digest(approved_case: Board) -> None:
    cast.build(approved_case)
    with refused("digest_is_current"):
        approved_case.releases.check("system", RELEASE, V2, passed=True)


def test_a_release_of_a_case_that_is_not_approved_is_not_submitted(any_board: Board) -> None:
    cast.in_review(any_board)
    cast.build(any_board)
    any_board.releases.check("system", RELEASE, V1, passed=True)
    with refused("case_approved"):
        any_board.releases.submit("author", RELEASE, V1)


@pytest.mark.parametrize(
    ("tables", "beyond"),
    [
        ({"note": ["note_text"]}, "table note"),
        ({"measurement": ["person_id", "unit_source_value"]}, "column measurement.unit_source_value"),
    ],
)
def test_a_package_beyond_what_the_case_approved_is_not_submitted(
    approved_case: Board, tables: dict[str, list[str]], beyond: str
) -> None:
    cast.build(approved_case, tables=tables)
    approved_case.releases.check("system", RELEASE, V1, passed=True)
    with refused("within_case") as told:
        approved_case.releases.submit("author", RELEASE, V1)
    assert beyond in told.value.reason


def test_a_package_below_the_k_of_the_approval_is_not_submitted(any_board: Board) -> None:
    cast.approved_case(any_board, conditions={"min_k": 10, "columns": {"person": ["person_id"]}})
    for k, text in ((5, "k is 5"), (None, "no k is stated")):
        cast.build(any_board, sha(f"k {k}"), smallest_class=k)
        any_board.releases.check("system", RELEASE, sha(f"k {k}"), passed=True)
        with refused("within_case") as told:
            any_board.releases.submit("author", RELEASE, sha(f"k {k}"))
        assert text in told.value.reason


def test_nobody_reviews_what_they_built_or_submitted(approved_case: Board) -> None:
    people = approved_case.people
    for person in ("engineer", "author"):
        people.propose_role("admin", person, Role.MEMBER)
        people.propose_role("admin", person, Role.SECRETARY)
        people.confirm_roles("admin2", person)
    cast.submitted(approved_case)
    with refused("not_builder"):
        approved_case.releases.vote("engineer", RELEASE, V1, True)
    with refused("not_author"):
        approved_case.releases.vote("author", RELEASE, V1, True)
    approved_case.releases.vote("member1", RELEASE, V1, True)
    with refused("not_voted"):
        approved_case.releases.vote("member1", RELEASE, V1, True)
    approved_case.releases.vote("member2", RELEASE, V1, True)
    for person, code in (("engineer", "not_builder"), ("author", "not_author")):
        with refused(code):
            approved_case.releases.approve(person, RELEASE, V1)


def test_a_reviewer_who_is_secretary_too_does_not_record_the_decision(approved_case: Board) -> None:
    approved_case.people.propose_role("admin", "member1", Role.SECRETARY)
    approved_case.people.confirm_roles("admin2", "member1")
    cast.reviewed(approved_case)
    with refused("not_reviewer"):
        approved_case.releases.approve("member1", RELEASE, V1)


def test_votes_and_approvals_are_about_one_digest(approved_case: Board) -> None:
    cast.submitted(approved_case)
    with refused("digest_is_current"):
        approved_case.releases.vote("member1", RELEASE, V2, True)
    cast.reviewed(approved_case)
    with refused("digest_is_current"):
        approved_case.releases.approve("secretary", RELEASE, V2)


def test_a_new_package_voids_every_vote(reviewed: Board) -> None:
    cast.submitted(reviewed, V2)
    release = reviewed.releases.get("secretary", RELEASE)
    assert (release.state, release.votes) == (ReleaseState.SUBMITTED, ())
    reviewed.releases.vote("member3", RELEASE, V2, True)
    reviewed.releases.vote("member1", RELEASE, V2, True)
    with refused("digest_is_current"):  # the older digest
        reviewed.releases.approve("secretary", RELEASE, V1)
    assert reviewed.releases.approve("secretary", RELEASE, V2).state is ReleaseState.APPROVED


def test_a_new_package_voids_an_approval(approved: Board) -> None:
    cast.build(approved, V2)
    with refused("state"):
        publish(approved, V2)


def test_a_package_that_is_out_does_not_change(released: Board) -> None:
    with refused("immutable"):
        cast.build(released, V2)


def test_one_objection_is_enough_to_stop_the_approval(approved_case: Board) -> None:
    cast.submitted(approved_case)
    approved_case.releases.vote("member1", RELEASE, V1, True)
    approved_case.releases.vote("member2", RELEASE, V1, False, "희귀 코드")
    with refused("two_approvals"):
        approved_case.releases.approve("secretary", RELEASE, V1)
    assert approved_case.releases.reject("secretary", RELEASE, "희귀 코드").state is ReleaseState.REJECTED


def test_a_review_is_blind_until_both_votes_are_in(approved_case: Board) -> None:
    cast.submitted(approved_case)
    approved_case.releases.vote("member1", RELEASE, V1, False, "의견")
    (vote,) = approved_case.releases.get("member2", RELEASE).votes
    assert (vote.choice, vote.words) == (None, None)
    shown = [e for e in approved_case.events("member2", f"release:{RELEASE}") if e.action == "vote"]
    assert shown[0].payload == {}
    approved_case.releases.vote("member2", RELEASE, V1, True)
    assert [vote.words for vote in approved_case.releases.get("member2", RELEASE).votes] == ["의견", None]


def test_a_returned_release_is_reviewed_anew(reviewed: Board) -> None:
    with refused("words_given"):
        reviewed.releases.return_("member3", RELEASE, " ")
    reviewed.releases.return_("member3", RELEASE, "날짜 확인")
    release = reviewed.releases.resubmit("author", RELEASE, V1)
    assert (release.state, release.votes) == (ReleaseState.SUBMITTED, ())


def test_a_returned_release_with_a_new_package_passes_the_gates_again(approved_case: Board) -> None:
    cast.submitted(approved_case)
    approved_case.releases.return_("member1", RELEASE, "재생성")
    cast.build(approved_case, V2)
    with refused("state"):
        approved_case.releases.resubmit("author", RELEASE, V2)
    approved_case.releases.check("system", RELEASE, V2, passed=True)
    assert approved_case.releases.submit("author", RELEASE, V2).state is ReleaseState.SUBMITTED


def test_an_interest_declared_after_the_vote_takes_the_vote_away(reviewed: Board) -> None:
    reviewed.cases.declare_interest("member2", CASE)
    with refused("two_approvals"):
        reviewed.releases.approve("secretary", RELEASE, V1)


@pytest.mark.parametrize("part", ["policy_digest", "cdm_digest"])
def test_publishing_looks_again_at_policy_and_cdm(approved: Board, part: str) -> None:
    with refused("approval_stands"):
        publish(approved, **{part: sha("newer")})
    publish(approved)


def test_publishing_looks_again_at_the_case(approved_case: Board) -> None:
    cast.publishing(approved_case)
    approved_case.cases.suspend("chair", CASE, "민원")
    with refused("case_approved"):
        approved_case.releases.finish_publish("system", RELEASE, V1)
    assert approved_case.releases.get("secretary", RELEASE).state is ReleaseState.PUBLISHING


def test_nobody_but_automation_publishes(approved: Board) -> None:
    for person in ("secretary", "chair", "author", "admin", "applicant"):
        with refused("role"):
            approved.releases.begin_publish(person, RELEASE, V1, policy_digest=POLICY, cdm_digest=CDM)


def test_a_failed_publication_is_retried_and_a_finished_one_is_left_alone(approved_case: Board) -> None:
    cast.publishing(approved_case)
    approved_case.releases.begin_publish("system", RELEASE, V1, policy_digest=POLICY, cdm_digest=CDM)
    approved_case.releases.fail_publish("system", RELEASE, "DiskFull")
    publish(approved_case)
    events = len(approved_case.events("auditor"))
    publish(approved_case)
    assert len(approved_case.events("auditor")) == events


def test_publishing_waits_until_the_decision_can_no_longer_be_undone(new_board: NewBoard) -> None:
    clock = cast.Clock()
    board = new_board("approved", Settings(undo=timedelta(minutes=10)), clock)
    with refused("undo_over"):
        publish(board)
    clock.now += timedelta(minutes=10)
    publish(board)


@pytest.mark.parametrize("person", ["chair", "officer", "author", "system"])
def test_one_person_recalls_and_every_grant_ends(released: Board, person: str) -> None:
    grant = cast.granted(released)
    released.grants.download("applicant", RELEASE)
    with refused("words_given"):
        released.releases.recall(person, RELEASE, "")
    assert released.releases.recall(person, RELEASE, "재식별 위험").state is ReleaseState.RECALLED
    assert released.grants.get("applicant", grant).state is GrantState.REVOKED
    assert not released.may_download("applicant", RELEASE)
    with refused("copies_destroyed"):
        released.releases.confirm_destroyed("secretary", RELEASE)
    released.grants.certify_destruction("applicant", grant, "파기")
    released.grants.confirm_destroyed("secretary2", grant)
    assert released.releases.confirm_destroyed("secretary", RELEASE).state is ReleaseState.DESTROYED


def test_a_newer_release_supersedes_an_older_one_of_the_same_case(approved_case: Board) -> None:
    newer = "deterioration-seoul01-1.1.0"
    cast.released(approved_case)
    cast.approved(approved_case, V2, newer)
    with refused("newer_released"):
        approved_case.releases.supersede("system", RELEASE, newer)
    publish(approved_case, V2, newer)
    release = approved_case.releases.supersede("system", RELEASE, newer)
    assert (release.state, release.successor) == (ReleaseState.SUPERSEDED, newer)


def test_submitting_again_is_harmless_for_the_author_and_refused_to_others(approved_case: Board) -> None:
    cast.submitted(approved_case)
    approved_case.releases.submit("author", RELEASE, V1)
    with refused("role"):
        approved_case.releases.submit("engineer", RELEASE, V1)


def test_a_startup_learns_of_a_release_when_it_is_out(approved_case: Board) -> None:
    cast.publishing(approved_case)
    assert approved_case.releases.list("applicant") == ()
    approved_case.releases.finish_publish("system", RELEASE, V1)
    assert [release.name for release in approved_case.releases.list("applicant")] == [RELEASE]
    assert approved_case.releases.list("rival") == ()
    with refused("visible"):
        approved_case.releases.get("rival", RELEASE)


def test_a_refusal_is_told_in_both_languages_by_the_same_rule(approved_case: Board) -> None:
    cast.submitted(approved_case)
    decision = approved_case.decide("author", "vote", f"release:{RELEASE}")
    assert (decision.allowed, decision.code) == (False, "role")
    assert "DRB member" in decision.reason
    assert "DRB 위원" in decision.reason_ko


def test_everything_refused_so_far_left_the_ledger_whole(approved_case: Board) -> None:
    cast.submitted(approved_case)
    for person in ("applicant", "admin", "auditor", "officer"):
        with pytest.raises(Refused):
            approved_case.releases.vote(person, RELEASE, V1, True)
    report = approved_case.verify()
    assert report.ok, report.first_bad
