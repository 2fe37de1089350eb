"""The signing keys of this home: each hospital's, and the board's. Made once, mode 0600, never shown."""

from __future__ import annotations

import json
import os
from pathlib import Path

from extract import sign
from extract.sign import SigningKey
from extract.verify import TrustedKeys
from flows.home import Home


def hospital_key(home: Home, site_id: str) -> SigningKey:
    """The key with which a hospital signs what it built."""
    return _once(home, home.signing_key(site_id), f"hospital-{site_id}")


def board_key(home: Home) -> SigningKey:
    """The key with which the board signs what it approved."""
    return _once(home, home.board_key, "board")


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
    public = home.root / "trust" / f"{name}.json"
    if not public.is_file():
        public.parent.mkdir(exist_ok=True, mode=0o700)
        fresh = public.with_suffix(f".{os.getpid()}.tmp")
        fresh.write_text(json.dumps({"public": key.public}), encoding="utf-8")
        fresh.replace(public)
    return key
