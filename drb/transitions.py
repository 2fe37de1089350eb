"""The three machines, each one table: behaviour, diagrams, the permission matrix and the notices all come from here.

Three, not one: a package approved for study A may be refused for study B while its files still exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from drb.states import CaseState as C
from drb.states import GrantState as G
from drb.states import ReleaseState as R
from drb.states import Role, State


class Audience(StrEnum):
    """Who is told, by an outbox row in the transaction of the change. DECIDED is told at once, ACT in the morning."""

    APPLICANT = "applicant"
    SECRETARIES = "secretaries"
    MEMBERS = "members"
    AUTHOR = "author"
    GRANTEES = "grantees"


@dataclass(frozen=True)
class Row:
    """`action` takes an object from `source` (None: from nothing) to `target`; `guards` name functions of `drb.guards`.

    Guards are asked in the order in which they stand here; the first that says no gives the reason.
    """

    source: State | None
    target: State
    action: str
    roles: frozenset[Role]
    guards: tuple[str, ...] = ()
    tell: tuple[Audience, ...] = ()


@dataclass(frozen=True)
class Machine:
    """All rows of one kind of object. At most one row for a pair of source and action."""

    name: str
    states: tuple[State, ...]
    rows: tuple[Row, ...]

    @cached_property
    def actions(self) -> dict[str, tuple[Row, ...]]:
        """Rows by action, in the order of the table."""
        names = dict.fromkeys(row.action for row in self.rows)
        return {name: tuple(row for row in self.rows if row.action == name) for name in names}

    def row(self, source: State | None, action: str) -> Row | None:
        """The row that `action` takes from `source`."""
        return next((row for row in self.actions[action] if row.source is source), None)


def _machine(name: str, states: type[C | R | G], *groups: Iterator[Row]) -> Machine:
    return Machine(name, tuple(states), tuple(row for group in groups for row in group))


def _rows(
    sources: State | Sequence[State] | None,
    target: State | None,
    action: str,
    roles: Sequence[Role],
    guards: str = "",
    tell: Sequence[Audience] = (),
) -> Iterator[Row]:
    """One row a source; no target means the object stays where it is."""
    for source in sources if isinstance(sources, tuple) else (sources,):
        to = target or source
        if to is None:
            raise AssertionError(f"{action} leads nowhere")
        yield Row(source, to, action, frozenset(roles), tuple(guards.split()), tuple(tell))


_APPLICANT, _SECRETARY, _MEMBER, _CHAIR = Role.STARTUP_USER, Role.SECRETARY, Role.MEMBER, Role.CHAIR
_OFFICER, _AUTHOR, _SYSTEM = Role.PRIVACY_OFFICER, Role.RELEASE_AUTHOR, Role.SYSTEM
_TO_APPLICANT = (Audience.APPLICANT,)
_DECIDED = (C.APPROVED, C.CONDITIONAL, C.REJECTED)
_BEFORE_DECISION = (C.DRAFT, C.SUBMITTED, C.SCREENING, C.RETURNED, C.IN_REVIEW)

CASE = _machine(
    "case",
    C,
    _rows(None, C.DRAFT, "create", [_APPLICANT]),
    _rows((C.DRAFT, C.RETURNED), None, "edit", [_APPLICANT], "is_applicant"),
    _rows(C.DRAFT, C.SUBMITTED, "submit", [_APPLICANT], "is_applicant form_complete", [Audience.SECRETARIES]),
    _rows(C.SUBMITTED, C.SCREENING, "screen", [_SECRETARY], "not_applicant no_conflict"),
    _rows(
        C.SCREENING,
        C.RETURNED,
        "return",
        [_SECRETARY],
        "not_applicant no_conflict comments_given",
        _TO_APPLICANT,
    ),
    _rows(
        C.RETURNED,
        C.SUBMITTED,
        "resubmit",
        [_APPLICANT],
        "is_applicant form_complete comments_answered",
        [Audience.SECRETARIES],
    ),
    _rows(
        C.SCREENING,
        C.IN_REVIEW,
        "route",
        [_SECRETARY],
        "not_applicant no_conflict route_chosen",
        [Audience.MEMBERS],
    ),
    _rows(C.IN_REVIEW, None, "vote", [_MEMBER, _CHAIR], "not_applicant no_conflict not_voted choice_given"),
    _rows(C.IN_REVIEW, C.RETURNED, "return", [_CHAIR], "not_applicant no_conflict comments_given", _TO_APPLICANT),
    _rows(
        C.IN_REVIEW,
        C.APPROVED,
        "approve",
        [_CHAIR],
        "not_applicant no_conflict quorum_met votes_approve",
        _TO_APPLICANT,
    ),
    _rows(
        C.IN_REVIEW,
        C.CONDITIONAL,
        "approve_conditionally",
        [_CHAIR],
        "not_applicant no_conflict quorum_met votes_favour requirements_given",
        _TO_APPLICANT,
    ),
    _rows(
        C.IN_REVIEW,
        C.REJECTED,
        "reject",
        [_CHAIR],
        "not_applicant no_conflict quorum_met votes_reject words_given",
        _TO_APPLICANT,
    ),
    _rows(
        C.CONDITIONAL,
        None,
        "give_evidence",
        [_APPLICANT],
        "is_applicant requirement_known words_given",
        [Audience.SECRETARIES],
    ),
    _rows(C.CONDITIONAL, None, "endorse", [_MEMBER, _CHAIR], "not_applicant no_conflict evidence_complete"),
    _rows(
        C.CONDITIONAL,
        C.APPROVED,
        "confirm_conditions",
        [_SECRETARY],
        "not_applicant no_conflict evidence_complete endorsed_by_another",
        _TO_APPLICANT,
    ),
    _rows(C.APPROVED, C.SUSPENDED, "suspend", [_CHAIR, _OFFICER], "words_given", _TO_APPLICANT),
    _rows(
        C.SUSPENDED,
        C.APPROVED,
        "resume",
        [_CHAIR, _OFFICER],
        "not_applicant no_conflict words_given",
        _TO_APPLICANT,
    ),
    _rows(
        C.APPROVED,
        C.CLOSED,
        "close",
        [_SECRETARY],
        "not_applicant no_conflict copies_destroyed",
        _TO_APPLICANT,
    ),
    _rows(_BEFORE_DECISION, C.WITHDRAWN, "withdraw", [_APPLICANT], "is_applicant"),
    _rows(_DECIDED, C.IN_REVIEW, "undo", [_CHAIR], "is_decider within_undo", [Audience.APPLICANT]),
    _rows(
        (C.SUBMITTED, C.SCREENING, C.RETURNED, C.IN_REVIEW, C.CONDITIONAL),
        None,
        "assign",
        [_SECRETARY],
        "not_applicant no_conflict",
    ),
    _rows((C.RETURNED, C.CONDITIONAL), None, "remind", [_SECRETARY], "", _TO_APPLICANT),
    _rows(C.IN_REVIEW, None, "remind", [_SECRETARY], "", [Audience.MEMBERS]),
)

_APART = "not_author not_builder not_applicant no_conflict"
_REBUILT = (
    R.BUILT,
    R.BLOCKED,
    R.CHECKED,
    R.SUBMITTED,
    R.PARTIALLY_REVIEWED,
    R.REVIEWED,
    R.RETURNED,
    R.APPROVED,
    R.PUBLISH_FAILED,
)
# The latest verdict of the gates counts, until somebody submits.
_GATED = (R.BUILT, R.CHECKED, R.BLOCKED)
_UNDER_REVIEW = (R.SUBMITTED, R.PARTIALLY_REVIEWED, R.REVIEWED)
_SUBMITTABLE = "case_approved not_expired digest_is_current gates_passed within_case"
_AUTHORITY = "undo_over digest_is_current approval_stands case_approved not_expired ledger_intact"
# More than APPROVED and RELEASED: a package on its way out, or out and superseded, must be stoppable as well.
_STOPPABLE = (R.APPROVED, R.PUBLISHING, R.PUBLISH_FAILED, R.RELEASED, R.SUPERSEDED)

RELEASE = _machine(
    "release",
    R,
    _rows(None, R.BUILT, "build", [_SYSTEM], "case_matches builder_of_hospital"),
    _rows(_REBUILT, R.BUILT, "rebuild", [_SYSTEM], "case_matches builder_of_hospital"),
    _rows(_GATED, R.CHECKED, "pass_gates", [_SYSTEM], "digest_is_current"),
    _rows(_GATED, R.BLOCKED, "block", [_SYSTEM], "digest_is_current"),
    _rows(R.CHECKED, R.SUBMITTED, "submit", [_AUTHOR], _SUBMITTABLE, [Audience.MEMBERS]),
    _rows(R.RETURNED, R.SUBMITTED, "resubmit", [_AUTHOR], _SUBMITTABLE, [Audience.MEMBERS]),
    _rows(
        R.SUBMITTED,
        R.PARTIALLY_REVIEWED,
        "vote",
        [_MEMBER, _CHAIR],
        f"{_APART} not_voted digest_is_current choice_given",
    ),
    _rows(
        R.PARTIALLY_REVIEWED,
        R.REVIEWED,
        "vote",
        [_MEMBER, _CHAIR],
        f"{_APART} not_voted digest_is_current choice_given",
        [Audience.SECRETARIES],
    ),
    _rows(
        _UNDER_REVIEW,
        R.RETURNED,
        "return",
        [_MEMBER, _CHAIR, _SYSTEM],
        f"{_APART} words_given",
        [Audience.AUTHOR],
    ),
    _rows(
        R.REVIEWED,
        R.APPROVED,
        "approve",
        [_SECRETARY],
        f"{_APART} not_reviewer digest_is_current case_approved gates_passed within_case two_approvals ledger_intact",
        [Audience.AUTHOR, Audience.APPLICANT],
    ),
    _rows(R.REVIEWED, R.REJECTED, "reject", [_SECRETARY], f"{_APART} words_given", [Audience.AUTHOR]),
    _rows((R.APPROVED, R.PUBLISHING, R.PUBLISH_FAILED), R.PUBLISHING, "begin_publish", [_SYSTEM], _AUTHORITY),
    _rows(
        R.PUBLISHING,
        R.RELEASED,
        "finish_publish",
        [_SYSTEM],
        _AUTHORITY,
        [Audience.APPLICANT, Audience.GRANTEES],
    ),
    _rows(R.PUBLISHING, R.PUBLISH_FAILED, "fail_publish", [_SYSTEM], "", [Audience.SECRETARIES]),
    _rows(R.RELEASED, R.SUPERSEDED, "supersede", [_SYSTEM], "newer_released", [Audience.GRANTEES]),
    _rows(
        _STOPPABLE,
        R.RECALLED,
        "recall",
        [_CHAIR, _OFFICER, _AUTHOR, _SYSTEM],
        "words_given",
        [Audience.GRANTEES, Audience.SECRETARIES, Audience.AUTHOR],
    ),
    _rows(R.RECALLED, R.DESTROYED, "confirm_destroyed", [_SECRETARY], "copies_destroyed"),
    _rows((R.APPROVED, R.REJECTED), R.REVIEWED, "undo", [_SECRETARY], "is_decider within_undo", [Audience.AUTHOR]),
    _rows((*_UNDER_REVIEW, R.RETURNED), None, "assign", [_SECRETARY], "no_conflict"),
    _rows((R.SUBMITTED, R.PARTIALLY_REVIEWED), None, "remind", [_SECRETARY], "", [Audience.MEMBERS]),
    _rows((R.CHECKED, R.RETURNED), None, "remind", [_SECRETARY], "", [Audience.AUTHOR]),
    _rows(R.RECALLED, None, "remind", [_SECRETARY], "", [Audience.GRANTEES]),
)

_DUE = (G.REVOKED, G.DESTRUCTION_DUE)

GRANT = _machine(
    "grant",
    G,
    _rows(
        None,
        G.PENDING_TERMS,
        "create",
        [_SECRETARY, _SYSTEM],
        "not_grantee release_open case_approved person_entitled",
        [Audience.GRANTEES],
    ),
    _rows(
        G.PENDING_TERMS,
        G.ACTIVE,
        "accept_terms",
        [_APPLICANT],
        "is_grantee release_open case_approved not_expired",
    ),
    _rows(
        G.ACTIVE,
        None,
        "download",
        [_APPLICANT],
        "is_grantee person_entitled release_released case_approved not_expired",
    ),
    _rows(
        (G.PENDING_TERMS, G.ACTIVE),
        G.REVOKED,
        "revoke",
        [_SECRETARY, _CHAIR, _OFFICER, _SYSTEM],
        "words_given",
        [Audience.GRANTEES],
    ),
    _rows(G.ACTIVE, G.DESTRUCTION_DUE, "fall_due", [_SYSTEM], "expired", [Audience.GRANTEES]),
    _rows(_DUE, None, "certify_destruction", [_APPLICANT], "is_grantee words_given", [Audience.SECRETARIES]),
    _rows(_DUE, G.DESTROYED, "confirm_destroyed", [_SECRETARY], "not_grantee destruction_certified"),
    _rows((G.PENDING_TERMS, *_DUE), None, "remind", [_SECRETARY], "", [Audience.GRANTEES]),
)

MACHINES = (CASE, RELEASE, GRANT)

# Rights that move no machine. `manage_people`: nobody changes their own roles, and a second administrator confirms.
STANDING: dict[str, frozenset[Role]] = {
    "edit_study": frozenset({Role.DATA_ENGINEER}),
    "run_flow": frozenset({Role.DATA_ENGINEER}),
    "waive_quality": frozenset({Role.DATA_ENGINEER, Role.PRIVACY_OFFICER}),
    "manage_people": frozenset({Role.ADMIN}),
    "declare_interest": frozenset({Role.MEMBER, Role.CHAIR, Role.SECRETARY}),
    "read_board": frozenset(set(Role) - {Role.COORDINATOR, Role.ADMIN, Role.SYSTEM}),
    "apply": frozenset({Role.STARTUP_USER}),
    "register_key": frozenset({Role.STARTUP_USER}),
    "read_catalogue": frozenset({Role.STARTUP_USER, Role.SECRETARY, Role.CHAIR, Role.MEMBER, Role.COORDINATOR}),
    "read_sites": frozenset({Role.DATA_ENGINEER, Role.RELEASE_AUTHOR, Role.PRIVACY_OFFICER, Role.COORDINATOR}),
    "read_statistics": frozenset({Role.COORDINATOR, Role.SECRETARY, Role.CHAIR, Role.PRIVACY_OFFICER, Role.AUDITOR}),
    "read_ledger": frozenset({Role.AUDITOR, Role.PRIVACY_OFFICER}),
    "read_minutes": frozenset({Role.SECRETARY, Role.CHAIR, Role.MEMBER, Role.AUDITOR, Role.PRIVACY_OFFICER}),
}


class AuditScope(StrEnum):
    """How much of the ledger, the cases and the releases a role reads."""

    OWN = "own"
    CASE = "case"
    HOSPITAL = "hospital"
    COUNTS = "counts only"
    ALL = "all"


AUDIT: dict[Role, AuditScope] = {
    Role.DATA_ENGINEER: AuditScope.OWN,
    Role.RELEASE_AUTHOR: AuditScope.OWN,
    Role.MEMBER: AuditScope.CASE,
    Role.SECRETARY: AuditScope.HOSPITAL,
    Role.CHAIR: AuditScope.HOSPITAL,
    Role.PRIVACY_OFFICER: AuditScope.ALL,
    Role.STARTUP_USER: AuditScope.OWN,
    Role.COORDINATOR: AuditScope.COUNTS,
    Role.AUDITOR: AuditScope.ALL,
    Role.SYSTEM: AuditScope.ALL,
}
