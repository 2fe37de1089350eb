"""The same scrubbing one note after the other, on Python's `re` and `unicodedata`: slow, and written to be read."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

from deid.text.model import Rule
from deid.text.patterns import chosen, whole
from deid.text.pieces import LEFT, OFF, RIGHT, SPELLED, TIME
from deid.text.settings import TextSettings

RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", range(10), strict=True))
DASHES = "‐‑‒–—―−－﹣"
DOTS = "•‧∙⋅・"
GONE = "\u00ad\u200b\u200c\u200d\u2060\ufeff\ue000\ue001\ue006"
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
LINES = ("\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029")


def normal(text: str) -> str:
    text = "".join(char for char in text if char not in GONE)
    for line in LINES:
        text = text.replace(line, "\n")
    text = "".join(f"^{RAISED[char]}" if char in RAISED else char for char in text)
    text = "".join(f"({ord(c) - 0x245F})" if "①" <= c <= "⑳" else c for c in text).replace("½", " 1/2")
    text = unicodedata.normalize("NFKC", text)
    text = "".join(
        "-" if c in DASHES else "·" if c in DOTS else " " if unicodedata.category(c) == "Zs" else c for c in text
    )
    return re.sub("(?<=[0-9])( ?)\u1173( ?)(?=[0-9])", r"\1-\2", text)


def python(pattern: str) -> re.Pattern[str]:
    """The pattern in Python's syntax, which has look-around but no half-boundaries."""
    return re.compile(pattern.replace(LEFT, "(?<![A-Za-z0-9_])").replace(RIGHT, "(?![A-Za-z0-9_])"))


class Reference:
    """All rules of some settings, one after the other at every character of a note."""

    def __init__(self, settings: TextSettings) -> None:
        self.settings = settings
        self.rules = [(rule, python(whole(rule))) for rule in chosen(settings)]

    def scrub(self, text: str, days: int | None = None) -> str:
        """Scrub a note, and again for what a number's letter hid: 1234567890https://..."""
        text, glued = self.once(normal(text), days, self.rules)
        left = [
            (rule, pattern) for rule, pattern in self.rules if self.settings.dates == "label" or rule.kind != "date"
        ]
        while glued:
            text, glued = self.once(text, days, left)
        return text

    def once(self, text: str, days: int | None, rules: list[tuple[Rule, re.Pattern[str]]]) -> tuple[str, bool]:
        out, at, glued = "", 0, False
        while at < len(text):
            hit = next((found for _, pattern in rules if (found := pattern.match(text, at))), None)
            if hit is None:
                out, at = out + text[at], at + 1
            else:
                put, after = self.put(hit.group(), days, rules)
                out, at, glued = out + put + after, hit.end(), glued or bool(after)
        return out, glued

    def put(self, hit: str, days: int | None, rules: list[tuple[Rule, re.Pattern[str]]]) -> tuple[str, str]:
        rule = next(rule for rule, pattern in rules if pattern.fullmatch(hit))
        before = re.match(rf"([A-Za-z_])[0-9{SPELLED}+(]", hit) if rule.gives_back else None
        ends = OFF in rule.pattern or TIME in rule.pattern
        after = re.search(rf"[0-9{SPELLED}]([A-Za-z_])$", hit) if ends else None
        put = (before[1] if before else "") + rule.label(self.settings.language)
        if rule.kind == "date" and self.settings.dates == "shift" and days is not None:
            put = iso(hit.rstrip("T_"), days) or put
        return put, after[1] if after else ""


def iso(written: str, days: int) -> str | None:
    """A date in whatever form, moved; None where it means no day, or two."""
    numbers = re.findall("[0-9]+", written)
    together = "".join(numbers)
    word = re.search("|".join(MONTHS), written.lower())
    if word:
        numbers = [numbers[1], str(MONTHS.index(word[0]) + 1), numbers[0]]
    elif re.match("[0-9] [0-9] ", written) or re.fullmatch("[0-9]{8}", re.sub(r"-?[ \t]?\n[ \t]*", "", written)):
        numbers = [together[:4], together[4:6], together[6:]]
    elif len(numbers) != 3:
        return None
    elif len(numbers[2]) == 4:
        one, two, year = numbers
        if int(two) > 12 or int(one) == int(two):
            numbers = [year, one, two]
        elif int(one) > 12:
            numbers = [year, two, one]
        else:
            return None
    elif len(numbers[0]) == 2:
        numbers[0] = ("20" if int(numbers[0]) < 50 else "19") + numbers[0]
    try:
        return (dt.date(*map(int, numbers)) + dt.timedelta(days)).isoformat()
    except ValueError:
        return None
