"""Public keys of those who receive, and certificates signed with them."""

from __future__ import annotations

import json
from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from drb.board import Board
from drb.columns import canonical
from drb.destruction import checked, statement
from drb.errors import BadInput
from tests.drb.cast import RELEASE
from tests.drb.test_cases import refused

AGE = "age1qdtt9rc9j89kks2dr0k3jgfkqrqa2atz0mdmx2w2vv8fksxsaudqyh4d2l"
OTHER = "age1f7pxhfssgkw4qtlpkwar6hc9ehf8zpz9209w5fkfnx3wnasx6shs5y3qdv"


def signing() -> tuple[Ed25519PrivateKey, str]:
    key = Ed25519PrivateKey.generate()
    return key, key.public_key().public_bytes_raw().hex()


def test_the_last_registered_key_is_in_force_and_every_one_stands_in_the_ledger(released: Board) -> None:
    _, mine = signing()
    released.keys.register("applicant", AGE, mine)
    assert released.keys.register("applicant", AGE, mine).age == AGE  # again: no event
    released.keys.register("applicant", OTHER, mine)
    assert {p: k.age for p, k in released.keys.of(["applicant", "colleague"]).items()} == {"applicant": OTHER}
    events = released.events("auditor", "keys:applicant")
    assert [event.payload["age"] for event in events] == [AGE, OTHER]
    assert released.verify().ok


def test_only_a_startups_user_registers_and_only_their_own(released: Board) -> None:
    _, mine = signing()
    for person, code in (("secretary", "role"), ("nobody", "known_person")):
        with refused(code):
            released.keys.register(person, AGE, mine)
    for age, key in (("age1x", mine), (AGE, "beef"), ("AGE-SECRET-KEY-1QQ", mine)):
        with pytest.raises(BadInput, match="public key is expected"):
            released.keys.register("applicant", age, key)


def test_a_key_that_was_put_in_anothers_place_is_not_sealed_to(released: Board) -> None:
    if released.engine.dialect.name != "sqlite":
        pytest.skip("the attack is written for SQLite; what finds it is the same")
    _, mine = signing()
    released.keys.register("applicant", AGE, mine)
    with released.engine.begin() as attacker:
        for name in attacker.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all():
            attacker.execute(text(f'DROP TRIGGER "{name}"'))
        attacker.execute(
            text("UPDATE event SET payload = replace(payload, :old, :new) WHERE object = 'keys:applicant'"),
            {"old": AGE, "new": OTHER},
        )
    with pytest.raises(BadInput, match="are not those that were written"):
        released.keys.of(["applicant"])


def test_a_signed_certificate_holds_for_its_grant_alone(released: Board) -> None:
    key, public = signing()
    released.keys.register("applicant", AGE, public)
    grant = released.grants.create("system", "applicant", RELEASE)
    release = released.releases.get("system", RELEASE)
    keys = released.keys.of(["applicant"])["applicant"]
    said = statement(RELEASE, release.manifest_digest, "applicant", date(2026, 11, 26), 40)

    def document(told: dict[str, object], by: Ed25519PrivateKey = key) -> bytes:
        return json.dumps({"statement": told, "signature": by.sign(canonical(told).encode()).hex()}).encode()

    assert json.loads(checked(document(said), grant, release, keys))["statement"] == said
    for part, value in (("release", "other"), ("manifest_sha256", "0" * 64), ("person", "rival"), ("format", "x")):
        with pytest.raises(BadInput, match=f"the certificate's {part} is not that of grant"):
            checked(document({**said, part: value}), grant, release, keys)
    changed = document(said).replace(b'"files": 40', b'"files": 41')
    for forged in (document(said, signing()[0]), changed):
        with pytest.raises(BadInput, match="is not signed with the key that 'applicant' registered, or was changed"):
            checked(forged, grant, release, keys)
    for nothing in (b"", b"[]", b'{"statement": 1}', b'{"statement": {}, "signature": "zz"}'):
        with pytest.raises(BadInput, match="not a certificate of destruction"):
            checked(nothing, grant, release, keys)
    with pytest.raises(BadInput, match="registered no key"):
        checked(document(said), grant, release, None)
