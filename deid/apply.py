"""De-identification of one extract: the rows of drawn people in, tables that may leave out."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from cdm.engine import Limits, connect
from cdm.errors import BadInput
from cdm.schema import VERSIONS
from cdm.source import CdmVersion
from deid.attacks import attack_people
from deid.clip import make_bounds
from deid.codes import make_codes, open_ancestors
from deid.cohort import write_cohort
from deid.events import make_events
from deid.exposure import find_shared_days, measure_shared_days
from deid.inputs import open_draw, open_raw
from deid.keys import GrantKeys
from deid.linkage import attack
from deid.notes import scrub_texts
from deid.parquet import write_table
from deid.people.describe import describe
from deid.policy import Policy
from deid.pseudonyms import make_maps
from deid.report import DeidReport, column_record, risk_record, write_json
from deid.sensitive import count_left_out, leave_out
from deid.tables import write_tables


def deidentify(  # noqa: PLR0913  # the contract with the stage that calls it
    raw: Path,
    draw: Path,
    policy: Policy,
    keys: GrantKeys,
    site_id: str,
    cdm_version: CdmVersion,
    out: Path,
    private: Path,
    vocabulary: Path,
    limits: Limits | None = None,
    names: pa.Table | None = None,
) -> DeidReport:
    """De-identify raw/<table>.parquet, the rows of the people in `draw`, under one grant's keys.

    Writes out/<table>.parquet (CDM tables without their dropped columns, person_id the pseudonym; sorted by
    person, date, key), out/cohort.parquet (subject_id, site_id, set_id, role, index_date, weight),
    out/columns.json, out/risk.json, and private/crosswalk.parquet (person_id, subject_id, offset_days,
    kept), the way back to the people, which must never leave the run's folder. Both folders exist. The same
    input and keys give the same bytes. vocabulary: a folder with concepts.parquet and ancestors.parquet of the
    extract's concepts, which tell what is sensitive and what is broader than a rare code. names: (person_id or
    null, name), the hospital's patients and staff, needed where text leaves.

    Raises BadInput for a file or column that no rule can cover, for a missing vocabulary, and for text without names;
    GateRefused where k-anonymity would
    leave out more people than the policy allows, known events single out more of them, or an attack gains more.
    """
    for file in ("concepts.parquet", "ancestors.parquet"):
        if not (vocabulary / file).is_file():
            raise BadInput(
                f"the extract has no {file}, without which no code is known to be sensitive or rare; extract it again"
            )
    if cdm_version not in VERSIONS:
        raise BadInput(f"CDM {cdm_version} is not known here; the policy covers {' and '.join(VERSIONS)}")
    with connect(limits) as con:
        tables = open_raw(con, raw, cdm_version)
        open_draw(con, draw)
        open_ancestors(con, vocabulary / "ancestors.parquet")
        leave_out(con, tables, policy, vocabulary / "concepts.parquet")
        people = describe(con, tables, policy, keys)
        con.register("given", people.table)
        con.execute("CREATE TABLE people AS SELECT * FROM given")
        con.unregister("given")
        region_untold = "region" in people.quasi and people.level("region") > 0
        make_maps(con, tables, policy, keys, untold=("location",) if region_untold else ())
        left_out = count_left_out(con, tables)
        rare = make_codes(con, tables, policy)
        scrubbed = scrub_texts(con, tables, policy, names)
        clipped = make_bounds(con, tables, policy)
        find_shared_days(con, tables, policy)
        shared = measure_shared_days(con, tables, policy)
        written = write_tables(con, tables, policy, site_id, cdm_version, out)
        write_cohort(con, keys, site_id, out / "cohort.parquet")
        curve = attack(con, make_events(con, tables, policy), policy, keys)
        attacks = attack_people(con, tables, out, policy, keys)
    crosswalk = people.table.select(["person_id", "subject_id", "offset_days", "kept"])
    write_table(crosswalk, private / "crosswalk.parquet")
    write_json(column_record(policy, cdm_version), out / "columns.json")
    report = DeidReport(
        policy,
        people,
        tuple(written),
        tuple(shared),
        tuple(rare),
        left_out,
        tuple(scrubbed),
        tuple(clipped),
        curve,
        attacks,
    )
    write_json(risk_record(report), out / "risk.json")
    return report
