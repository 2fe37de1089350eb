"""Public keys of those who receive: what a release is sealed to, and what a certificate of destruction is signed with.

A key is an event on a chain of its own (`keys:PERSON`), never a row that could be written over: the last one is in force.
Whoever could put a key in another's place would read the next release, so only the person themself registers one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pyrage import RecipientError, x25519

from drb.errors import BadInput
from drb.ledger import Entry, Recorded, append, read
from drb.rights import may
from drb.verify import verify
from drb.views import View
from drb.work import Desk, Work, checked_key, refusal

_AGE = re.compile(r"age1[02-9ac-hj-np-z]{58}")
_ED25519 = re.compile(r"[0-9a-f]{64}")
# How the two kinds of private keys show themselves: an age identity, and a PEM file.
_SECRET = ("AGE-SECRET-KEY", "PRIVATE KEY")


@dataclass(frozen=True)
class RecipientKeys(View):
    """A person's keys in force. age: what is sealed to. signing: Ed25519, hexadecimal. since: when they were registered."""

    person: str
    age: str
    signing: str
    since: str


@dataclass(frozen=True)
class Keys:
    """Registering and reading. Raises Refused when the rules say no, BadInput for what cannot be."""

    desk: Desk

    def register(self, actor: str, age: str, signing: str) -> RecipientKeys:
        """As a startup's user, register one's own public keys in the place of earlier ones. The same again changes nothing."""
        _check(age, signing)
        name = _chain(actor)
        with self.desk.write(actor, "register_key", name) as work:
            decision = may(work.actor(actor), "register_key")
            if decision.role is None:
                raise refusal(decision)
            now = _last(work, actor)
            if now is None or (now.age, now.signing) != (age, signing):
                payload = {"age": age, "signing": signing}
                append(work.session, Entry(work.now, actor, decision.role.value, "register_key", name, payload=payload))
            found = _last(work, actor)
            assert found is not None
            return found

    def of(self, people: Iterable[str]) -> dict[str, RecipientKeys]:
        """Read the keys in force, by person; who registered none is left out. Raises BadInput for a chain that was changed."""
        with self.desk.read() as work:
            found = {person: _last(work, person) for person in sorted(set(people))}
            return {person: keys for person, keys in found.items() if keys is not None}


def _check(age: str, signing: str) -> None:
    """Raise BadInput for what is no pair of public keys. What was given is never repeated: it may be a secret."""
    if any(sign in given.upper() for sign in _SECRET for given in (age, signing)):
        raise BadInput(
            "a public key is expected, and this is a secret one: nothing of it was kept, but it has left its place; "
            "make new keys (naru key new) and give the public ones (naru key show)",
            "개인키는 어디에도 보내면 안 됩니다. 저장하지 않았지만 이미 밖으로 나왔으니, 새 키를 만들어(naru key new) "
            "공개키(naru key show)를 등록하십시오",
        )
    if not _sealable(age):
        raise BadInput(
            "an age public key is expected: age1 and 58 letters and digits, as `naru key show` tells it",
            "naru key show가 보여 주는 age 공개키(age1로 시작하는 62자)가 필요합니다",
        )
    if not _ED25519.fullmatch(signing):
        raise BadInput(
            "an Ed25519 public key is expected: 64 hexadecimal digits, as `naru key show` tells it",
            "naru key show가 보여 주는 서명용 Ed25519 공개키(16진수 64자리)가 필요합니다",
        )


def _sealable(age: str) -> bool:
    """A mistyped key would pass for one by its letters, and stop the sealing of a release to everybody."""
    if not _AGE.fullmatch(age):
        return False
    try:
        x25519.Recipient.from_str(age)
    except RecipientError:
        return False
    return True


def _chain(person: str) -> str:
    return f"keys:{checked_key(person, 'person')}"


def _last(work: Work, person: str) -> RecipientKeys | None:
    name = _chain(person)
    events: tuple[Recorded, ...] = read(work.session, name)
    registered = [event for event in events if event.action == "register_key"]
    if not registered:
        return None
    if not verify(work.session, name).ok:
        raise BadInput(
            f"the keys of '{person}' are not those that were written; nothing is sealed to them (naru ledger verify)",
            "등록된 공개키가 원장과 다릅니다",
        )
    last = registered[-1]
    return RecipientKeys(person, str(last.payload["age"]), str(last.payload["signing"]), last.at)
