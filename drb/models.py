"""The board's tables. There is no column for anything about a patient, and events know no foreign key.

`version` columns count changes of a row; SQLAlchemy refuses to write over a row that somebody else changed meanwhile.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from drb.columns import Instant, Json, name_of
from drb.states import CaseState, Choice, GrantState, OrganisationKind, ReleaseState, Role, Route

Counted = BigInteger().with_variant(Integer, "sqlite")
ID = String(80)
DIGEST = String(128)


class Base(DeclarativeBase):
    """All tables of the board."""


class Organisation(Base):
    """A hospital (with its site), a shared board (serves: site ids, None means all), a startup, the programme."""

    __tablename__ = "organisation"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    kind: Mapped[OrganisationKind] = mapped_column(name_of(OrganisationKind))
    name_ko: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    site_id: Mapped[str | None] = mapped_column(ID)
    serves: Mapped[list[str] | None] = mapped_column(Json)


class PersonalText(Base):
    """A name, comment or reason, sealed under a key of its own: erasing the key erases the text, the ledger's hash stands."""

    __tablename__ = "personal_text"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    key: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    commitment: Mapped[str] = mapped_column(DIGEST)
    erased_at: Mapped[datetime | None] = mapped_column(Instant)


class Person(Base):
    """A person; the name stands in `personal_text`."""

    __tablename__ = "person"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    name_id: Mapped[str] = mapped_column(ForeignKey("personal_text.id"))
    active: Mapped[bool] = mapped_column(default=True)


class RoleAssignment(Base):
    """A role of a person: proposed by one administrator, in force once another confirmed; the same to end it."""

    __tablename__ = "role_assignment"
    __table_args__ = (Index("ix_role_assignment_person", "person_id"),)

    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    role: Mapped[Role] = mapped_column(name_of(Role))
    proposed_by: Mapped[str] = mapped_column(ID)
    confirmed_by: Mapped[str | None] = mapped_column(ID)
    end_proposed_by: Mapped[str | None] = mapped_column(ID)
    ended_by: Mapped[str | None] = mapped_column(ID)
    version: Mapped[int] = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy declares it as an instance variable


class Case(Base):
    """심의 건. tables: table -> columns asked for (an empty list: all). round: how often it was sent in."""

    __tablename__ = "drb_case"
    __table_args__ = (Index("ix_drb_case_state", "state"), Index("ix_drb_case_site", "site_id", "state"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    state: Mapped[CaseState] = mapped_column(name_of(CaseState))
    study_id: Mapped[str] = mapped_column(ID)
    site_id: Mapped[str] = mapped_column(ID)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    applicant_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    title: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    tables: Mapped[dict[str, list[str]]] = mapped_column(Json)
    wished: Mapped[dict[str, Any]] = mapped_column(Json)
    irb_reference: Mapped[str] = mapped_column(String(200))
    route: Mapped[Route | None] = mapped_column(name_of(Route))
    assignee: Mapped[str | None] = mapped_column(ID)
    round: Mapped[int] = mapped_column(Integer, default=0)
    digest: Mapped[str] = mapped_column(DIGEST)
    decided_by: Mapped[str | None] = mapped_column(ID)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    undo_until: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy declares it as an instance variable


class CaseComment(Base):
    """What a section of the form lacks, and the applicant's answer."""

    __tablename__ = "case_comment"
    __table_args__ = (Index("ix_case_comment_case", "case_id"),)

    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("drb_case.id"))
    round: Mapped[int] = mapped_column(Integer)
    section: Mapped[str] = mapped_column(String(40))
    words_id: Mapped[str] = mapped_column(ForeignKey("personal_text.id"))
    answer_id: Mapped[str | None] = mapped_column(ForeignKey("personal_text.id"))


class CaseCondition(Base):
    """A condition of an approval: a typed one (kind, value), or a requirement in words that needs evidence."""

    __tablename__ = "case_condition"
    __table_args__ = (Index("ix_case_condition_case", "case_id"),)

    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("drb_case.id"))
    kind: Mapped[str] = mapped_column(String(40))
    value: Mapped[Any] = mapped_column(Json)
    words_id: Mapped[str | None] = mapped_column(ForeignKey("personal_text.id"))
    evidence_id: Mapped[str | None] = mapped_column(ForeignKey("personal_text.id"))


