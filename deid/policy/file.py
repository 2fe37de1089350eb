"""Reading a policy file: YAML, every key once, every mistake with its place."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import yaml
from pydantic import ValidationError

from cdm.errors import BadInput
from deid.policy.model import HospitalPolicy, PolicyPart, Programme

Part = TypeVar("Part", bound=PolicyPart)


if TYPE_CHECKING:
    _Loader = yaml.SafeLoader
else:  # libyaml reads the same ten times faster; not every installation of PyYAML has it
    _Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _OnceLoader(_Loader):
    """A second rule for the same column would silently win over the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"'{key}' stands here a second time", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


@cache
def programme() -> Programme:
    """Read the programme's policy that ships with Naru."""
    text = files("deid").joinpath("policies", "programme.yaml").read_text(encoding="utf-8")
    return parse(text, Programme, "programme.yaml")


def read_hospital(path: Path) -> HospitalPolicy:
    """Read a hospital's policy file. Raises BadInput naming the place of a mistake."""
    return _read(path, HospitalPolicy)


def read_programme(path: Path) -> Programme:
    """Read a programme's policy file. Raises BadInput naming the place of a mistake."""
    return _read(path, Programme)


def _read(path: Path, model: type[Part]) -> Part:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"{path}: this policy file cannot be read; give a YAML file in UTF-8") from None
    return parse(text, model, str(path))


def parse(text: str, model: type[Part], where: str) -> Part:
    """Read a policy's YAML text as its model. Raises BadInput naming line or key."""
    try:
        data = yaml.load(text, Loader=_OnceLoader)  # noqa: S506  # a SafeLoader that also refuses a key given twice
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise BadInput(f"{where}{line}: {error.problem}; correct the YAML") from None
    if not isinstance(data, dict):
        raise BadInput(f"{where}: a policy file is a mapping with settings and tables; this one is not")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"] if part not in ("table", "columns"))
        said = (
            "this key is unknown" if first["type"] == "extra_forbidden" else first["msg"].removeprefix("Value error, ")
        )
        raise BadInput(f"{where}: {key}: {said}; correct it") from None
