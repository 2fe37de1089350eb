"""Accounts of the portal: what is stored of a sign-in. Hashing and sealing are the portal's; rights are `drb.rights`'."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from drb import personal
from drb.errors import BadInput
from drb.facts import SYSTEM
from drb.models import Person, PersonalText
from drb.rights import may, refuse
from drb.sign_in_models import Account, SignInSession
from drb.work import Desk, Work, checked_key, refusal

FAILURES, LOCKED_FOR, INVITED_FOR = 5, timedelta(minutes=15), timedelta(days=3)


def fingerprint(secret: str) -> str:
    """SHA-256 of 256 random bits: enough, because nobody can guess them."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True)
class AccountView:
    """What signing in needs to know. locked: until when, if it is now."""

    person: str
    active: bool
    password_hash: str | None
    totp_sealed: bytes | None
    totp_step: int
    locked: datetime | None
    oidc_id: str | None
    email: str | None
    lang: str


@dataclass(frozen=True)
class Accounts:
    """Reading and writing accounts. What an administrator does is recorded in the ledger; so is every lock-out."""

    desk: Desk

    def get(self, person_id: str) -> AccountView | None:
        """Read one account; None when there is none."""
        with self.desk.read() as work:
            found = work.session.get(Account, person_id)
            return None if found is None else _view(work, found)

    def of_oidc(self, oidc_id: str) -> AccountView | None:
        """Read the account of a person at the OpenID provider."""
        with self.desk.read() as work:
            found = work.session.scalars(select(Account).where(Account.oidc_id == oidc_id)).one_or_none()
            return None if found is None else _view(work, found)

    def open(
        self, actor: str, person_id: str, *, email: str | None = None, oidc_id: str | None = None, lang: str = "ko"
    ) -> str:
        """Open a person's account, or open it anew; give the code that lets them set a password, once, for three days.

        An administrator may, for others; 'system' may (whoever runs the machine).
        """
        code = secrets.token_urlsafe(24)
        with self.desk.write(actor, "open_account", f"person:{person_id}") as work:
            role = _manager(work, actor, person_id)
            if work.session.get(Person, checked_key(person_id, "person")) is None:
                raise BadInput(f"no person '{person_id}'; add them first", "등록되지 않은 사람입니다")
            account = _account(work, person_id)
            account.invited_hash, account.invited_until = fingerprint(code), work.now + INVITED_FOR
            account.failures, account.locked_until = 0, None
            account.lang = lang if lang in {"ko", "en"} else "ko"
            if oidc_id is not None:
                account.oidc_id = oidc_id or None
            if email:
                account.email_id = work.seal(email)
            work.record(actor, role, "open_account", ("person", person_id), None, {})
        return code

    def accept(self, person_id: str, code: str, password_hash: str) -> None:
        """Set the first password with the code of the invitation. Raises Refused for a wrong or old code."""
        with self.desk.write(person_id, "set_password", f"person:{person_id}") as work:
            account = work.session.get(Account, person_id)
            right = (
                account is not None
                and account.invited_hash == fingerprint(code)
                and account.invited_until is not None
                and work.now < account.invited_until
            )
            if account is None or not right:
                raise refusal(refuse("invitation"))
            account.invited_hash = account.invited_until = account.totp_sealed = None
            account.password_hash = password_hash
            _leave(work, person_id)
            work.record(person_id, "", "set_password", ("person", person_id), None, {})

    def set_password(self, person_id: str, password_hash: str) -> None:
        """Change one's own password; every session ends."""
        with self.desk.write(person_id, "set_password", f"person:{person_id}") as work:
            _account(work, person_id).password_hash = password_hash
            _leave(work, person_id)
            work.record(person_id, "", "set_password", ("person", person_id), None, {})

    def set_totp(self, person_id: str, sealed: bytes | None, step: int = 0) -> None:
        """Enrol a second factor, or end it."""
        with self.desk.write(person_id, "set_second_factor", f"person:{person_id}") as work:
            account = _account(work, person_id)
            account.totp_sealed, account.totp_step = sealed, step
            told = {"enrolled": sealed is not None}
            work.record(person_id, "", "set_second_factor", ("person", person_id), None, told)

    def take_step(self, person_id: str, step: int) -> bool:
        """Use up a time step of the second factor; False when it, or a later one, was used before."""
        with self.desk.write(person_id, "sign_in", f"person:{person_id}") as work:
            changed = work.session.execute(
                update(Account)
                .where(Account.person_id == person_id, Account.totp_step < step)
                .values(totp_step=step)
                .returning(Account.person_id)
            )
            return changed.first() is not None

    def set_lang(self, person_id: str, lang: str) -> None:
        """Remember the language for mail."""
        with self.desk.write(person_id, "set_lang", f"person:{person_id}") as work:
            account = work.session.get(Account, person_id)
            if account is not None:
                account.lang = "en" if lang == "en" else "ko"

    def failed(self, person_id: str) -> datetime | None:
        """Count a wrong password or code; the fifth in a row locks the account for a while, which is an event."""
        with self.desk.write(person_id, "sign_in", f"person:{person_id}") as work:
            account = work.session.get(Account, person_id)
            if account is None:
                return None
            account.failures += 1
            if account.failures < FAILURES:
                return None
            account.failures, account.locked_until = 0, work.now + LOCKED_FOR
            work.record(person_id, "", "lock_account", ("person", person_id), None, {})
            return account.locked_until

    def succeeded(self, person_id: str) -> None:
        """Forget the wrong tries."""
        with self.desk.write(person_id, "sign_in", f"person:{person_id}") as work:
            account = work.session.get(Account, person_id)
            if account is not None and (account.failures or account.locked_until):
                account.failures, account.locked_until = 0, None


def _view(work: Work, account: Account) -> AccountView:
    person = work.session.get_one(Person, account.person_id)
    email = work.session.get(PersonalText, account.email_id) if account.email_id else None
    locked = account.locked_until if account.locked_until and account.locked_until > work.now else None
    return AccountView(
        account.person_id,
        person.active,
        account.password_hash,
        account.totp_sealed,
        account.totp_step,
        locked,
        account.oidc_id,
        personal.unseal(email),
        account.lang,
    )


def _account(work: Work, person_id: str) -> Account:
    account = work.session.get(Account, person_id)
    if account is None:
        account = Account(person_id=person_id, totp_step=0, failures=0, lang="ko")
        work.session.add(account)
    return account


def _leave(work: Work, person_id: str) -> None:
    for row in work.session.scalars(select(SignInSession).where(SignInSession.person_id == person_id)):
        work.session.delete(row)


def _manager(work: Work, actor: str, person_id: str) -> str:
    if actor == SYSTEM.id:
        return "SYSTEM"
    decision = may(work.actor(actor), "manage_people")
    if decision and actor == person_id:
        decision = refuse("own_roles")
    if not decision or decision.role is None:
        raise refusal(decision)
    return decision.role.value
