"""What a release is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cdm.source import CdmVersion
from extract.manifest import Provenance, StudyMeta, Terms, check_release_name
from extract.meds.write import Prediction

OWN_DOCS = ("data_dictionary.csv", "codebook.parquet", "leakage.json", "features.csv")
PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class PackageInputs(BaseModel):
    """Everything that a release is built from.

    release: its name, e.g. deterioration-seoul01-1.0.0. tables: the de-identified folder with cohort.parquet,
    <table>.parquet and columns.json. concepts: Parquet of names for the codebook (see extract.codebook).
    docs, records: file name -> content or file, for docs/ and provenance/; they hold no time, host or path.
    recipient: whom it is made for. prediction: the task whose labels come with the release. base: the folder of an
    earlier release of the same grant, when this one may be told as base and delta (extract.delta). smallest: of fewer
    people nothing is told in features and screens. index_days: Parquet of (subject_id, day), the true index days, for the
    temporal split; of them only the order of three parts is told.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    release: str
    version: str
    site_id: str = Field(min_length=1)
    cdm_version: CdmVersion
    study: StudyMeta
    provenance: Provenance
    terms: Terms
    tables: Path
    recipient: str | None = None
    concepts: Path | None = None
    prediction: Prediction | None = None
    base: Path | None = None
    smallest: int = Field(default=10, ge=1)
    index_days: Path | None = None
    docs: Mapping[str, bytes | Path] = Field(default_factory=dict)
    records: Mapping[str, bytes | Path] = Field(default_factory=dict)

    @field_validator("release")
    @classmethod
    def _plain_release(cls, name: str) -> str:
        return check_release_name(name)

    @field_validator("docs", "records")
    @classmethod
    def _plain_names(cls, given: Mapping[str, bytes | Path]) -> Mapping[str, bytes | Path]:
        for name in given:
            if not PLAIN_NAME.fullmatch(name) or name in (*OWN_DOCS, "approval.json"):
                raise ValueError(f"'{name}' cannot be the name of a document; use letters, digits and . _ -")
        return given
