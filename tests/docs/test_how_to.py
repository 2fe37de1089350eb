"""What the how-tos show holds: files that they give are accepted, verbs that they name exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from cohorts.codes import SourceCodes
from deid.policy import compose, programme, read_hospital
from flows.cli.app import app
from flows.study import CohortFiles
from tests.docs.console import code_blocks

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if page.parent.name != "reference")
NARU: Any = typer.main.get_command(app)
HOW_TOS = sorted(page for page in DOCS.glob("how-to/*.md") if not page.name.endswith(".ko.md"))


@pytest.mark.parametrize("name", ["hospital-extract.md", "hospital-extract.ko.md"])
def test_the_hospitals_policy_is_accepted_and_tightens(name: str, tmp_path: Path) -> None:
    blocks = code_blocks(DOCS / "how-to" / name, "yaml")
    path = tmp_path / "policy.yaml"
    for text in blocks:
        path.write_text(text, encoding="utf-8")
        assert compose(programme(), read_hospital(path)).digest != compose(programme()).digest
    path.write_text(blocks[0], encoding="utf-8")
    policy = compose(programme(), read_hospital(path))
    assert policy.settings.k == 10
    assert not policy.released("observation")
    assert policy.rule("measurement", "measurement_datetime").action == "drop"


@pytest.mark.parametrize("page", HOW_TOS, ids=lambda page: page.name)
def test_both_languages_of_a_how_to_give_the_same_commands_and_code(page: Path) -> None:
    korean = page.with_name(page.name.replace(".md", ".ko.md"))
    assert [words(line) for line in commands(page)] == [words(line) for line in commands(korean)]
    for language in ("python", "sql", "yaml"):
        assert code_blocks(page, language) == code_blocks(korean, language)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_every_verb_and_option_that_a_page_uses_exists(page: Path) -> None:
    for line in commands(page):
        command: Any = NARU
        given = words(line)
        while hasattr(command, "commands"):
            name = given.pop(0)
            assert name in command.commands, f"{page.name}: {line}"
            command = command.commands[name]
        options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert {word for word in given if word.startswith("--")} <= options, f"{page.name}: {line}"


def commands(page: Path) -> list[str]:
    """The lines of a page's code blocks that call naru, continued lines joined, comments and pipes left out."""
    text = "\n".join(code_blocks(page, "(?:console|sh)?")).replace("\\\n", " ")
    found = re.findall(r"^(?:\$ )?(?:\w+=\S* )?(naru [a-z].*)$", text, re.MULTILINE)
    return [re.split(r"\s[>|#;]", line)[0] for line in found if not line.startswith("naru: ")]


def words(line: str) -> list[str]:
    """The words after `naru`, without what differs between the languages: a person's placeholder, and the language."""
    line = re.sub(r"--lang (en|ko)\b", "--lang LANG", line)
    return [word.replace("내_아이디", "YOUR_ID") for word in shlex.split(line)][1:]


def test_the_source_codes_that_the_how_to_shows_are_accepted() -> None:
    codes, cohorts = code_blocks(DOCS / "how-to" / "cohort-definitions.md", "yaml")
    assert SourceCodes.model_validate(yaml.safe_load(codes)).concept_sets
    assert CohortFiles.model_validate(yaml.safe_load(cohorts)["cohorts"]).case.codes == "case.codes.yaml"
