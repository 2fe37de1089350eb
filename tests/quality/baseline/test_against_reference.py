"""The fused measurement counts what one plain query per check counts, on tiny databases drawn by chance."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import duckdb
import pytest

from cdm import open_source
from cdm.engine import connect
from cdm.source import CdmVersion
from quality.baseline.declared import catalogue
from quality.baseline.measure import Database, measure
from tests.cdm.cdms import write_postgres
from tests.quality.baseline.reference import Reference
from tests.quality.baseline.tiny import CONCEPTS, TODAY, database
from tests.tables import write_duckdb, write_parquet

# Seeds under which the tables are there, and wrong enough, for most types of check.
SEEDS = {"5.3": 0, "5.4": 1}
# Of the hundreds of checks of single concepts, those whose concept occurs; a few of all others.
SAMPLED = frozenset({"plausibleGender", "plausibleUnitConceptIds"})


@pytest.mark.parametrize("version", get_args(CdmVersion))
def test_every_check_has_the_figures_of_its_own_plain_query(tmp_path: Path, version: CdmVersion) -> None:
    tables = database(SEEDS[version], version)
    path = write_duckdb(tmp_path / "tiny.duckdb", tables)
    checks = [
        check
        for i, check in enumerate(catalogue(version))
        if i % 40 == 0 or (check.table in tables and (check.type not in SAMPLED or int(check.concept) in CONCEPTS))
    ]
    with open_source(f"duckdb://{path}?schema=cdm", tmp_path) as source, connect() as con:
        source.version = version
        found = measure(Database(con, source, TODAY), checks)
    with duckdb.connect(str(path)) as con:
        reference = Reference(con, version, TODAY)
        expected = {check.key: reference.figure(check) for check in checks}
    got = {check.key: None if figure.error else (figure.violated, figure.rows) for check, figure in found.items()}
    assert {key: got[key] for key in got if got[key] != expected[key]} == {
        key: expected[key] for key in got if got[key] != expected[key]
    }
    assert (
        sum(1 for pair in expected.values() if pair and pair[0]) > 40
    )  # the tables are wrong enough to prove something


def test_every_kind_of_database_gives_the_same_figures(tmp_path: Path, postgres: str) -> None:
    tables = database(7, "5.4")
    urls = (
        f"duckdb://{write_duckdb(tmp_path / 'tiny.duckdb', tables)}?schema=cdm",
        f"parquet://{write_parquet(tmp_path / 'tiny', tables)}",
        write_postgres(postgres, tables),
    )
    figures = []
    for url in urls:
        with open_source(url, tmp_path) as source, connect() as con:
            source.version = "5.4"
            figures.append(measure(Database(con, source, TODAY), catalogue("5.4")))
    assert figures[0] == figures[1]
    assert figures[0] == figures[2]
