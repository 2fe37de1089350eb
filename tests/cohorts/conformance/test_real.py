"""Real definitions, where they are at hand: COHORTS names a folder of JSON files, COHORTS_CDM a CDM in which they find people.

Both are no part of the project (see tests/cohorts/test_real.py). The CDM is an address that the engine itself can open, in
COHORTS_CDM_POSTGRESQL and COHORTS_CDM_SPARK for those two.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cohorts.conformance.engines import Engine, Json, reference

FOLDER = Path(os.environ.get("COHORTS", "nowhere"))
CDM = os.environ.get("COHORTS_CDM", "")


@pytest.mark.skipif(not FOLDER.is_dir() or not CDM, reason="no folder of real definitions, or no CDM for them")
def test_every_real_definition(engine: Engine, tmp_path: Path) -> None:
    import json

    url = CDM if engine.name == "duckdb" else os.environ.get(f"COHORTS_CDM_{engine.name.upper()}", "")
    if not url:
        pytest.skip(f"COHORTS_CDM_{engine.name.upper()} names no CDM")
    definitions: dict[str, Json] = {
        file.stem: json.loads(file.read_text("utf-8-sig")) for file in sorted(FOLDER.glob("*.json"))
    }
    assert engine.find(url, definitions) == reference(tmp_path, CDM, definitions)
