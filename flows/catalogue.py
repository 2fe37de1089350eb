"""What the portal is told of studies and keys: it knows no study file itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flows.home import Home
from flows.study import load, shipped, shipped_ids

if TYPE_CHECKING:
    from portal.settings import Offer


def offers() -> tuple[Offer, ...]:
    """The programme's studies, for the catalogue that startups apply from."""
    from portal.settings import Offer

    found = []
    for study_id in shipped_ids():
        spec = load(shipped(study_id)).spec
        tables = {name: tuple(table.columns or ()) for name, table in sorted(spec.extract.tables.items())}
        found.append(Offer(study_id, spec.title.model_dump(), spec.purpose.model_dump(), tables))
    return tuple(found)


def titles() -> dict[str, str]:
    """Study id -> title in Korean."""
    return {one.study: one.title["ko"] for one in offers()}


def public_keys(home: Home) -> dict[str, str]:
    """Whose -> public key, of every hospital and the board that signed here."""
    folder = home.root / "trust"
    return {path.stem: str(json.loads(path.read_bytes())["public"]) for path in sorted(folder.glob("*.json"))}