class CasePerson(Base):
    """Who declared an interest in a case, or endorsed the evidence of its requirements (kind)."""

    __tablename__ = "case_person"
    __table_args__ = (Index("ix_case_person", "case_id", "person_id", "kind", unique=True),)

    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("drb_case.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(20))


class Release(Base):
    """반출 건. Its name is its key; the digest of the package is what people approve."""

    __tablename__ = "release"
    __table_args__ = (Index("ix_release_state", "state"), Index("ix_release_case", "case_id"))

    name: Mapped[str] = mapped_column(ID, primary_key=True)
    state: Mapped[ReleaseState] = mapped_column(name_of(ReleaseState))
    case_id: Mapped[str] = mapped_column(ForeignKey("drb_case.id"))
    study_id: Mapped[str] = mapped_column(ID)
    site_id: Mapped[str] = mapped_column(ID)
    manifest_digest: Mapped[str] = mapped_column(DIGEST)
    policy_digest: Mapped[str] = mapped_column(DIGEST)
    cdm_digest: Mapped[str] = mapped_column(DIGEST)
    built_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    author_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    checked_digest: Mapped[str | None] = mapped_column(DIGEST)
    tables: Mapped[dict[str, list[str]]] = mapped_column(Json)
    smallest_class: Mapped[int | None] = mapped_column(Integer)
    provenance: Mapped[dict[str, str]] = mapped_column(Json)
    summary: Mapped[dict[str, Any]] = mapped_column(Json)
    findings: Mapped[list[Any]] = mapped_column(Json)
    approved: Mapped[dict[str, Any] | None] = mapped_column(Json)
    approved_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[datetime | None] = mapped_column(Instant)
    released_at: Mapped[datetime | None] = mapped_column(Instant)
    assignee: Mapped[str | None] = mapped_column(ID)
    decided_by: Mapped[str | None] = mapped_column(ID)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    undo_until: Mapped[datetime | None] = mapped_column(Instant)
    successor: Mapped[str | None] = mapped_column(ForeignKey("release.name"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy declares it as an instance variable


class Vote(Base):
    """A vote on a case or release (`object`), and what exactly it was cast on (`bound`). Voided, never deleted."""

    __tablename__ = "vote"
    __table_args__ = (
        Index(
            "ix_vote_standing",
            "object",
            "person_id",
            unique=True,
            sqlite_where=text("voided_at IS NULL"),
            postgresql_where=text("voided_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    object: Mapped[str] = mapped_column(String(100))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    choice: Mapped[Choice] = mapped_column(name_of(Choice))
    bound: Mapped[dict[str, Any]] = mapped_column(Json)
    words_id: Mapped[str | None] = mapped_column(ForeignKey("personal_text.id"))
    at: Mapped[datetime] = mapped_column(Instant)
    voided_at: Mapped[datetime | None] = mapped_column(Instant)


class Grant(Base):
    """이용권. Expiry is computed from the case's conditions and never stored."""

    __tablename__ = "release_grant"
    __table_args__ = (Index("ix_release_grant", "release_name", "person_id"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    state: Mapped[GrantState] = mapped_column(name_of(GrantState))
    release_name: Mapped[str] = mapped_column(ForeignKey("release.name"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    terms_digest: Mapped[str | None] = mapped_column(DIGEST)
    accepted_at: Mapped[datetime | None] = mapped_column(Instant)
    downloads: Mapped[int] = mapped_column(Integer, default=0)
    certificate_id: Mapped[str | None] = mapped_column(ForeignKey("personal_text.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy declares it as an instance variable


class Event(Base):
    """The ledger: one hash chain for each object. Never updated, never deleted: triggers refuse it.

    number: order of writing over all objects (not hashed: it may have gaps). payload: canonical JSON text.
    """

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_object", "object", "seq", unique=True),
        {"sqlite_autoincrement": True},
    )

    number: Mapped[int] = mapped_column(Counted, primary_key=True)
    object: Mapped[str] = mapped_column(String(100))
    seq: Mapped[int] = mapped_column(Integer)
    at: Mapped[str] = mapped_column(String(30))
    actor: Mapped[str] = mapped_column(ID)
    role: Mapped[str] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(60))
    object_digest: Mapped[str | None] = mapped_column(DIGEST)
    reason: Mapped[str] = mapped_column(Text)
    payload: Mapped[str] = mapped_column(Text)
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class ChainHead(Base):
    """The last event of each chain: what is locked when an event is appended."""

    __tablename__ = "chain_head"

    object: Mapped[str] = mapped_column(String(100), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer)
    hash: Mapped[str] = mapped_column(String(64))


class Notice(Base):
    """The outbox: who is to be told what. Never a count, never anything about a patient."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_unsent", "sent_at"), Index("ix_outbox_person", "person_id", "sent_at"))

    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    object: Mapped[str] = mapped_column(String(100))
    action: Mapped[str] = mapped_column(String(60))
    at_once: Mapped[bool] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)


class Counter(Base):
    """Numbers without a gap: the last case number of a year, the last person."""

    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int] = mapped_column(Integer)
