"""Mistakes in files that people write: file, line, key, and what is accepted."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from cdm.errors import BadInput
from flows import yaml_file


class Draw(BaseModel):
    model_config = ConfigDict(extra="forbid")
    cases: int
    seed: int = 1


class File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str
    draw: Draw
    tables: dict[str, Draw | None] = {}


def told(tmp_path: Path, text: str | bytes) -> list[str]:
    path = tmp_path / "study.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(BadInput) as caught:
        yaml_file.validate(yaml_file.read(path, "study file"), File, "study file")
    return [line.removeprefix(f"{tmp_path}/") for line in str(caught.value).splitlines()]


def test_an_unknown_key_is_named_with_its_line_and_what_was_meant(tmp_path: Path) -> None:
    assert told(tmp_path, "id: x\ndraw:\n  cases: 3\n  sed: 4\n") == [
        "study.yaml:4: draw.sed: this key is unknown (did you mean 'seed'?); accepted here: cases, seed"
    ]


def test_every_mistake_is_told_at_once_in_the_files_order(tmp_path: Path) -> None:
    assert told(tmp_path, "draw:\n  cases: many\nextra: 1\n") == [
        "study.yaml:1: id: this key is missing; add it",
        "study.yaml:2: draw.cases: should be a valid integer, unable to parse string as an integer (found: 'many')",
        "study.yaml:3: extra: this key is unknown; accepted here: draw, id, tables",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("id: [x\n", "study.yaml:2: the study file is not valid YAML"),
        ("id: x\nid: y\n", "study.yaml:2: the key 'id' is given twice; keep one"),
        ("- a\n", "study.yaml:1: the study file must be a mapping of keys, starting with id"),
        ("", "study.yaml:1: the study file must be a mapping"),
        (b"id: \xff\n", "study.yaml: the study file is not UTF-8 text"),
        ("id: !!python/object:os.system x\n", "study.yaml:1: the study file is not valid YAML"),
        ("a: &a [*a]\n", "study.yaml"),
        ("? [1, 2]\n: 3\n", "study.yaml:1: a key must be a word"),
    ],
)
def test_what_is_no_yaml_is_said_in_one_sentence(tmp_path: Path, text: str | bytes, sentence: str) -> None:
    lines = told(tmp_path, text)
    assert lines[0].startswith(sentence)


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such study file"):
        yaml_file.read(tmp_path / "none.yaml", "study file")
    with pytest.raises(BadInput, match="this is a folder"):
        yaml_file.read(tmp_path, "study file")
