"""Questions about concepts, asked of an engine in which a source has attached `NEED`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import duckdb
import pyarrow as pa

# What `Source.attach` has to show for the functions here.
NEED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "concept": (
            "concept_id",
            "concept_name",
            "domain_id",
            "vocabulary_id",
            "concept_class_id",
            "standard_concept",
            "concept_code",
            "invalid_reason",
        )
    }
)


@dataclass(frozen=True)
class Concept:
    """What the vocabulary says of one concept."""

    concept_id: int
    concept_name: str
    domain_id: str
    vocabulary_id: str
    concept_class_id: str
    standard_concept: str | None
    concept_code: str
    invalid_reason: str | None

    @property
    def is_standard(self) -> bool:
        """Whether clinical tables may hold it as their concept: 'S' (a classification, 'C', may not)."""
        return self.standard_concept == "S"

    @property
    def is_invalid(self) -> bool:
        """Whether it was deleted ('D') or replaced ('U')."""
        return bool(self.invalid_reason)


def unknown_concepts(con: duckdb.DuckDBPyConnection, ids: Iterable[int]) -> list[int]:
    """List the ids, ascending and once each, that the attached vocabulary does not hold."""
    rows = _ask(con, ids, "SELECT DISTINCT id FROM asked_concepts ANTI JOIN cdm.concept ON id = concept_id ORDER BY id")
    return [row[0] for row in rows]


def concept_facts(con: duckdb.DuckDBPyConnection, ids: Iterable[int]) -> dict[int, Concept]:
    """Map each id that the attached vocabulary holds to what it says of it, in ascending order."""
    columns = ", ".join(NEED["concept"])
    rows = _ask(
        con,
        ids,
        f"SELECT {columns} FROM cdm.concept WHERE concept_id IN (FROM asked_concepts) ORDER BY concept_id",
    )
    return {row[0]: Concept(*row) for row in rows}


def _ask(con: duckdb.DuckDBPyConnection, ids: Iterable[int], query: str) -> list[tuple[Any, ...]]:
    con.register("asked_concepts", pa.table({"id": pa.array(ids, pa.int64())}))
    try:
        return con.execute(query).fetchall()
    finally:
        con.unregister("asked_concepts")
