"""A study: what is asked, as one YAML file, composed of each room's own specification."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Self

import rfc8785
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_serializer, model_validator

from cdm.errors import BadInput
from cohorts.draw.spec import DrawSpec
from cohorts.expression import Expression
from cohorts.expression import read as read_expression
from deid.policy import StudyPolicy
from extract.spec import ExtractSpec
from flows import codes_file, yaml_file
from flows.names import Slug, Text
from quality.spec import GateSpec

FilePath = Annotated[str, Field(min_length=1, max_length=500)]


class CohortFile(BaseModel):
    """A definition: its path, or `{definition: PATH, codes: PATH}` where source codes count as concepts of its sets, too.

    definition: a Circe/ATLAS JSON, relative to the study file. codes: a file of source codes (EDI, KCD, local codes).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    definition: FilePath
    codes: FilePath | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, given: Any) -> Any:
        return {"definition": given} if isinstance(given, str) else given

    @model_serializer
    def _as_given(self) -> str | dict[str, str]:
        """Without codes a path, so that a study's digest is what it was before there were codes."""
        return self.definition if self.codes is None else {"definition": self.definition, "codes": self.codes}


PoolName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class CohortFiles(BaseModel):
    """The Circe/ATLAS definitions of cases and of pools of controls; `draw.pool` says which pool the controls come from.

    case: of the cases. control: of the pool that is taken unless `draw.pool` names another. Further pools may stand beside
    them, each by a name of its own.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[PoolName, CohortFile]

    case: CohortFile
    control: CohortFile | None = None

    @property
    def named(self) -> dict[str, CohortFile]:
        """Name -> definition, of all that are given."""
        pools = {**({"control": self.control} if self.control else {}), **self.__pydantic_extra__}
        return {"case": self.case, **pools}


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

    @model_validator(mode="after")
    def _the_pool_is_named(self) -> Self:
        named = self.cohorts.named
        if self.draw.pool not in named:
            raise ValueError(
                f"the draw takes its controls from the cohort '{self.draw.pool}', and `cohorts` names {', '.join(named)}; "
                f"add `{self.draw.pool}` there, or name one of them as `draw.pool`"
            )
        return self


@dataclass(frozen=True)
class Study:
    """A study file that was read, with its cohort definitions. Roles are 'case' and 'control', whatever the pool is called.

    definitions: with the source codes of `code_files` (of the roles that have some) in their concept sets.
    """

    path: Path
    spec: StudySpec
    definitions: Mapping[str, Expression]
    definition_files: Mapping[str, Path]
    code_files: Mapping[str, Path]

    @property
    def id(self) -> str:
        """The study's name."""
        return self.spec.id

    @property
    def draw(self) -> DrawSpec:
        """The draw in terms of the two roles."""
        return self.spec.draw.model_copy(update={"pool": "control"})

    @cached_property
    def definition_digest(self) -> str:
        """SHA-256 over what decides who is in: the two definitions, their source codes and the draw."""
        return decides(self.definition_files, self.spec.draw, self.code_files)

    @cached_property
    def spec_digest(self) -> str:
        """SHA-256 over the whole study: file content as understood, and definitions."""
        return digest({"spec": self.spec.model_dump(mode="json"), "definition": self.definition_digest})


def decides(definitions: Mapping[str, Path], draw: DrawSpec, codes: Mapping[str, Path]) -> str:
    """SHA-256 over what decides who is in: files of definitions and of source codes by role, and the draw."""
    told = {"definitions": _digests(definitions), "draw": draw.model_dump(mode="json")}
    return digest({**told, **({"codes": _digests(codes)} if codes else {})})


def _digests(files: Mapping[str, Path]) -> dict[str, str]:
    return {role: hashlib.sha256(path.read_bytes()).hexdigest() for role, path in files.items()}


def digest(content: object) -> str:
    """SHA-256 of canonical JSON (RFC 8785)."""
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()  # type: ignore[arg-type]


def load(path: Path) -> Study:
    """Read a study file and its definitions. Raises BadInput naming file, line, key, and what is accepted."""
    document = yaml_file.read(path, "study file")
    spec = yaml_file.validate(document, StudySpec, "study file")
    named = spec.cohorts.named
    for name, one in named.items():
        if not (path.parent / one.definition).is_file():
            where = f"{path}:{document.line(('cohorts', name))}: cohorts.{name}"
            raise BadInput(
                f"{where}: no file '{path.parent / one.definition}'; give the path of a Circe/ATLAS JSON, relative to the study file"
            )
    given = {"case": named["case"], "control": named[spec.draw.pool]}
    called = {"case": "case", "control": spec.draw.pool}
    files = {role: path.parent / one.definition for role, one in given.items()}
    codes = {role: path.parent / one.codes for role, one in given.items() if one.codes is not None}
    for role, file in files.items():
        where = f"{path}:{document.line(('cohorts', called[role]))}: cohorts.{called[role]}"
        unnamed = codes_file.beside(file)
        if role not in codes and os.path.lexists(unnamed):
            raise BadInput(
                f"{where}: source codes lie beside the definition, in '{unnamed.name}', and the study does not name them; "
                f"write {{definition: {given[role].definition}, codes: ...}}, or remove that file"
            )
        if role in codes and not codes[role].is_file():
            raise BadInput(f"{where}.codes: no file '{codes[role]}'; give its path, relative to the study file")
    definitions = {role: read_expression(file) for role, file in files.items()}
    joined = {role: codes_file.joined(definitions[role], file) for role, file in codes.items()}
    return Study(path, spec, {**definitions, **joined}, files, codes)


def shipped_ids() -> list[str]:
    """The studies that ship with Naru."""
    folder = Path(str(resources.files("studies")))
    return sorted(path.parent.name for path in folder.glob("*/study.yaml"))


def shipped(study_id: str) -> Path:
    """The study file of a study that ships with Naru."""
    folder = resources.files("studies")
    path = Path(str(folder.joinpath(study_id, "study.yaml")))
    if not path.is_file():
        raise BadInput(f"no study '{study_id}' ships with Naru")
    return path
