"""The tutorial is true: its commands really run, in order, in a fresh NARU_HOME, and print what it shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.console import Step, blocks, code_blocks, fits, run, steps
from tests.docs.test_reference import described

ROOT = Path(__file__).parents[2]
ENGLISH = ROOT / "docs" / "tutorial" / "first-release.md"
KOREAN = ENGLISH.with_name("first-release.ko.md")


def test_both_languages_hold_the_same_commands_and_outputs() -> None:
    assert blocks(ENGLISH) == blocks(KOREAN)
    assert len(steps(ENGLISH)) > 40


def test_dots_stand_for_anything_and_nothing_else_does() -> None:
    assert fits("first (...): done", "first (2026-0001): done\n")
    assert fits("...\n a   1\n...", "head\n-----\n a 1  \n\nfoot")
    assert not fits("first: done", "first: failed")
    assert not fits("first: done", "first: done\nsecond: done")


def test_commands_and_outputs_are_told_apart(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "Words.\n\n```console\n$ A=1\n$ cat <<EOF\n> $A\n> EOF\n1\n$ false\n$ echo $?\n1\n```\n", encoding="utf-8"
    )
    found = steps(page)
    assert found == [Step("A=1", ""), Step("cat <<EOF\n$A\nEOF", "1\n"), Step("false", ""), Step("echo $?", "1\n")]
    printed = run(found, tmp_path, os.environ, 10)
    assert all(fits(step.output, text) for step, text in zip(found, printed, strict=True))


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_command_prints_what_the_tutorial_shows(tmp_path: Path) -> None:
    """What a person types in a clone, run in a folder that holds the studies. An exit code is checked where `echo $?` shows it."""
    (tmp_path / "studies").symlink_to(ROOT / "studies")
    kept = {name: os.environ[name] for name in ("LANG", "TMPDIR") if name in os.environ}
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    environment = {**kept, "HOME": str(tmp_path), "PATH": path, "PYTHONUTF8": "1"}
    given = steps(ENGLISH)
    printed = run(given, tmp_path, environment, 1150)
    assert len(printed) == len(given)
    for step, text in zip(given, printed, strict=True):
        assert fits(step.output, text), f"$ {step.command}\nshown:\n{step.output}\nprinted:\n{text}"
    received = tmp_path / "received"
    _load_as_the_how_to_says(received, tmp_path / "work", environment)
    files = [p.relative_to(received).as_posix() for p in received.rglob("*") if p.is_file()]
    assert [f for f in files if not described(f)] == [], "docs/reference/package.md does not tell of these files"


def _load_as_the_how_to_says(release: Path, folder: Path, environment: dict[str, str]) -> None:
    """Run the Python of the startup's how-to against the release that the tutorial received."""
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "gi_bleed").symlink_to(release)
    code = "\n".join(code_blocks(ROOT / "docs" / "how-to" / "startup-load.md", "python"))
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env={**environment, "PYTHONPATH": str(ROOT)},
                          capture_output=True, text=True, timeout=120, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
