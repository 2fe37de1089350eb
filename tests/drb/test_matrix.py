"""The tables against the design, and every decision against the tables: state x target x role x own."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest

from drb import matrix
from drb.facts import Actor, Asked, Bound, CaseFacts, Facts, GrantFacts, ReleaseBallot, ReleaseFacts
from drb.guards import GUARDS
from drb.quorum import Ballot
from drb.reasons import REASONS
from drb.rights import decide
from drb.states import CaseState, Choice, GrantState, OrganisationKind, ReleaseState, Role, Route, State
from drb.transitions import AUDIT, CASE, GRANT, MACHINES, RELEASE, Machine

NOW = datetime(2026, 3, 2, tzinfo=UTC)
BOUND = Bound("m", "p", "c", 1)

# The design, typed again by hand: from -> to: who. What stays in its state is listed in STAYS.
DESIGN = {
    "case": """
        - DRAFT: STARTUP_USER
        DRAFT SUBMITTED: STARTUP_USER
        SUBMITTED SCREENING: SECRETARY
        SCREENING RETURNED: SECRETARY
        RETURNED SUBMITTED: STARTUP_USER
        SCREENING IN_REVIEW: SECRETARY
        IN_REVIEW RETURNED: CHAIR
        IN_REVIEW APPROVED: CHAIR
        IN_REVIEW CONDITIONAL: CHAIR
        IN_REVIEW REJECTED: CHAIR
        CONDITIONAL APPROVED: SECRETARY
        APPROVED SUSPENDED: CHAIR PRIVACY_OFFICER
        SUSPENDED APPROVED: CHAIR PRIVACY_OFFICER
        APPROVED CLOSED: SECRETARY
        DRAFT WITHDRAWN: STARTUP_USER
        SUBMITTED WITHDRAWN: STARTUP_USER
        SCREENING WITHDRAWN: STARTUP_USER
        RETURNED WITHDRAWN: STARTUP_USER
        IN_REVIEW WITHDRAWN: STARTUP_USER
        APPROVED IN_REVIEW: CHAIR
        CONDITIONAL IN_REVIEW: CHAIR
        REJECTED IN_REVIEW: CHAIR
    """,
    "release": """
        - BUILT: SYSTEM
        BUILT BLOCKED: SYSTEM
        BUILT CHECKED: SYSTEM
        BLOCKED CHECKED: SYSTEM
        CHECKED BLOCKED: SYSTEM
        CHECKED SUBMITTED: RELEASE_AUTHOR
        SUBMITTED PARTIALLY_REVIEWED: MEMBER CHAIR
        PARTIALLY_REVIEWED REVIEWED: MEMBER CHAIR
        SUBMITTED RETURNED: MEMBER CHAIR SYSTEM
        PARTIALLY_REVIEWED RETURNED: MEMBER CHAIR SYSTEM
        REVIEWED RETURNED: MEMBER CHAIR SYSTEM
        RETURNED SUBMITTED: RELEASE_AUTHOR
        REVIEWED APPROVED: SECRETARY
        REVIEWED REJECTED: SECRETARY
        APPROVED PUBLISHING: SYSTEM
        PUBLISHING RELEASED: SYSTEM
        PUBLISHING PUBLISH_FAILED: SYSTEM
        PUBLISH_FAILED PUBLISHING: SYSTEM
        RELEASED SUPERSEDED: SYSTEM
        APPROVED RECALLED: CHAIR PRIVACY_OFFICER RELEASE_AUTHOR SYSTEM
        PUBLISHING RECALLED: CHAIR PRIVACY_OFFICER RELEASE_AUTHOR SYSTEM
        PUBLISH_FAILED RECALLED: CHAIR PRIVACY_OFFICER RELEASE_AUTHOR SYSTEM
        RELEASED RECALLED: CHAIR PRIVACY_OFFICER RELEASE_AUTHOR SYSTEM
        SUPERSEDED RECALLED: CHAIR PRIVACY_OFFICER RELEASE_AUTHOR SYSTEM
        RECALLED DESTROYED: SECRETARY
        BLOCKED BUILT: SYSTEM
        CHECKED BUILT: SYSTEM
        SUBMITTED BUILT: SYSTEM
        PARTIALLY_REVIEWED BUILT: SYSTEM
        REVIEWED BUILT: SYSTEM
        RETURNED BUILT: SYSTEM
        APPROVED BUILT: SYSTEM
        PUBLISH_FAILED BUILT: SYSTEM
        APPROVED REVIEWED: SECRETARY
        REJECTED REVIEWED: SECRETARY
    """,
    "grant": """
        - PENDING_TERMS: SECRETARY SYSTEM
        PENDING_TERMS ACTIVE: STARTUP_USER
        PENDING_TERMS REVOKED: SECRETARY CHAIR PRIVACY_OFFICER SYSTEM
        ACTIVE REVOKED: SECRETARY CHAIR PRIVACY_OFFICER SYSTEM
        ACTIVE DESTRUCTION_DUE: SYSTEM
        REVOKED DESTROYED: SECRETARY
        DESTRUCTION_DUE DESTROYED: SECRETARY
    """,
}
STAYS = {
    "case": {"edit", "vote", "give_evidence", "endorse", "assign", "remind"},
    "release": {"rebuild", "pass_gates", "block", "begin_publish", "assign", "remind"},
    "grant": {"download", "certify_destruction", "remind"},
}


def ideal(machine: Machine, state: State | None, action: str) -> Facts:
    """Facts in which every rule is met that is not about who asks."""
    against = action == "reject"
    choice = Choice.REJECT if against else Choice.APPROVE
    ends = {"fall_due": date(2026, 1, 1)}.get(action)
    case = CaseFacts(
        id="c",
        state=CaseState.APPROVED,
        site_id="site",
        study_id="study",
        organisation="startup",
        applicant="own",
        version=1,
        route=Route.FULL,
        ballots=tuple(Ballot(f"m{i}", choice, external=True) for i in range(3)),
        entitled=4,
        requirements=frozenset({"r1"}),
        endorsers=frozenset({"m1"}),
        decided_by="own",
        decided_at=NOW,
        undo_until=NOW + timedelta(minutes=10),
    )
    case = replace(case, conditions=case.conditions.model_copy(update={"expires_on": ends}))
    if machine is CASE:
        return replace(case, state=state)
    release = ReleaseFacts(
        id="r",
        state=ReleaseState.RELEASED,
        case=replace(case, applicant="applicant"),
        site_id="site",
        study_id="study",
        bound=BOUND,
        built_by="builder",
        author="own",
        checked_digest="m",
        ballots=(() if action == "vote" else tuple(ReleaseBallot(f"m{i}", Choice.APPROVE, BOUND) for i in range(2))),
        approved=BOUND,
        decided_by="own",
        decided_at=NOW,
        undo_until=None if action.endswith("_publish") else NOW + timedelta(minutes=10),
        successor_released=True,
    )
    if machine is RELEASE:
        return replace(release, state=state)
    return GrantFacts("g", state, release, "own", certified=True)


ASKED = Asked(
    digest="m",
    policy_digest="p",
    cdm_digest="c",
    words="because",
    sections={"title": "too short"},
    requirements=("a new IRB certificate",),
    requirement="r1",
    choice=Choice.APPROVE,
    route=Route.FULL,
)


def person(role: Role, own: bool) -> Actor:
    return Actor("own" if own else "other", "somewhere", OrganisationKind.BOARD, None, frozenset({role}))


def questions() -> Iterator[tuple[Machine, State | None, str, Role, bool]]:
    for machine in MACHINES:
        yield from product([machine], [None, *machine.states], machine.actions, Role, (True, False))  # type: ignore[misc]


def test_the_tables_lead_where_the_design_says_and_nowhere_else() -> None:
    for machine in MACHINES:
        designed = {}
        for line in DESIGN[machine.name].split("\n"):
            if line.strip():
                pair, _, roles = line.strip().partition(":")
                source, target = pair.split()
                designed[(source, target)] = set(roles.split())
        tabled: dict[tuple[str, str], set[str]] = {}
        for row in machine.rows:
            if row.source is row.target:
                assert row.action in STAYS[machine.name]
            else:
                key = (row.source.value if row.source else "-", row.target.value)
                tabled.setdefault(key, set()).update(role.value for role in row.roles)
        assert tabled == designed


def test_a_pair_of_state_and_action_has_one_row() -> None:
    for machine in MACHINES:
        keys = [(row.source, row.action) for row in machine.rows]
        assert len(keys) == len(set(keys))


def test_every_rule_of_the_tables_exists_and_can_say_why_in_two_languages() -> None:
    named = {name for machine in MACHINES for row in machine.rows for name in row.guards}
    assert named == set(GUARDS)
    assert named <= set(REASONS)
    assert all(sentence.en and sentence.ko for sentence in REASONS.values())


def test_decisions_agree_with_the_matrix_for_every_state_action_role_and_own() -> None:
    asked = 0
    for machine, state, action, role, own in questions():
        decision = decide(person(role, own), action, ideal(machine, state, action), ASKED, now=NOW)
        row = machine.row(state, action)
        expected = row is not None and matrix.opens(row, role, own)
        assert decision.allowed is expected, (machine.name, state, action, role, own, decision)
        if decision.row is not None:
            assert matrix.allowed(machine, state, decision.row.target, role, own)
        asked += 1
    assert asked == sum((len(m.states) + 1) * len(m.actions) * len(Role) * 2 for m in MACHINES)


def test_no_role_reaches_a_state_that_the_matrix_does_not_give_it() -> None:
    reached = set()
    for machine, state, action, role, own in questions():
        decision = decide(person(role, own), action, ideal(machine, state, action), ASKED, now=NOW)
        if decision.row is not None:
            reached.add((machine.name, state, decision.row.target, role, own))
    for machine in MACHINES:
        for state, target, role, own in product([None, *machine.states], machine.states, Role, (True, False)):
            expected = matrix.allowed(machine, state, target, role, own)
            assert ((machine.name, state, target, role, own) in reached) is expected


def test_automation_never_approves() -> None:
    approving = {
        CaseState.APPROVED,
        CaseState.CONDITIONAL,
        ReleaseState.REVIEWED,
        ReleaseState.APPROVED,
        GrantState.ACTIVE,
    }
    for machine in MACHINES:
        for row in machine.rows:
            if row.target in approving and row.source is not row.target:
                assert Role.SYSTEM not in row.roles


def test_only_automation_publishes_and_one_person_is_enough_to_stop() -> None:
    assert {role for row in RELEASE.actions["begin_publish"] for role in row.roles} == {Role.SYSTEM}
    for role in (Role.CHAIR, Role.PRIVACY_OFFICER, Role.RELEASE_AUTHOR):
        for own in (True, False):
            assert matrix.allowed(RELEASE, ReleaseState.RELEASED, ReleaseState.RECALLED, role, own)


@pytest.mark.parametrize("action", ["vote", "return", "approve", "reject"])
def test_whoever_built_a_release_decides_nothing_about_it(action: str) -> None:
    state = RELEASE.actions[action][0].source
    for role in (Role.MEMBER, Role.CHAIR, Role.SECRETARY):
        builder = Actor("builder", "somewhere", OrganisationKind.BOARD, None, frozenset({role, Role.DATA_ENGINEER}))
        assert not decide(builder, action, ideal(RELEASE, state, action), ASKED, now=NOW)


def test_every_action_on_anothers_hospital_is_refused_to_all_but_automation_and_startups() -> None:
    for machine, state, action, role, own in questions():
        elsewhere = replace(person(role, own), serves=frozenset({"another"}))
        decision = decide(elsewhere, action, ideal(machine, state, action), ASKED, now=NOW)
        if decision.allowed:
            assert role in {Role.STARTUP_USER, Role.SYSTEM}


def test_a_closed_account_can_do_nothing() -> None:
    for machine, state, action, role, own in questions():
        closed = replace(person(role, own), active=False)
        assert decide(closed, action, ideal(machine, state, action), ASKED, now=NOW).code == "active"


def test_the_reference_page_is_made_from_the_tables(tmp_path: Path) -> None:
    text = matrix.write(tmp_path).read_text(encoding="utf-8")
    for machine in MACHINES:
        assert matrix.diagram(machine) in text
        for action in machine.actions:
            assert f"`{action}`" in text
    assert all(role.ko in text for role in Role)
    assert set(AUDIT) == set(Role) - {Role.ADMIN}


def test_grants_have_no_state_for_expiry() -> None:
    assert "EXPIRED" not in {state.value for state in GRANT.states}
