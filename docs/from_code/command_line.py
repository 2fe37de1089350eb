"""docs/reference/cli.md: every verb of `naru`, as its own help tells it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from docs.from_code.markdown import page, table
from flows.cli.app import app
from flows.cli.codes import Exit

MEANINGS = {
    Exit.OK: "Done.",
    Exit.FOUND: "A check found something; it was printed.",
    Exit.BAD_INPUT: "Something given is wrong; one sentence says what, where, and what to do.",
    Exit.REFUSED: "A gate, a permission or a rule of the board said no.",
    Exit.FAULT: "A fault of Naru; the sentence names its kind and the line of code, never its text.",
}
VARIABLES = (
    ("NARU_HOME", "Where everything is kept: sites, keys, runs, board, store. Default `~/.naru`."),
    (
        "NARU_THREADS",
        "How many threads an engine uses where a hospital's setting says nothing. Default: one for each core.",
    ),
    ("NARU_USER", "Who acts where `--as` is not given. Default: the login name."),
    ("NARU_BOARD_URL", "The board's database, where it is not the embedded SQLite file."),
    ("NARU_LANG", "`ko` for Korean output; default: the locale's."),
    ("NARU_SITE_KEY", "A hospital's master key as at least 64 hex digits, in place of the one in the key folder."),
    ("NARU_SOURCE_PASSWORD, PGPASSWORD, PGPASSFILE", "The password of a hospital's PostgreSQL."),
    ("NARU_WEBAPI_TOKEN", "A bearer token for `naru cohort import`; a file may hold it instead (`--token-file`)."),
    ("PREFECT_API_URL", "A Prefect server to report runs to, in place of the one that a run starts for itself."),
)


def cli() -> str:
    """The page."""
    root: Any = typer.main.get_command(app)
    codes = table(("exit code", "means"), [(f"`{int(code)}`", MEANINGS[code]) for code in Exit])
    variables = table(("variable", "what it says"), [(f"`{name}`", words) for name, words in VARIABLES])
    intro = ["# The command line", root.help, "## How a command ends", codes, "`130`: stopped by a person (Ctrl-C).",
             "## Environment", variables, "## Verbs of their own"]  # fmt: skip
    return page(*intro, *_verbs(root, "naru", None))


def _verbs(command: Any, path: str, parent: Any) -> Iterator[str]:
    context = command.context_class(command, info_name=path.rpartition(" ")[2], parent=parent)
    if parent is not None:
        yield _verb(command, path, context)
    for name in getattr(command, "commands", {}):
        yield from _verbs(command.commands[name], f"{path} {name}", context)


def _verb(command: Any, path: str, context: Any) -> str:
    group = hasattr(command, "commands")
    parts = [f"{'##' if group else '###'} {path}", command.help or ""]
    if not group:
        usage = " ".join([path, *command.collect_usage_pieces(context)])
        records = [found for p in command.get_params(context) if (found := p.get_help_record(context))]
        rows = [(f"`{name}`", words) for name, words in records if "--help" not in name]
        parts += [f"```\n{usage}\n```", table(("argument, option", ""), rows) if rows else ""]
    parts.append(command.epilog or "")
    return "\n\n".join(part for part in parts if part)
