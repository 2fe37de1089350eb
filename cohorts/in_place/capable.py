"""What a database cannot do in place, said before anything runs."""

from __future__ import annotations

from cdm.errors import BadInput
from cdm.source import Capabilities
from cohorts.in_place.script import Script
from cohorts.in_place.trees import widest
from cohorts.plan.nodes import Plan, Scan


def refuse_incapable(name: str, given: Script, capabilities: Capabilities, url: str) -> None:
    """Raise `BadInput` naming the definition and the capability that this database lacks for it."""
    if (
        capabilities.columns is not None
        and (asked := max(widest(step.query) for step in given.steps)) > capabilities.columns
    ):
        why = f"its criteria need a query of {asked} columns, and this database has at most {capabilities.columns}"
        raise _refusal(name, url, "columns", why)
    if not capabilities.text_filters and any(one.name == "phrase" and one.rows for one in given.given):
        raise _refusal(
            name, url, "text_filters", "it filters by a text, and this database's encoding knows no characters"
        )


def refuse_codes(plan: Plan, url: str) -> None:
    """Raise `BadInput` for a definition with source codes: no database has a rendering of them yet."""
    if any(isinstance(stream, Scan) and stream.coded for stream in plan.streams):
        raise _refusal(plan.definitions[0].name, url, "source_codes", "source codes stand beside its concept sets")


def _refusal(name: str, url: str, flag: str, why: str) -> BadInput:
    return BadInput(f"definition {name} cannot run in place on {url} ({flag}): {why}; run it without --in-place")
