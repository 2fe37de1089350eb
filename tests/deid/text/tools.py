"""Small helps for the tests of notes."""

from __future__ import annotations

import pyarrow as pa

from deid.text import TextSettings
from deid.text.scrub import Scrubbed, scrub


def clean(*notes: str | None, names: tuple[str, ...] = (), **settings: object) -> list[str | None]:
    """Scrub some notes; what becomes of each."""
    return told(*notes, names=names, **settings).text.to_pylist()


def told(*notes: str | None, names: tuple[str, ...] = (), **settings: object) -> Scrubbed:
    """Scrub some notes; everything that is told of them."""
    known = pa.table({"person_id": pa.nulls(len(names), pa.int64()), "name": pa.array(names, pa.string())})
    return scrub(pa.table({"note": pa.array(notes, pa.string())}), "note", known, TextSettings.model_validate(settings))
