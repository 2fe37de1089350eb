"""Keys that only their owner reads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cdm.errors import BadInput
from extract.sign import create, load, verify


def test_a_key_signs_and_its_public_half_verifies(tmp_path: Path) -> None:
    made = create(tmp_path / "key")
    key = load(tmp_path / "key")
    assert key.public == made.public
    assert verify(key.public, b"message", key.sign(b"message"))
    assert not verify(key.public, b"another message", key.sign(b"message"))
    assert not verify(create(tmp_path / "other").public, b"message", key.sign(b"message"))


@pytest.mark.parametrize(("public", "signature"), [("", ""), ("zz", "00"), ("00" * 31, "00" * 64), ("00" * 32, "00")])
def test_what_is_no_key_or_no_signature_does_not_verify(public: str, signature: str) -> None:
    assert not verify(public, b"message", signature)


def test_a_key_file_is_of_mode_0600_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        create(tmp_path / "key")
    finally:
        os.umask(before)
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602])
def test_a_key_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    create(tmp_path / "key")
    (tmp_path / "key").chmod(mode)
    with pytest.raises(BadInput, match=f"mode {mode:04o} lets others at it"):
        load(tmp_path / "key")


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    first = create(tmp_path / "key")
    with pytest.raises(BadInput, match="never overwritten"):
        create(tmp_path / "key")
    assert load(tmp_path / "key").public == first.public


def test_a_file_that_is_no_ed25519_key_is_refused_without_showing_it(tmp_path: Path) -> None:
    other = X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for content in (other, b"", b"secret words"):
        (tmp_path / "key").write_bytes(content)
        (tmp_path / "key").chmod(0o600)
        with pytest.raises(BadInput, match="not an unencrypted Ed25519 private key") as caught:
            load(tmp_path / "key")
        assert "secret" not in str(caught.value)


def test_a_missing_key_and_a_link_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        load(tmp_path / "key")
    create(tmp_path / "key")
    (tmp_path / "link").symlink_to(tmp_path / "key")
    with pytest.raises(BadInput, match="must be a plain file"):
        load(tmp_path / "link")


def test_a_key_shows_only_its_public_half(tmp_path: Path) -> None:
    key = create(tmp_path / "key")
    assert repr(key) == f"SigningKey(public={key.public})"
