"""What lists and pages show of people, cases, releases and grants: frozen, plain, with a `to_json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from drb.conditions import Conditions
from drb.states import CaseState, Choice, GrantState, OrganisationKind, ReleaseState, Role, Route


def _plain(value: Any) -> Any:
    if isinstance(value, View):
        return value.to_json()
    if isinstance(value, Conditions):
        return value.to_json()
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(content) for key, content in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [_plain(content) for content in value]
    return value


@dataclass(frozen=True)
class View:
    """A frozen picture of something on the board."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {part.name: _plain(getattr(self, part.name)) for part in fields(self)}


@dataclass(frozen=True)
class OrganisationView(View):
    """serves: the sites that its people act for; None: every one."""

    id: str
    kind: OrganisationKind
    name_ko: str
    name_en: str
    site_id: str | None
    serves: tuple[str, ...] | None


@dataclass(frozen=True)
class PersonView(View):
    """name: None once it was erased. pending: roles proposed, ending: roles whose end is proposed; not yet confirmed."""

    id: str
    name: str | None
    organisation: str
    roles: tuple[Role, ...]
    pending: tuple[Role, ...]
    active: bool
    ending: tuple[Role, ...] = ()


@dataclass(frozen=True)
class VoteView(View):
    """choice: None while a review is blind. digest: of the package or form that was voted on."""

    person: str
    choice: Choice | None
    at: datetime
    digest: str
    words: str | None = None


@dataclass(frozen=True)
class CommentView(View):
    """What a section lacks, and the answer."""

    round: int
    section: str
    words: str | None
    answer: str | None


@dataclass(frozen=True)
class RequirementView(View):
    """A condition in words, and its evidence."""

    name: str
    words: str | None
    evidence: str | None


@dataclass(frozen=True)
class CaseView(View):
    """심의 건. version: how often it was sent in; approvals are tied to it. digest: of its form."""

    id: str
    number: str
    state: CaseState
    study_id: str
    site_id: str
    organisation: str
    applicant: str
    title: str
    purpose: str
    tables: Mapping[str, tuple[str, ...]]
    wished: Conditions
    conditions: Conditions
    irb_reference: str
    route: Route | None
    assignee: str | None
    version: int
    digest: str
    votes: tuple[VoteView, ...]
    comments: tuple[CommentView, ...]
    requirements: tuple[RequirementView, ...]
    decided_by: str | None
    decided_at: datetime | None
    undo_until: datetime | None
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class ReleaseView(View):
    """반출 건. approved: what the approval is tied to (manifest, policy, CDM, version of the case)."""

    name: str
    state: ReleaseState
    case_id: str
    case_number: str
    study_id: str
    site_id: str
    manifest_digest: str
    policy_digest: str
    cdm_digest: str
    built_by: str
    author: str | None
    tables: Mapping[str, tuple[str, ...]]
    smallest_class: int | None
    provenance: Mapping[str, str]
    summary: Mapping[str, Any]
    findings: tuple[Any, ...]
    votes: tuple[VoteView, ...]
    approved: Mapping[str, Any] | None
    approved_by: str | None
    approved_at: datetime | None
    released_at: datetime | None
    assignee: str | None
    decided_by: str | None
    decided_at: datetime | None
    undo_until: datetime | None
    successor: str | None
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class GrantView(View):
    """이용권. expires_on: computed from the case. destroy_by: when the destruction must be certified."""

    id: str
    state: GrantState
    release: str
    case_id: str
    person: str
    organisation: str
    terms_digest: str | None
    accepted_at: datetime | None
    downloads: int
    expires_on: date | None
    destroy_by: date | None
    created_at: datetime


@dataclass(frozen=True)
class Certificate(View):
    """A certificate of destruction. text: words, or a signed certificate's canonical JSON; None once it is erased.

    signed_with: the registered key under which its signature held; None where it was given in words.
    """

    text: str | None
    signed_with: str | None


@dataclass(frozen=True)
class Waiting(View):
    """Something that waits for a person: which object, which actions are open to them, since when."""

    object: str
    kind: str
    number: str
    title: str
    study_id: str
    site_id: str
    state: CaseState | ReleaseState | GrantState
    actions: tuple[str, ...]
    since: datetime
