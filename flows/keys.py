"""The signing keys of this home: each hospital's, and the board's. Made once, mode 0600, never shown."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from cdm.errors import BadInput
from extract import seal, sign
from extract.sign import SigningKey
from extract.verify import TrustedKeys
from flows.home import Home

AGE_KEY, SIGNING_KEY = "recipient.key", "signing.key"


def hospital_key(home: Home, site_id: str) -> SigningKey:
    """The key with which a hospital signs what it built."""
    return _once(home, home.signing_key(site_id), f"hospital-{site_id}")


def board_key(home: Home) -> SigningKey:
    """The key with which the board signs what it approved."""
    return _once(home, home.board_key, "board")


@dataclass(frozen=True)
class Recipient:
    """The keys of who receives: `identity` opens what is sealed, `signing` signs certificates of destruction."""

    identity: seal.Identity
    signing: SigningKey


def new_recipient(home: Home) -> Recipient:
    """Make a recipient's two keys. Raises BadInput where they stand."""
    home.recipient.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Recipient(seal.create(home.recipient / AGE_KEY), sign.create(home.recipient / SIGNING_KEY))


def recipient(home: Home) -> Recipient:
    """Read a recipient's keys. Raises BadInput where there are none."""
    return Recipient(seal.load(home.recipient / AGE_KEY), sign.load(home.recipient / SIGNING_KEY))


def trust(home: Home, name: str, public: str) -> bool:
    """Trust a public key as 'board' or 'hospital-SITE'; True where something changed. Raises BadInput.

    Another key than the one that is trusted already is refused: who changes a key says so by removing the old file.
    """
    if not re.fullmatch(r"board|hospital-[a-z][a-z0-9_-]{0,39}", name) or not re.fullmatch(r"[0-9a-f]{64}", public):
        raise BadInput(f"{name}: board=KEY or hospital-SITE=KEY is expected, KEY being 64 hexadecimal digits")
    path = home.root / "trust" / f"{name}.json"
    if path.is_file():
        if json.loads(path.read_bytes())["public"] != public:
            raise BadInput(
                f"{name}: another key is trusted already; ask whose it is, and remove {path} if the old one ended"
            )
        return False
    _note(home, name, public)
    return True


def trusted(home: Home, site_id: str | None = None) -> TrustedKeys | None:
    """The public keys that this home knows, by role; None where it knows none (a startup's fresh machine)."""
    folder = home.root / "trust"
    found = {path.stem: json.loads(path.read_bytes())["public"] for path in sorted(folder.glob("*.json"))}
    if not found:
        return None
    hospitals = [
        key
        for name, key in found.items()
        if name.startswith("hospital-") and site_id in (None, name.removeprefix("hospital-"))
    ]
    return {"hospital": hospitals, "board": [key for name, key in found.items() if name == "board"]}


def _once(home: Home, path: Path, name: str) -> SigningKey:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = sign.load(path) if path.is_file() else sign.create(path)
    if not (home.root / "trust" / f"{name}.json").is_file():
        _note(home, name, key.public)
    return key


def _note(home: Home, name: str, public: str) -> None:
    path = home.root / "trust" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(f".{os.getpid()}.tmp")
    fresh.write_text(json.dumps({"public": public}), encoding="utf-8")
    fresh.replace(path)
