"""What a rule of the note pipeline is."""

from __future__ import annotations

from dataclasses import dataclass

from deid.text.settings import Kind, Language


@dataclass(frozen=True)
class Rule:
    """One kind of identifier: how it is written, what stands in its place, why.

    pattern: linear-time syntax over normalised text (deid/text/pieces.py). labels: what replaces a hit, by language.
    source: the law, standard or numbering plan that the form follows. examples: made up; each is one whole hit.
    """

    kind: Kind
    pattern: str
    ko: str
    en: str
    source: str
    examples: tuple[str, ...]

    def label(self, language: Language) -> str:
        """Give the label in brackets."""
        return f"[{self.ko if language == 'ko' else self.en}]"
