"""What a rule of the note pipeline is."""

from __future__ import annotations

from dataclasses import dataclass

from deid.text.settings import Kind, Language

# The numbers that tell themselves, without a word before them.
TELLING: tuple[Kind, ...] = ("resident_number", "foreigner_number", "card", "driver_licence", "mobile", "landline")


@dataclass(frozen=True)
class Rule:
    """One kind of identifier: how it is written, what stands in its place, why.

    pattern: linear-time syntax over normalised text (deid/text/pieces.py). labels: what replaces a hit, by language.
    cue: the words after which a number that tells itself is taken with them, and to its own end
    (연락처 901010-1234567 begins before the number does, and a pattern of its own might stop in the middle of it).
    source: the law, standard or numbering plan that the form follows. examples: made up; each is one whole hit.
    """

    kind: Kind
    pattern: str
    ko: str
    en: str
    source: str
    examples: tuple[str, ...]
    cue: str = ""

    @property
    def gives_back(self) -> bool:
        """Tell whether a letter that a hit begins with may be no part of it: tel010-1234-5678."""
        return self.kind in (*TELLING, "long_number")

    def label(self, language: Language) -> str:
        """Give the label in brackets."""
        return f"[{self.ko if language == 'ko' else self.en}]"
