"""A hospital as Naru knows it: where its CDM is, what it is called, how strict it is. One YAML file each."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

import cdm
from cdm.engine import Limits
from cdm.errors import BadInput
from cdm.source import Source
from flows import yaml_file
from flows.home import Home
from flows.names import Slug, Text


def _size(given: str) -> str:
    if not re.fullmatch(r"\d+(\.\d+)?\s?(MB|GB|MiB|GiB)", given):
        raise ValueError("a number and a unit are expected: MB, GB, MiB or GiB, for example 4GB")
    if float(re.sub(r"[^\d.]", "", given)) * (1 if given.endswith(("GB", "GiB")) else 0.001) < 0.25:
        raise ValueError("at least 250MB are needed")
    return given


class Site(BaseModel):
    """A registered hospital.

    threshold: the smallest count it gives away; less than ten counts as ten. min_k: the smallest equivalence class it releases. policy: the
    path of its own policy file, which may only tighten the programme's. known_names: the path of its list of patients' and
    staff's names (Parquet or CSV with person_id and name), looked for in notes that may leave. memory, threads: what one
    extraction may use of its machine.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Slug
    source: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    name: Text
    contact: Annotated[str, StringConstraints(min_length=1, max_length=200)] = (
        "병원 데이터팀 / the hospital's data team"
    )
    threshold: int = Field(default=10, ge=1, le=1000)
    min_k: int = Field(default=5, ge=2, le=1000)
    policy: str | None = None
    known_names: str | None = None
    memory: Annotated[str, AfterValidator(_size)] | None = None
    threads: int | None = Field(default=None, ge=1, le=1024)

    def open(self, home: Home) -> Source:
        """Open the hospital's CDM, read-only."""
        return cdm.open_source(self.source, home.data)

    def limits(self, home: Home) -> Limits:
        """What the engine may use here."""
        home.spill.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Limits(self.threads, self.memory, home.spill)


def path_of(home: Home, site_id: str) -> Path:
    """The file that registers a hospital."""
    return home.sites / f"{site_id}.yaml"


def read(home: Home, site_id: str) -> Site:
    """A registered hospital. Raises BadInput where there is none of that name."""
    path = path_of(home, site_id)
    if not path.is_file():
        known = ", ".join(s.id for s in listed(home)) or "none yet"
        raise BadInput(
            f"no site '{site_id}' is registered here (registered: {known}); add it with: "
            f"naru site add {site_id} --source URL --name-ko .. --name-en .."
        )
    return yaml_file.validate(yaml_file.read(path, "site file"), Site, "site file")


def listed(home: Home) -> list[Site]:
    """All registered hospitals, by name."""
    files = sorted(home.sites.glob("*.yaml")) if home.sites.is_dir() else []
    return [yaml_file.validate(yaml_file.read(path, "site file"), Site, "site file") for path in files]


def write(home: Home, site: Site) -> bool:
    """Register a hospital; True where something changed. Written whole or not at all."""
    home.make().sites.mkdir(exist_ok=True, mode=0o700)
    path = path_of(home, site.id)
    text = yaml.safe_dump(site.model_dump(exclude_none=True), allow_unicode=True, sort_keys=False)
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    fresh = path.with_suffix(f".{os.getpid()}.tmp")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
    return True
