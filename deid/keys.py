"""The hospital's keys: one master key of the site, and for each grant subkeys that die with the grant.

A grant's subkeys come from the master key and a random salt that only this store holds. To destroy a grant
is to destroy its salt: from then on nobody, the hospital included, can make its pseudonyms again or undo
them.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cdm.errors import BadInput

MASTER_BYTES = 32
ENVIRONMENT = "NARU_SITE_KEY"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_HEX = re.compile(r"[0-9a-fA-F]{64,}")


def derive(secret: bytes, purpose: str, salt: bytes | None = None) -> bytes:
    """Derive 32 bytes from a secret for one purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(SHA256(), 32, salt, b"naru/1/" + purpose.encode()).derive(secret)


@dataclass(frozen=True)
class GrantKeys:
    """The subkeys of one grant, each of 32 bytes and one purpose. Never printed, never pickled."""

    grant_id: str
    _secret: bytes = field(repr=False)

    def pseudonyms(self, table: str) -> bytes:
        """Derive the key that renumbers the rows of one CDM table; 'person' is the people's."""
        return derive(self._secret, f"pseudonyms/{table}")

    @property
    def shift(self) -> bytes:
        """Derive the key that decides by how many days each person's dates move."""
        return derive(self._secret, "shift")

    @property
    def order(self) -> bytes:
        """Derive the key for every order that must not follow the source's."""
        return derive(self._secret, "order")

    @property
    def check_value(self) -> str:
        """Derive a public fingerprint of 32 hex digits: equal for equal keys, and telling nothing of them."""
        return derive(self._secret, "check value")[:16].hex()

    def __reduce__(self) -> str:
        """Refuse to be pickled: a copy on disk would outlive the grant."""
        raise TypeError("the keys of a grant are not serialised; ask the key store for them again")


