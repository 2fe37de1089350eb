"""Small extracts for the tests: two matched sets of two, and what the hospital wrote about them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cdm.source import CdmVersion
from deid.apply import deidentify
from deid.codes import ANCESTORS
from deid.keys import KeyStore
from deid.policy import HospitalPolicy, Policy, Programme, SettingsPart, StudyPolicy, compose, programme
from deid.report import DeidReport
from tests import tables

# small tables are easier to read unbroken
SEED = bytes(range(32))

PEOPLE = """
person_id | gender_concept_id | year_of_birth | month_of_birth | race_concept_id | location_id | person_source_value
       11 |              8507 |          1950 |              3 |            8527 |           1 | Kim
       12 |              8507 |          1951 |              4 |               0 |           2 | Lee
       13 |              8532 |          1972 |              5 |               0 |           1 | Park
       14 |              8532 |          1974 |              6 |               0 |           3 | Choi
"""
DRAW = """
person_id | role    | index_date | set_id | weight
       11 | case    | 2018-03-01 |      1 | 1.5
       12 | control | 2018-03-05 |      1 | 2.5
       13 | case    | 2019-06-01 |      2 | 1.5
       14 | control | 2019-06-09 |      2 | 2.5
"""
VISITS = """
visit_occurrence_id | person_id | visit_start_date | visit_start_datetime | preceding_visit_occurrence_id | visit_source_value
                101 |        11 | 2018-02-01       | 2018-02-01 10:30:59  |                             - | ward 7
                102 |        11 | 2018-02-20       | 2018-02-20 08:00:00  |                           101 | ward 8
                103 |        12 | 2018-01-03       | -                    |                           999 | ward 7
                104 |        99 | 2018-01-03       | -                    |                             - | not drawn
"""
MEASUREMENTS = """
measurement_id | person_id | measurement_concept_id | measurement_date | value_as_number | visit_occurrence_id
             1 |        11 |                3000963 | 2018-02-02       |            12.5 |                 101
             2 |        12 |                3000963 | 2018-01-04       |            11.5 |                 103
             3 |        13 |                3000963 | 2019-01-04       |            10.5 |                 777
"""
DEATHS = """
person_id | death_date | death_type_concept_id
       11 | 2018-03-11 |                 32817
"""


def policy(study: StudyPolicy | None = None, hospital: HospitalPolicy | None = None, **settings: object) -> Policy:
    """The programme's policy, but with settings that suit a handful of people."""
    return compose(loose_programme(**settings), hospital, study)


def loose_programme(**settings: object) -> Programme:
    """The programme's policy with k = 2 and other settings replaced."""
    given = programme()
    changed = {**given.settings.model_dump(), "k": 2, "suppression_limit": 1.0, **settings}
    return given.model_copy(update={"settings": SettingsPart.model_validate(changed)})


def run(
    folder: Path,
    content: Mapping[str, str | pa.Table],
    draw: str | pa.Table = DRAW,
    given: Policy | None = None,
    grant: str = "grant-1",
    version: CdmVersion = "5.4",
    vocabulary: Path | None = None,
    names: pa.Table | None = None,
) -> tuple[dict[str, pa.Table], DeidReport]:
    """De-identify small tables in a fresh folder; the released tables by name, with 'crosswalk', and the report."""
    raw = tables.write_parquet(folder / "raw", content)
    tables.write_parquet(folder, {"draw": draw})
    out, private = folder / "out", folder / "private"
    out.mkdir()
    private.mkdir()
    keys = KeyStore(folder / "keys", seed=SEED).grant(grant)
    report = deidentify(
        raw, folder / "draw.parquet", given or policy(), keys, "seoul01", version, out, private,
        vocabulary or empty_vocabulary(folder), names=names,
    )  # fmt: skip
    files = [*out.glob("*.parquet"), *private.glob("*.parquet")]
    return {path.stem: pq.read_table(path) for path in files}, report


def empty_vocabulary(folder: Path) -> Path:
    """A vocabulary that knows no concept."""
    concepts = {"concept_id": pa.array([], pa.int64()), "vocabulary_id": pa.array([], pa.string())}
    ancestors = {name: pa.array([], pa.int64()) for name in ANCESTORS}
    return tables.write_parquet(
        folder / "vocabulary",
        {
            "concepts": pa.table({**concepts, "concept_code": pa.array([], pa.string())}),
            "ancestors": pa.table(ancestors),
        },
    )


def column(table: pa.Table, name: str) -> list[object]:
    """One column as a list."""
    return list(table.column(name).to_pylist())


def by_person(result: Mapping[str, pa.Table]) -> dict[object, dict[str, object]]:
    """The crosswalk's rows by the hospital's person number."""
    return {row["person_id"]: row for row in result["crosswalk"].to_pylist()}
