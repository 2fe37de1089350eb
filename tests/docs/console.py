"""Reading and running the console blocks of a page: `$ ` is typed, `> ` goes on with it, the rest is its output."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
MARK = "--- command"


@dataclass(frozen=True)
class Step:
    """A command, and what it is shown to print; `...` in it stands for anything."""

    command: str
    output: str


def blocks(page: Path) -> list[str]:
    """The console blocks of a page."""
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def code_blocks(page: Path, language: str) -> list[str]:
    """The blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def steps(page: Path) -> list[Step]:
    """The commands of a page, in order."""
    found: list[Step] = []
    for block in blocks(page):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = part.split("\n")
            more = 1
            while more < len(lines) and lines[more].startswith("> "):
                more += 1
            command = "\n".join([lines[0], *(line.removeprefix("> ") for line in lines[1:more])])
            found.append(Step(command, "\n".join(lines[more:])))
    return found


def run(given: Sequence[Step], folder: Path, environment: Mapping[str, str], timeout: float) -> list[str]:
    """Run the commands in one bash, as somebody types them; what each printed, standard error included."""
    script = "\n".join(f"echo '{MARK}'\n{step.command}\nlast=$?; (exit $last)" for step in given)
    script = script.replace("last=$?; (exit $last)\necho '" + MARK + "'", "last=$?; echo '" + MARK + "'; (exit $last)")
    done = subprocess.run(["bash", "-c", f"{{ {script}\n}} 2>&1"], cwd=folder, env=dict(environment),
                          capture_output=True, text=True, timeout=timeout, check=False)  # fmt: skip
    return done.stdout.split(f"{MARK}\n")[1:]


def lines(text: str) -> list[str]:
    """The lines that hold something, each run of spaces as one."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def fits(shown: str, printed: str) -> bool:
    """Whether a command printed what the page shows."""
    pattern = re.escape("\n".join(lines(shown))).replace(re.escape("..."), ".*")
    return re.fullmatch(pattern, "\n".join(lines(printed)), re.DOTALL) is not None
