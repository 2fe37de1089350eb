"""Tables of the portal: how a person signs in, what they are shown, what was witnessed. Nothing about a patient.

Secrets are kept as hashes (passwords: argon2id; cookies and tokens: SHA-256 of 256 random bits) or sealed (TOTP).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from drb.columns import Instant, Json
from drb.models import DIGEST, ID, Base


class Account(Base):
    """How a person signs in. oidc_id: 'issuer|sub' at the OpenID provider. invited_*: a code to set the first password.

    totp_step: the last time step that was used, so that a code works once.
    """

    __tablename__ = "account"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    password_hash: Mapped[str | None] = mapped_column(Text)
    totp_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_step: Mapped[int] = mapped_column(Integer, default=0)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    locked_until: Mapped[datetime | None] = mapped_column(Instant)
    oidc_id: Mapped[str | None] = mapped_column(String(400), unique=True)
    invited_hash: Mapped[str | None] = mapped_column(String(64))
    invited_until: Mapped[datetime | None] = mapped_column(Instant)
    email_id: Mapped[str | None] = mapped_column(ForeignKey("personal_text.id"))
    lang: Mapped[str] = mapped_column(String(2), default="ko")


class SignInSession(Base):
    """A session; id: SHA-256 of the cookie. whole: every factor was given."""

    __tablename__ = "sign_in_session"
    __table_args__ = (Index("ix_sign_in_session_person", "person_id"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    whole: Mapped[bool] = mapped_column()
    method: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)


class ApiToken(Base):
    """A token for scripts; hash: SHA-256 of what was shown once."""

    __tablename__ = "api_token"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    scopes: Mapped[list[str]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class EvidenceRow(Base):
    """The evidence pack of one package; digest: SHA-256 of its canonical JSON, which an event of the release names."""

    __tablename__ = "evidence"

    release_name: Mapped[str] = mapped_column(ForeignKey("release.name"), primary_key=True)
    manifest_digest: Mapped[str] = mapped_column(DIGEST, primary_key=True)
    digest: Mapped[str] = mapped_column(DIGEST)
    content: Mapped[Any] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)


class LedgerRoot(Base):
    """The signed root of the ledger at the end of a day; exported, it catches a chain cut short or written anew."""

    __tablename__ = "ledger_root"

    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    events: Mapped[int] = mapped_column(Integer)
    root: Mapped[str] = mapped_column(String(64))
    heads: Mapped[dict[str, Any]] = mapped_column(Json)
    signature: Mapped[str] = mapped_column(Text)
