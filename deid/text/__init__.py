"""Notes: scrubbed of identifiers and of the hospital's known names. Text leaves only with approval, and only so."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from deid.text.settings import KINDS, Kind, TextSettings

if TYPE_CHECKING:
    from deid.text.scrub import Scrubbed, scrub

__all__ = ["KINDS", "Kind", "Scrubbed", "TextSettings", "scrub"]


def __getattr__(name: str) -> Any:
    """Load the scrubber when it is first wanted: every policy knows the settings, and few runs have notes."""
    if name in ("Scrubbed", "scrub"):
        return getattr(import_module("deid.text.scrub"), name)
    raise AttributeError(name)
