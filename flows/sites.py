"""Registering hospitals, and looking whether a hospital's database is a CDM."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cdm.address import parse
from cdm.errors import BadInput
from cdm.source import Need, Release
from deid.keys import KeyStore
from deid.policy import compose, programme, read_hospital
from flows.home import Home
from flows.run import grant_id
from flows.site import Site, path_of, read, write
from quality.readiness import check_source
from quality.verdict import Finding

# What every study reads; `naru study check --site` asks for a study's own tables.
CORE = (
    "person",
    "observation_period",
    "visit_occurrence",
    "condition_occurrence",
    "drug_exposure",
    "concept",
    "concept_ancestor",
)


def add(home: Home, values: dict[str, Any], replace: bool = False) -> tuple[Site, bool, dict[str, Any]]:
    """Register a hospital once its database has answered. Returns the site, whether it is new or changed, and the CDM's release.

    Raises BadInput: a value out of range, a source that is none, a database that does not answer.
    """
    try:
        site = Site.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = "-".join(str(part) for part in first["loc"]).replace("_", "-")
        said = first["msg"].removeprefix("Value error, ")
        raise BadInput(f"{'ID' if key == 'id' else f'--{key}'} {first['input']!r}: {said}") from None
    _refuse_relative(site.source)
    if site.policy:
        compose(programme(), read_hospital(Path(site.policy)))
    with site.open(home.make()) as source:
        release = source.release()
    if not replace and path_of(home, site.id).is_file() and read(home, site.id) != site:
        raise BadInput(
            f"site '{site.id}' is registered already, with other settings; another hospital needs another ID, and to change this one "
            "say --replace (every setting is then as given now)"
        )
    changed = write(home, site)
    return site, changed, facts(release)


def _refuse_relative(source: str) -> None:
    address = parse(source)
    if address.scheme in ("duckdb", "parquet") and not address.place.startswith("/"):
        raise BadInput(
            f"--source {source}: a registered hospital is opened from any folder, so its path must be absolute: "
            f"{address.scheme}://{Path(address.place).expanduser().absolute()}"
        )


def check(home: Home, site_id: str) -> dict[str, Any]:
    """What a hospital's CDM says of itself, and what is amiss with it."""
    site = read(home, site_id)
    with site.open(home) as source:
        present = source.tables()
        need = Need({table: () for table in CORE if table in present})
        findings = check_source(source, need)
        return {"site": site.id, "cdm": facts(source.release()), "findings": [told(f) for f in findings if f.failed]}


def destroy_keys(home: Home, site_id: str, study_id: str, case_id: str, really: bool) -> None:
    """Destroy the keys of one grant. Raises BadInput for an unknown site or grant, and unless it is really meant."""
    site = read(home, site_id)
    grant = grant_id(case_id, site.id, study_id)
    if not KeyStore(home.site_keys(site.id)).has(grant):
        raise BadInput(f"site '{site.id}' holds no keys of study '{study_id}' for case '{case_id}'; check both names")
    if not really:
        raise BadInput(
            "destroying keys cannot be undone: no package of this grant can be renewed afterwards; say --yes"
        )
    KeyStore(home.site_keys(site.id)).destroy(grant)


def told(finding: Finding) -> dict[str, Any]:
    """A finding as plain JSON, with its sentence in both languages."""
    return {**finding.to_json(), "message": {"ko": finding.message("ko"), "en": finding.message("en")}}


def facts(release: Release) -> dict[str, Any]:
    """The fingerprint as plain JSON, without counts."""
    return {
        "cdm_source_name": release.cdm_source_name,
        "cdm_version": release.cdm_version,
        "cdm_release_date": release.cdm_release_date,
        "vocabulary_version": release.vocabulary_version,
        "digest": release.digest,
    }
