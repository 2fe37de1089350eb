"""Sessions and tokens: kept on the board's side as hashes, so that a stolen database opens nothing."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select

from drb.accounts import fingerprint
from drb.actors import acting, as_actors
from drb.errors import BadInput
from drb.facts import Actor
from drb.models import Person, PersonalText
from drb.personal import unseal
from drb.rights import refuse
from drb.sign_in_models import ApiToken, SignInSession
from drb.work import Desk, Work, refusal

IDLE, WHOLE_DAY = timedelta(minutes=30), timedelta(hours=10)
# A session's last use is written at most this often: reading a page must not cost a write.
NOTED = timedelta(minutes=1)
LONGEST = timedelta(days=365)
SCOPES = ("read", "act")
# Every page begins with this one query; built once.
_BY_COOKIE = (
    acting(SignInSession, PersonalText)
    .join(SignInSession, SignInSession.person_id == Person.id)
    .join(PersonalText, PersonalText.id == Person.name_id)
    .where(SignInSession.id == bindparam("id"))
)


@dataclass(frozen=True)
class Visitor:
    """Who is there. whole: every factor was given; scopes: of a token, None for a person at a browser."""

    actor: Actor
    name: str | None
    whole: bool
    scopes: tuple[str, ...] | None = None


@dataclass(frozen=True)
class TokenView:
    """A token as its owner sees it."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    ends_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True)
class Sessions:
    """Sessions of browsers, tokens of scripts."""

    desk: Desk

    def begin(self, person_id: str, method: str, *, whole: bool) -> str:
        """Begin a session; give the cookie. Old sessions of everybody are swept away."""
        cookie = secrets.token_urlsafe(32)
        with self.desk.write(person_id, "sign_in", f"person:{person_id}") as work:
            work.session.execute(delete(SignInSession).where(SignInSession.ends_at < work.now))
            work.session.add(
                SignInSession(
                    id=fingerprint(cookie),
                    person_id=person_id,
                    whole=whole,
                    method=method,
                    created_at=work.now,
                    seen_at=work.now,
                    ends_at=work.now + WHOLE_DAY,
                )
            )
        return cookie

    def visitor(self, cookie: str) -> Visitor | None:
        """Tell who a cookie stands for; None when it is unknown, idle for too long, over, or its account is closed."""
        with self.desk.read() as work:
            rows = work.session.execute(_BY_COOKIE, {"id": fingerprint(cookie)}).all()
            if not rows:
                return None
            row, name = rows[0].SignInSession, rows[0].PersonalText
            if not row.seen_at <= work.now < min(row.ends_at, row.seen_at + IDLE):
                return None
            actor = as_actors(rows)[row.person_id]
            found = Visitor(actor, unseal(name), row.whole) if actor.active else None
            stale = work.now - row.seen_at > NOTED
        if stale and found is not None:
            self._seen(row.person_id, row.id)
        return found

    def _seen(self, person_id: str, session_id: str) -> None:
        with self.desk.write(person_id, "sign_in", f"person:{person_id}") as work:
            row = work.session.get(SignInSession, session_id)
            if row is not None:
                row.seen_at = work.now

    def end(self, cookie: str) -> None:
        """End a session."""
        with self.desk.write("system", "sign_out", "board:sessions") as work:
            work.session.execute(delete(SignInSession).where(SignInSession.id == fingerprint(cookie)))

    def issue(self, person_id: str, name: str, scopes: Sequence[str], days: int) -> str:
        """Issue a token; it is shown this once. Raises BadInput for unknown scopes or a wrong number of days."""
        if not name.strip() or len(name) > 80:
            raise BadInput("a token needs a name of 1 to 80 characters", "토큰 이름은 1~80자여야 합니다")
        if not scopes or set(scopes) - set(SCOPES):
            raise BadInput(
                f"a token's scopes are of {', '.join(SCOPES)}; give at least one", "토큰 범위를 하나 이상 선택하십시오"
            )
        if not 1 <= days <= LONGEST.days:
            raise BadInput(f"a token lives 1 to {LONGEST.days} days", f"토큰 기한은 1~{LONGEST.days}일입니다")
        secret = f"naru_{secrets.token_urlsafe(32)}"
        with self.desk.write(person_id, "issue_token", f"person:{person_id}") as work:
            token = ApiToken(
                id=f"k-{secrets.token_hex(6)}",
                person_id=person_id,
                hash=fingerprint(secret),
                name=name.strip(),
                scopes=sorted(set(scopes)),
                created_at=work.now,
                ends_at=work.now + timedelta(days=days),
            )
            work.session.add(token)
            told = {"token": token.id, "scopes": token.scopes}
            work.record(person_id, "", "issue_token", ("person", person_id), None, told)
        return secret

    def tokens(self, person_id: str) -> tuple[TokenView, ...]:
        """List a person's tokens, newest first."""
        with self.desk.read() as work:
            query = select(ApiToken).where(ApiToken.person_id == person_id).order_by(ApiToken.created_at.desc())
            return tuple(
                TokenView(t.id, t.name, tuple(t.scopes), t.created_at, t.ends_at, t.revoked_at)
                for t in work.session.scalars(query)
            )

    def revoke(self, person_id: str, token_id: str) -> None:
        """End one of one's own tokens. Raises Refused for another's."""
        with self.desk.write(person_id, "revoke_token", f"person:{person_id}") as work:
            token = work.session.get(ApiToken, token_id)
            if token is None or token.person_id != person_id:
                raise refusal(refuse("visible"))
            token.revoked_at = work.now
            work.record(person_id, "", "revoke_token", ("person", person_id), None, {"token": token_id})

    def of_token(self, secret: str) -> Visitor | None:
        """Tell who a token stands for; None when it is unknown, over or revoked."""
        with self.desk.read() as work:
            query = select(ApiToken).where(ApiToken.hash == fingerprint(secret))
            token = work.session.scalars(query).one_or_none()
            if token is None or token.revoked_at is not None or work.now >= token.ends_at:
                return None
            return _holder(work, token.person_id, tuple(token.scopes))


def _holder(work: Work, person_id: str, scopes: tuple[str, ...]) -> Visitor | None:
    actor = work.actor(person_id)
    if not actor.active:
        return None
    query = select(PersonalText).join(Person, Person.name_id == PersonalText.id).where(Person.id == person_id)
    return Visitor(actor, unseal(work.session.scalars(query).one_or_none()), True, scopes)
