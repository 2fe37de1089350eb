"""What the command line shows: tables and short texts for people, JSON for programs. Progress goes to standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from time import monotonic

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flows import progress

PLAIN_WIDTH = 140
BAR_WIDTH = 24


def console() -> Console:
    """Standard output, as wide as the terminal; a pipe gets whole lines."""
    return Console(
        highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH, soft_wrap=not sys.stdout.isatty()
    )


def as_json(content: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n")


def text(line: str = "") -> None:
    """A line for people."""
    console().print(line, markup=False)


def title(line: str) -> None:
    """A heading for people."""
    console().print(f"\n[bold]{line}[/bold]")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table; numbers stand right."""
    rows = [tuple(row) for row in rows]
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for i, name in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[i], int | float) or str(row[i]).startswith("<") for row in rows)
        shown.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        shown.add_row(
            *[
                f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else escape(str(cell))
                for cell in row
            ]
        )
    console().print(shown)


def korean() -> bool:
    """Whether the person wants Korean: NARU_LANG, else the locale."""
    return (os.environ.get("NARU_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or "").startswith("ko")


def _bar(fraction: float | None) -> str:
    if fraction is None:
        return ""
    full = round(BAR_WIDTH * min(max(fraction, 0.0), 1.0))
    return f"[green]{'━' * full}[/green][dim]{'━' * (BAR_WIDTH - full)}[/dim] {fraction:4.0%} "


@contextmanager
def steps(quiet: bool = False, plain: bool = False) -> Iterator[None]:
    """Show each step of a run as it begins and ends, on standard error.

    Where nobody watches (no terminal) nothing is shown, or with `plain` one line for each step that ended.
    """
    watched = sys.stderr.isatty()
    if quiet or not (watched or plain):
        yield
        return
    begun: dict[str, float] = {}
    shown = Console(stderr=True, highlight=False, soft_wrap=True)
    status = shown.status("") if watched else nullcontext()
    with status as spinner:

        def hear(step: progress.Step) -> None:
            note = f" {step.note}" if step.note else ""
            if step.state == "begun":
                begun.setdefault(step.name, monotonic())
                if spinner is not None:
                    spinner.update(f"{_bar(step.fraction)}{step.name} ...{note}")
                return
            mark = {"done": "[green]✓[/green]", "kept": "[dim]=[/dim]", "failed": "[red]✗[/red]"}[step.state]
            spent = f" [dim]{monotonic() - begun.pop(step.name, monotonic()):.1f} s[/dim]"
            kept = " [dim](stands already)[/dim]" if step.state == "kept" else spent
            shown.print(f"  {mark} {step.name}{note}{kept}")

        with progress.listening(hear):
            yield
