"""The command line, in the words of the people who use it. `naru --help` lists the verbs."""

from __future__ import annotations


def main() -> None:
    """Run `naru`; every way out goes through `flows.cli.exits`."""
    from flows.cli.exits import run

    run()
