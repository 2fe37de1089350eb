"""A study: what is asked, as one YAML file, composed of each room's own specification."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path

import rfc8785
from pydantic import BaseModel, ConfigDict, Field

from cdm.errors import BadInput
from cohorts.draw.spec import DrawSpec
from cohorts.expression import Expression
from cohorts.expression import read as read_expression
from deid.policy import StudyPolicy
from extract.spec import ExtractSpec
from flows import yaml_file
from flows.names import Slug, Text
from quality.spec import GateSpec


class CohortFiles(BaseModel):
    """The Circe/ATLAS definitions of cases and of the pool of controls, as paths beside the study file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    case: str = Field(min_length=1, max_length=500)
    control: str = Field(min_length=1, max_length=500)


class StudySpec(BaseModel):
    """The content of a study file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Slug
    title: Text
    purpose: Text
    cohorts: CohortFiles
    draw: DrawSpec
    extract: ExtractSpec
    deid: StudyPolicy = Field(default_factory=StudyPolicy)
    quality: GateSpec = Field(default_factory=GateSpec)


@dataclass(frozen=True)
class Study:
    """A study file that was read, with its cohort definitions. Roles are 'case' and 'control'."""

    path: Path
    spec: StudySpec
    definitions: Mapping[str, Expression]
    definition_files: Mapping[str, Path]

    @property
    def id(self) -> str:
        """The study's name."""
        return self.spec.id

    @cached_property
    def definition_digest(self) -> str:
        """SHA-256 over what decides who is in: the two definitions and the draw."""
        files = {role: hashlib.sha256(path.read_bytes()).hexdigest() for role, path in self.definition_files.items()}
        return digest({"definitions": files, "draw": self.spec.draw.model_dump(mode="json")})

    @cached_property
    def spec_digest(self) -> str:
        """SHA-256 over the whole study: file content as understood, and definitions."""
        return digest({"spec": self.spec.model_dump(mode="json"), "definition": self.definition_digest})


def digest(content: object) -> str:
    """SHA-256 of canonical JSON (RFC 8785)."""
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()  # type: ignore[arg-type]


def load(path: Path) -> Study:
    """Read a study file and its definitions. Raises BadInput naming file, line, key, and what is accepted."""
    document = yaml_file.read(path, "study file")
    spec = yaml_file.validate(document, StudySpec, "study file")
    files = {role: path.parent / name for role, name in spec.cohorts.model_dump().items()}
    for role, file in files.items():
        if not file.is_file():
            raise BadInput(
                f"{path}:{document.line(('cohorts', role))}: cohorts.{role}: no file '{file}'; "
                "give the path of a Circe/ATLAS JSON, relative to the study file"
            )
    return Study(path, spec, {role: read_expression(file) for role, file in files.items()}, files)


def shipped(study_id: str) -> Path:
    """The study file of a study that ships with Naru."""
    folder = resources.files("studies")
    path = Path(str(folder.joinpath(study_id, "study.yaml")))
    if not path.is_file():
        raise BadInput(f"no study '{study_id}' ships with Naru")
    return path
