"""Real definitions, where they are at hand: COHORTS names a folder of JSON files and expected rows beside a CDM.

They are no part of the project (565 of OHDSI's PhenotypeLibrary); `naru bench cohorts` runs them at size.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cohorts.engine import need
from cohorts.expression import read

FOLDER = Path(os.environ.get("COHORTS", "nowhere"))


@pytest.mark.skipif(not FOLDER.is_dir(), reason="no folder of real definitions")
def test_every_real_definition_is_read_and_planned() -> None:
    definitions = {file.stem: read(file) for file in sorted(FOLDER.glob("*.json"))}
    assert need(definitions).columns
