"""The release fingerprint: the same words for every kind of database."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import rfc8785

from cdm.schema import tables
from cdm.source import CdmVersion, Release
from cdm.sources.found import Catalog

SOURCE_COLUMNS = ("cdm_source_name", "cdm_release_date", "cdm_version", "vocabulary_version")


def source_query(catalog: Catalog, text: str = "VARCHAR") -> str | None:
    """Build the query of cdm_source's one row (the latest by release date) as texts; None when there is none.

    Runs on DuckDB, PostgreSQL and Spark. text: what the engine calls a text without a limit (Spark: STRING).
    """
    found = catalog.get("cdm_source")
    if found is None:
        return None
    present = {name: found.columns.get(name) for name in SOURCE_COLUMNS}
    texts = [f"CAST({column.sql if column else 'NULL'} AS {text})" for column in present.values()]
    return f"SELECT {', '.join(texts)} FROM {found.relation} ORDER BY 2 DESC NULLS LAST, 1, 3, 4 LIMIT 1"


def vocabulary_query(catalog: Catalog, text: str = "VARCHAR") -> str | None:
    """Build the query of the release of the standard vocabularies: OHDSI keeps it in the row of vocabulary 'None'."""
    found = catalog.get("vocabulary")
    if found is None or not {"vocabulary_id", "vocabulary_version"} <= set(found.columns):
        return None
    version, key = (found.columns[name].sql for name in ("vocabulary_version", "vocabulary_id"))
    return f"SELECT CAST({version} AS {text}) FROM {found.relation} WHERE {key} = 'None' ORDER BY 1 LIMIT 1"


def counted(catalog: Catalog, version: CdmVersion) -> list[str]:
    """List the tables whose rows the fingerprint counts: the clinical ones present."""
    return [name for name, table in tables(version).items() if name in catalog and not table.vocabulary]


def fingerprint(
    version: CdmVersion,
    source: tuple[str | None, ...] | None,
    vocabulary: str | None,
    row_counts: Mapping[str, int],
) -> Release:
    """Put a release together from the answers to the queries above."""
    name, date, _, stated_vocabulary = source or (None, None, None, None)
    content = {
        "cdm_source_name": name or "",
        "cdm_version": version,
        "cdm_release_date": date[:10] if date else None,
        "vocabulary_version": vocabulary or stated_vocabulary,
        "row_counts": dict(row_counts),
    }
    digest = hashlib.sha256(rfc8785.dumps(content)).hexdigest()
    return Release(**content, digest=digest)  # type: ignore[arg-type]  # the dict above, spelled once
