"""naru bench: a benchmark against a peer or the physical floor, measured in the same run."""

from __future__ import annotations

import importlib.util
import pkgutil
import runpy
import sys
from typing import Annotated

import typer

from cdm.errors import BadInput

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def names() -> list[str]:
    """The benchmarks that this installation has."""
    found = importlib.util.find_spec("benchmarks")
    places = list(found.submodule_search_locations or []) if found else []
    return sorted(module.name for module in pkgutil.iter_modules(places) if not module.name.startswith("_"))


def bench(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which; without a name they are listed.")] = "",
) -> None:
    """A benchmark: a ratio to a peer or to the physical floor measured in the same run, and peak memory.

    What follows NAME goes to it (NAME --help tells what it takes; every one takes --json).
    """
    known = names()
    if name in {"", "--help", "-h"}:
        typer.echo(f"{context.get_usage()}\n\nBenchmarks: {', '.join(known)}. Example: naru bench cohorts --sample 20")
        return
    if name not in known:
        raise BadInput(f"there is no benchmark {name}; there are: {', '.join(known)}")
    sys.argv = [f"naru bench {name}", *context.args]
    try:
        runpy.run_module(f"benchmarks.{name}", run_name="__main__", alter_sys=False)
    except ModuleNotFoundError as missing:
        raise BadInput(
            f"benchmark {name} needs the package {missing.name}, a peer that it measures; "
            "install Naru's development dependencies: pip install 'naru[dev,demo]'"
        ) from None