class KeyStore:
    """Master keys and salts of one hospital, in a folder that only its owner can enter.

    folder/master-N.key: the site's master keys, the newest signs new grants. folder/grants/ID.salt: the
    grant's random salt and the number of its master key. folder/grants/ID.destroyed: the grant's keys are
    gone for ever.

    seed: at least 32 given bytes instead of random ones, for samples that must come out the same twice.
    Whoever knows the seed can make every key again, so nothing that concerns a real person may stand on it.
    The environment's NARU_SITE_KEY (at least 64 hex digits, say from a vault) takes the place of the newest
    master key.
    """

    def __init__(self, folder: Path, seed: bytes | None = None) -> None:
        """Open the store, making its folder if need be. Raises BadInput for loose modes or a short seed."""
        if seed is not None and len(seed) < MASTER_BYTES:
            raise BadInput(f"the key store's seed has {len(seed)} bytes; give at least {MASTER_BYTES}")
        self._folder = folder
        self._seed = seed
        for path in (folder, folder / "grants"):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            _refuse_loose(path, 0o700)

    def __repr__(self) -> str:
        """Tell where the store is, and nothing of what it holds."""
        return f"KeyStore({str(self._folder)!r})"

    def grant(self, grant_id: str) -> GrantKeys:
        """Give a grant's keys, making its salt when it is asked for the first time.

        Raises BadInput for a name that cannot be a file's, for destroyed keys, and for a master key that is
        not here.
        """
        salt_path = self._path(grant_id, "salt")
        if self._path(grant_id, "destroyed").exists():
            raise BadInput(f"the keys of grant '{grant_id}' were destroyed for ever; a new release needs another grant")
        content = _once(salt_path, lambda: self._new_salt(grant_id))
        number, _, salt = content.decode("ascii", "replace").partition(" ")
        if not _HEX.fullmatch(salt):
            raise BadInput(f"{salt_path}: this salt is damaged; restore it, or destroy the grant for another")
        secret = derive(self._master(number), f"grant/{grant_id}", bytes.fromhex(salt))
        return GrantKeys(grant_id, secret)

    def has(self, grant_id: str) -> bool:
        """Tell whether a grant's keys stand here."""
        return self._path(grant_id, "salt").exists()

    def destroy(self, grant_id: str) -> None:
        """Destroy a grant's keys: its pseudonyms can then neither be made again nor undone.

        The salt is overwritten, synced and removed. A journal, a snapshot or a backup of the folder may
        still hold it: keep the folder out of both. With a seed, nothing is destroyed that the seed does not
        bring back.
        """
        path = self._path(grant_id, "salt")
        _once(self._path(grant_id, "destroyed"), lambda: b"")
        if path.exists():
            with path.open("r+b") as file:
                file.write(os.urandom(path.stat().st_size))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
        _sync(path.parent)

    def rotate(self) -> None:
        """Make a new master key for grants made from now on; earlier grants keep theirs."""
        numbers = self._numbers()
        self._make_master(max(numbers, default=0) + 1)

    def _path(self, grant_id: str, ending: str) -> Path:
        if not _NAME.fullmatch(grant_id):
            raise BadInput(
                "a grant's name has at most 120 letters, digits, dots, dashes and underscores "
                "and begins with a letter or digit; give one that does"
            )
        return self._folder / "grants" / f"{grant_id}.{ending}"

    def _random(self, purpose: str) -> bytes:
        return os.urandom(MASTER_BYTES) if self._seed is None else derive(self._seed, purpose)

    def _new_salt(self, grant_id: str) -> bytes:
        return f"{self._newest()[0]} {self._random(f'salt/{grant_id}').hex()}".encode()

    def _numbers(self) -> list[int]:
        found = (re.fullmatch(r"master-(\d+)\.key", path.name) for path in self._folder.iterdir())
        return sorted(int(match[1]) for match in found if match)

    def _make_master(self, number: int) -> None:
        _once(self._folder / f"master-{number}.key", lambda: self._random(f"master/{number}").hex().encode())

    def _newest(self) -> tuple[str, bytes]:
        """Give the master key for new grants: its name in salt files, and its bytes."""
        given = os.environ.get(ENVIRONMENT)
        if given is not None:
            if not _HEX.fullmatch(given.strip()) or len(given.strip()) % 2:
                raise BadInput(f"{ENVIRONMENT} is not a key: give an even number of at least 64 hex digits")
            master = bytes.fromhex(given.strip())
            return f"env-{derive(master, 'master check value')[:8].hex()}", master
        if not self._numbers():
            self._make_master(1)
        number = str(self._numbers()[-1])
        return number, self._read_master(number)

    def _master(self, name: str) -> bytes:
        """Give the master key that a salt file names."""
        if not name.startswith("env-"):
            return self._read_master(name)
        if ENVIRONMENT in os.environ:
            found, master = self._newest()
            if found == name:
                return master
        raise BadInput(f"this grant was made with another {ENVIRONMENT} than the one set now; set that one")

    def _read_master(self, number: str) -> bytes:
        path = self._folder / f"master-{number}.key"
        if not path.is_file():
            raise BadInput(f"{path}: this master key is missing; restore it from the hospital's own copy")
        _refuse_loose(path, 0o600)
        text = path.read_text(encoding="ascii", errors="replace").strip()
        if not _HEX.fullmatch(text) or len(text) % 2:
            raise BadInput(f"{path}: this is not a key of at least 64 hex digits; restore it")
        return bytes.fromhex(text)


def _refuse_loose(path: Path, mode: int) -> None:
    status = path.stat()
    found = stat.S_IMODE(status.st_mode)
    if found & ~mode:
        raise BadInput(f"{path}: others can read or enter it (mode {found:o}); change it to {mode:o}")
    if status.st_uid not in (os.geteuid(), 0):
        raise BadInput(f"{path}: it belongs to another user; give it to the user who runs the pipeline")


def _once(path: Path, make: Callable[[], bytes]) -> bytes:
    """Read a file of mode 0600, writing it first where it is missing: whole, and by one process only."""
    if not path.exists():
        fresh = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(make())
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):  # another process was first: its file counts
                os.link(fresh, path)
        finally:
            fresh.unlink()
        _sync(path.parent)
    _refuse_loose(path, 0o600)
    return path.read_bytes()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
