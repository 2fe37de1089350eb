"""Keys that nobody sees, and that are gone when they are destroyed."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from cdm.errors import BadInput
from deid.keys import ENVIRONMENT, KeyStore
from tests.deid.extracts import SEED


@pytest.fixture(autouse=True)
def _no_key_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)


def test_a_grant_has_the_same_keys_each_time_and_other_keys_than_any_other_grant(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "keys")
    first, again, other = store.grant("a"), KeyStore(tmp_path / "keys").grant("a"), store.grant("b")
    assert first == again
    assert first.shift != other.shift
    assert first.check_value != other.check_value
    keys = {first.shift, first.order, first.pseudonyms("person"), first.pseudonyms("visit_occurrence")}
    assert len(keys) == 4
    assert all(len(key) == 32 for key in keys)


def test_two_hospitals_have_different_keys_for_a_grant_of_the_same_name(tmp_path: Path) -> None:
    assert KeyStore(tmp_path / "a").grant("x").shift != KeyStore(tmp_path / "b").grant("x").shift


def test_every_file_is_its_owners_alone(tmp_path: Path) -> None:
    KeyStore(tmp_path / "keys").grant("a")
    paths = [tmp_path / "keys", *(tmp_path / "keys").rglob("*")]
    assert {path.stat().st_mode & 0o077 for path in paths} == {0}
    assert sorted(path.name for path in paths if path.is_file()) == ["a.salt", "master-1.key"]


@pytest.mark.parametrize("name", ["master-1.key", "grants/a.salt", "grants", "."])
def test_a_store_that_others_can_read_is_refused(tmp_path: Path, name: str) -> None:
    KeyStore(tmp_path / "keys").grant("a")
    path = tmp_path / "keys" / name
    path.chmod(0o755 if path.is_dir() else 0o644)
    with pytest.raises(BadInput, match="others can read"):
        KeyStore(tmp_path / "keys").grant("a")


def test_destroyed_keys_never_come_back(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "keys")
    old = store.grant("a")
    salt = (tmp_path / "keys/grants/a.salt").read_bytes()
    store.destroy("a")
    assert not (tmp_path / "keys/grants/a.salt").exists()
    assert all(salt not in path.read_bytes() for path in (tmp_path / "keys").rglob("*") if path.is_file())
    with pytest.raises(BadInput, match="destroyed"):
        store.grant("a")
    # Even who forges the folder back gets another salt, so other keys.
    (tmp_path / "keys/grants/a.destroyed").unlink()
    assert store.grant("a") != old


def test_destroying_one_grant_leaves_the_others(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "keys")
    kept = store.grant("b")
    store.grant("a")
    store.destroy("a")
    store.destroy("a")
    assert store.grant("b") == kept


def test_rotation_changes_new_grants_and_keeps_old_ones(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "keys", seed=SEED)
    old = store.grant("a")
    store.rotate()
    assert store.grant("a") == old
    fresh = store.grant("b")
    assert KeyStore(tmp_path / "other", seed=SEED).grant("b") != fresh


def test_a_seed_gives_the_same_keys_in_another_home(tmp_path: Path) -> None:
    assert KeyStore(tmp_path / "a", seed=SEED).grant("x") == KeyStore(tmp_path / "b", seed=SEED).grant("x")
    with pytest.raises(BadInput, match="at least 32"):
        KeyStore(tmp_path / "c", seed=b"short")


def test_the_environment_may_hold_the_master_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, "ab" * 32)
    store = KeyStore(tmp_path / "keys")
    keys = store.grant("a")
    assert not list((tmp_path / "keys").glob("master*"))
    assert store.grant("a") == keys
    monkeypatch.setenv(ENVIRONMENT, "cd" * 32)
    with pytest.raises(BadInput, match=ENVIRONMENT):
        store.grant("a")
    monkeypatch.setenv(ENVIRONMENT, "secret")
    with pytest.raises(BadInput, match="hex digits") as caught:
        store.grant("b")
    assert "secret" not in str(caught.value)


def test_a_missing_or_damaged_key_is_named_and_never_shown(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "keys")
    store.grant("a")
    master = tmp_path / "keys/master-1.key"
    text = master.read_text()
    master.write_text(text[:-3])
    with pytest.raises(BadInput, match="master-1.key") as caught:
        store.grant("a")
    assert text[:20] not in str(caught.value)
    master.unlink()
    with pytest.raises(BadInput, match="missing"):
        store.grant("a")
    (tmp_path / "keys/grants/a.salt").write_text("1 zz")
    with pytest.raises(BadInput, match="damaged"):
        store.grant("a")


@pytest.mark.parametrize("name", ["", "../a", "a/b", ".a", "a" * 121])
def test_a_grant_name_that_is_no_file_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="grant's name"):
        KeyStore(tmp_path / "keys").grant(name)


def test_keys_are_neither_shown_nor_pickled(tmp_path: Path) -> None:
    keys = KeyStore(tmp_path / "keys").grant("a")
    shown = f"{keys!r} {keys} {KeyStore(tmp_path / 'keys')!r}"
    assert keys._secret.hex() not in shown
    assert repr(keys._secret)[2:10] not in shown
    with pytest.raises(TypeError, match="not serialised"):
        pickle.dumps(keys)


def test_many_processes_that_ask_at_once_get_one_key(tmp_path: Path) -> None:
    code = "import sys;from pathlib import Path;from deid.keys import KeyStore;print(KeyStore(Path(sys.argv[1])).grant('a').check_value)"
    asked = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "keys")], stdout=subprocess.PIPE) for _ in range(3)
    ]
    assert len({process.communicate()[0] for process in asked}) == 1
