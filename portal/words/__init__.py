"""The one catalogue of what the portal says: a file a language, the same keys in each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

LANGUAGES = ("ko", "en")


@cache
def catalogue(lang: str) -> Mapping[str, str]:
    """Read a language's sentences."""
    content = yaml.safe_load((Path(__file__).parent / f"{lang}.yaml").read_text(encoding="utf-8"))
    return {str(key): str(text) for key, text in content.items()}


def say(lang: str, key: str, **fields: object) -> str:
    """One sentence. A key that is not there is a fault of ours, and shows."""
    text = catalogue(lang)[key]
    return text.format_map(fields) if fields else text
