"""What the release gate is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cdm.source import CdmVersion
from quality.spec import GateSpec


@dataclass(frozen=True)
class GateInputs:
    """The files of one run.

    raw: folder of <table>.parquet with the extracted rows under source keys.
    deid: folder of the release: <table>.parquet, cohort.parquet, columns.json, risk.json.
    draw: draw.parquet (person_id, role, index_date, set_id, weight).
    crosswalk: crosswalk.parquet (person_id, subject_id, offset_days, kept).
    """

    raw: Path
    deid: Path
    draw: Path
    crosswalk: Path
    cdm_version: CdmVersion
    expectations: GateSpec = field(default_factory=GateSpec)
