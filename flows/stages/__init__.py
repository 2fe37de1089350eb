"""The stages of an extraction, each a plain function from files to files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from flows.stages.folder import Facts

if TYPE_CHECKING:
    from flows.run import Run

NAMES = ("cohort", "draw", "extract", "deidentify", "quality", "package")


def _work(name: str) -> Callable[[Run, Path], Facts]:
    def work(run: Run, folder: Path) -> Facts:
        facts: Facts = import_module(f"flows.stages.{name}").work(run, folder)
        return facts

    return work


# A stage's module, and the engines that it uses, load when it runs.
WORK: Mapping[str, Callable[[Run, Path], Facts]] = {name: _work(name) for name in NAMES}
