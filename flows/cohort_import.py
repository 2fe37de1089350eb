"""A definition from a WebAPI, and its pins, as two files: what `naru cohort import` does."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdm.errors import BadInput
from cohorts import pins
from flows.files import appearing, checked_output
from flows.webapi.address import checked, token
from flows.webapi.client import WebApi
from flows.webapi.definition import Listed, fetch, listed


@dataclass(frozen=True)
class Written:
    """The files, and what they hold."""

    out: Path
    pinned: Path
    pins: pins.Pins

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: files, provenance, and how many concepts each set has."""
        told = self.pins.model_dump(mode="json", exclude={"concept_sets", "format"})
        sets = [{"id": one.id, "name": one.name, "concepts": len(one.concept_ids)} for one in self.pins.concept_sets]
        return {"out": str(self.out), "pins": str(self.pinned), **told, "concept_sets": sets}


def webapi(url: str, token_file: Path | None) -> WebApi:
    """The WebAPI at an address. Raises BadInput for an address or token that cannot be used."""
    address = checked(url)
    return WebApi(address, token(address, token_file))


def definitions(api: WebApi) -> list[Listed]:
    """The definitions that it shows us."""
    return listed(api)


def import_one(api: WebApi, number: int, out: Path | None, vocabulary: str | None, *, replace: bool) -> Written:
    """Write a definition and its pins; both or none. out: default NUMBER.json here. Raises BadInput, GateRefused."""
    file = out or Path(f"{number}.json")
    checked_output(file, ".json")
    if file.name.endswith(pins.ENDING):
        raise BadInput(f"{file}: a definition's name must not end in {pins.ENDING}")
    pinned = pins.beside(file)
    standing = [path for path in (file, pinned) if path.exists()]
    if standing and not replace:
        raise BadInput(
            f"{standing[0]}: stands there already; say --replace to have it replaced, or --out for another name"
        )
    found = fetch(api, number, vocabulary)
    with ExitStack() as both:  # the definition appears first: pins that are older tell of themselves, by its digest
        fresh_pins, fresh = both.enter_context(appearing(pinned)), both.enter_context(appearing(file))
        fresh.write_text(found.text, encoding="utf-8")
        fresh_pins.write_text(pins.written(found.pins), encoding="utf-8")
    return Written(file, pinned, found.pins)
