"""What a decision looks at: plain facts about a person and an object, read in the transaction that decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from drb.conditions import Conditions
from drb.quorum import Ballot
from drb.states import CaseState, Choice, GrantState, OrganisationKind, ReleaseState, Role, Route


@dataclass(frozen=True)
class Actor:
    """A person with the roles in force. serves: the sites that their organisation serves; None means every site."""

    id: str
    organisation: str
    kind: OrganisationKind
    serves: frozenset[str] | None
    roles: frozenset[Role]
    active: bool = True


# Who asks: an id, or the actor as the request that asks has just read them. Whoever changes anything is an id, and is read
# again in the transaction of the change.
Who = str | Actor
SYSTEM = Actor("system", "programme", OrganisationKind.PROGRAMME, None, frozenset({Role.SYSTEM}))


def id_of(who: Who) -> str:
    """The id of whoever asks."""
    return who if isinstance(who, str) else who.id


@dataclass(frozen=True)
class CaseFacts:
    """A case as the rules see it; `state` None: it does not exist yet.

    missing: parts of the form not filled in. open_sections: commented and not yet answered. entitled: how many members
    may vote once the recused are left out. interested: who declared an interest. unmet: requirements without evidence.
    copies_out: grants that were downloaded and whose destruction is not confirmed. decided_by, undo_until: who recorded
    the decision, and until when they may take it back.
    """

    id: str
    state: CaseState | None
    site_id: str
    study_id: str
    organisation: str
    applicant: str
    version: int = 0
    route: Route | None = None
    missing: tuple[str, ...] = ()
    open_sections: frozenset[str] = frozenset()
    ballots: tuple[Ballot, ...] = ()
    entitled: int = 0
    interested: frozenset[str] = frozenset()
    requirements: frozenset[str] = frozenset()
    unmet: frozenset[str] = frozenset()
    decided_by: str | None = None
    decided_at: datetime | None = None
    undo_until: datetime | None = None
    endorsers: frozenset[str] = frozenset()
    copies_out: int = 0
    tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    conditions: Conditions = field(default_factory=Conditions)

    @property
    def case(self) -> CaseFacts:
        """The case that a rule about the case looks at."""
        return self


@dataclass(frozen=True)
class Bound:
    """What an approval is tied to; any difference voids it."""

    manifest_digest: str
    policy_digest: str
    cdm_digest: str
    case_version: int


@dataclass(frozen=True)
class ReleaseBallot:
    """One standing vote on a release: what exactly was approved."""

    person: str
    choice: Choice
    bound: Bound


@dataclass(frozen=True)
class ReleaseFacts:
    """A release as the rules see it.

    bound: what an approval given now would be tied to. approved: what the recorded approval is tied to.
    checked_digest: the digest that passed the gates. beyond_case: what the package holds beyond the case's approval.
    ledger_break: the first bad event in this release's or its case's stream.
    """

    id: str
    state: ReleaseState | None
    case: CaseFacts
    site_id: str
    study_id: str
    bound: Bound
    built_by: str
    builder_serves: bool = True
    author: str | None = None
    checked_digest: str | None = None
    beyond_case: tuple[str, ...] = ()
    ballots: tuple[ReleaseBallot, ...] = ()
    approved: Bound | None = None
    approved_at: datetime | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    undo_until: datetime | None = None
    successor_released: bool = False
    copies_out: int = 0
    ledger_break: str | None = None


@dataclass(frozen=True)
class GrantFacts:
    """A grant as the rules see it. not_entitled: why the person may not hold it; None: they may."""

    id: str
    state: GrantState | None
    release: ReleaseFacts
    person: str
    not_entitled: str | None = None
    certified: bool = False

    @property
    def case(self) -> CaseFacts:
        """The case behind the grant."""
        return self.release.case

    @property
    def site_id(self) -> str:
        """The hospital behind the grant."""
        return self.release.site_id


Facts = CaseFacts | ReleaseFacts | GrantFacts


@dataclass(frozen=True)
class Asked:
    """What the actor gives with an action."""

    digest: str | None = None
    policy_digest: str | None = None
    cdm_digest: str | None = None
    words: str | None = None
    sections: Mapping[str, str] = field(default_factory=dict)
    requirements: tuple[str, ...] = ()
    requirement: str | None = None
    choice: Choice | None = None
    route: Route | None = None


@dataclass(frozen=True)
class Question:
    """Everything that a guard may look at. today: the board's day (Korea)."""

    actor: Actor
    facts: Facts
    asked: Asked
    now: datetime
    today: date
