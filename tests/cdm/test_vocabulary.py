"""Questions about concepts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from cdm import open_source
from cdm.engine import connect
from cdm.source import Need
from cdm.vocabulary import NEED, concept_facts, unknown_concepts
from tests.cdm.cdms import tiny, write


@pytest.fixture
def vocabulary(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_source(write("parquet", tmp_path, "", tiny()), tmp_path) as source, connect() as con:
        source.attach(con, Need(NEED))
        yield con


def test_unknown_concepts_are_named_once_in_order(vocabulary: duckdb.DuckDBPyConnection) -> None:
    assert unknown_concepts(vocabulary, [9, 8507, 7, 9]) == [7, 9]
    assert unknown_concepts(vocabulary, []) == []


def test_facts_are_what_the_vocabulary_says(vocabulary: duckdb.DuckDBPyConnection) -> None:
    facts = concept_facts(vocabulary, [3004249, 999, 5, 999])
    assert list(facts) == [999, 3004249]
    assert facts[3004249].is_standard
    assert not facts[3004249].is_invalid
    assert (facts[999].is_standard, facts[999].is_invalid) == (False, True)
    assert facts[3004249].domain_id == "Measurement"
