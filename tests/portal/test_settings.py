"""The portal's key and the command line's ways of saying what is wrong."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from cdm.errors import BadInput as WordsWrong
from drb.errors import BadInput
from flows.cli.portal import safe, secret_of, serve, settings_of
from flows.home import Home
from portal.settings import secret_key
from tests.portal.conftest import settings


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "portal" / "secret.key"
    key = secret_key(path)
    assert len(key) == 32
    assert secret_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    with pytest.raises(BadInput, match="others may read"):
        secret_key(path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(BadInput, match="32 bytes"):
        secret_key(path)


def test_a_secret_comes_from_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    with pytest.raises(WordsWrong, match="cannot be read"):
        secret_of(path)
    path.write_text("secret\nand more", encoding="utf-8")
    path.chmod(0o644)
    with pytest.raises(WordsWrong, match="others may read"):
        secret_of(path)
    path.chmod(0o600)
    assert secret_of(path) == "secret"
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(WordsWrong, match="first line"):
        secret_of(path)


def test_a_port_that_is_taken_is_told_and_another_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(WordsWrong, match="cannot listen there"):
            serve(settings(), "127.0.0.1", taken.getsockname()[1])


def test_settings_are_read_from_home_and_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings_of(Home(tmp_path), "https://drb.example.kr/", "optional")
    assert (found.address, found.secure, found.second_factor) == ("https://drb.example.kr", True, "optional")
    assert {offer.study for offer in found.offers} >= {"gi_bleed", "deterioration"}
    with pytest.raises(WordsWrong, match="required, optional"):
        settings_of(Home(tmp_path), "http://x", "maybe")
    monkeypatch.setenv("NARU_OIDC_ISSUER", "https://login.example.kr")
    with pytest.raises(WordsWrong, match="NARU_OIDC_CLIENT_ID"):
        settings_of(Home(tmp_path), "http://x", "optional")
    secret = tmp_path / "oidc"
    secret.write_text("s3cret", encoding="utf-8")
    secret.chmod(0o600)
    monkeypatch.setenv("NARU_OIDC_CLIENT_ID", "naru")
    monkeypatch.setenv("NARU_OIDC_SECRET_FILE", str(secret))
    known = settings_of(Home(tmp_path), "http://x", "optional").oidc
    assert known is not None
    assert (known.client_id, known.client_secret) == ("naru", "s3cret")


def test_a_database_s_password_is_never_shown() -> None:
    assert "secret" not in safe("postgresql://user:secret@host/board")
