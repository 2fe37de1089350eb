"""Korean particles, whose form depends on how the word before them ends."""

from __future__ import annotations

import re

_FINAL = {
    "이/가": ("이", "가"),
    "을/를": ("을", "를"),
    "은/는": ("은", "는"),
    "과/와": ("과", "와"),
    "으로/로": ("으로", "로"),
}
# Digits by how they are read (영 일 이 삼 사 오 육 칠 팔 구), letters by how the word likely ends.
_DIGITS = {"0": "영", "1": "일", "2": "이", "3": "삼", "4": "사", "5": "오", "6": "육", "7": "칠", "8": "팔", "9": "구"}
_CONSONANTS = "bcdfgklmnpqt"
_RIEUL = 8  # number of the final consonant ㄹ, after which (으)로 is 로


def josa(word: str, pair: str) -> str:
    """The word with its particle; pair: '이/가', '을/를', '은/는', '과/와', '으로/로'.

    Brackets and quotation marks at the word's end are looked through.
    """
    closed, open_ = _FINAL[pair]
    final = _final(_unbracketed(word))
    return word + (open_ if final == 0 or (pair == "으로/로" and final == _RIEUL) else closed)


def _unbracketed(word: str) -> str:
    """The word without the bracket at its end, whatever is in it."""
    depth = 0
    for place in range(len(word) - 1, -1, -1) if word.endswith(")") else ():
        depth += {")": 1, "(": -1}.get(word[place], 0)
        if depth == 0:
            return word[:place]
    return word


def _final(word: str) -> int:
    """The number of the last syllable's final consonant; 0: it has none."""
    bare = re.sub(r"[\s」”’\"')\].,%]+$", "", word)
    last = bare[-1:] if bare else ""
    last = _DIGITS.get(last, last)
    if "가" <= last <= "힣":
        return (ord(last) - ord("가")) % 28
    return 1 if last.lower() in _CONSONANTS and last else 0


def closed(text: str) -> str:
    """A noun phrase as a sentence in the style of minutes: '19세 이상' is '19세 이상임.'."""
    return f"{text}." if text.endswith(("음", "함", "임", "됨")) else f"{text}임."
