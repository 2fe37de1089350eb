r"""Pieces of which the patterns are built: digits, gaps between them, edges.

Everything here is syntax of Rust's regex (and RE2 but for the half-boundaries): no look-around, no back-references, so
that a pass over a text takes time in proportion to its length. The text has been normalised: digits are ASCII, spaces
are U+0020 or tabs, line ends are \n, dashes are "-", middle dots are U+00B7, Hangul is composed.
"""

from __future__ import annotations

# A letter or digit of ASCII may not stand before or after. Hangul may: "번호는010-1234-5678입니다".
LEFT = r"(?-u:\b{start-half})"
RIGHT = r"(?-u:\b{end-half})"
# A letter written onto a number is part of the hit ("tel010-1234-5678", "010-1234-5678a") and is given back afterwards.
ONTO, OFF = rf"(?:{LEFT}|[A-Za-z_])", rf"(?:{RIGHT}|[A-Za-z_])"
# The time of day is often written onto the day: 2020-10-11T09:30, 20201011_0930.
TIME = rf"(?:{RIGHT}|[T_])"

SPELLED = "공영일이삼사오육륙칠팔구"
DIGIT = f"[0-9{SPELLED}]"
_SPELL = {
    "0": "공영",
    "1": "일",
    "2": "이",
    "3": "삼",
    "4": "사",
    "5": "오",
    "6": "육륙",
    "7": "칠",
    "8": "팔",
    "9": "구",
}

SPACE = r"[ \t\n]"
# Between the groups of a number: nothing, a mark with room around it, or a word for the dash.
GAP = rf"{SPACE}{{0,2}}(?:[-./·,_~):=(]{{1,3}}|다시|에|뒷자리|뒤)?{SPACE}{{0,2}}"
# Inside a group: nothing, or the end of a line.
BREAK = r"(?:-?[ \t]?\n[ \t]{0,4})?"
# Inside a group that is written digit by digit.
STEP = r"[ \t\n]?[- .·\n\t][ \t\n]?"


def digit(*allowed: str) -> str:
    """Give a class of one digit out of ASCII characters such as "016", or their Korean words (공일육); O is typed for 0."""
    chosen = "".join(allowed)
    return f"[{chosen}{'Oo' * ('0' in chosen)}{''.join(_SPELL[char] for char in chosen)}]"


def group(*digits: str) -> str:
    """Give the pattern of a group of digits: written together, across the end of a line, or one by one."""
    return f"(?:{BREAK.join(digits)}|{STEP.join(digits)})"


def many(count: int) -> str:
    """Give the pattern of a group of so many digits, whatever they are; four also as 12 34."""
    pairs = [rf"{DIGIT}{{2}}{STEP}{DIGIT}{{2}}"] if count == 4 else []
    return either(group(*[DIGIT] * count), *pairs)


def number(*groups: str) -> str:
    """Give the pattern of groups with gaps between them, with a letter that is written onto it."""
    return ONTO + GAP.join(groups) + OFF


def cued(cue: str, rest: str) -> str:
    """Give the pattern of something that only the word before it tells: the word, a colon or so, and the thing."""
    return rf"(?i:{cue})(?:{SPACE}|[:：.#=(]|은|는|이|가){{0,4}}{rest}"


def either(*patterns: str) -> str:
    """Give the pattern that any of them matches, the first of them first."""
    return f"(?:{'|'.join(patterns)})"
