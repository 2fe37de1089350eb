"""Notes: scrubbed of identifiers and of the hospital's known names. Text leaves only with approval, and only so."""

from deid.text.scrub import Scrubbed, scrub
from deid.text.settings import KINDS, Kind, TextSettings

__all__ = ["KINDS", "Kind", "Scrubbed", "TextSettings", "scrub"]
