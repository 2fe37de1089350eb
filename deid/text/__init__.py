"""Notes: scrubbed of identifiers and of the hospital's known names. Text leaves only with approval, and only so.

The scrubber itself is `deid.text.scrub`: every policy knows the settings, few runs have notes, and its libraries take a third
of a second to import.
"""

from deid.text.settings import KINDS, Kind, TextSettings

__all__ = ["KINDS", "Kind", "TextSettings"]
