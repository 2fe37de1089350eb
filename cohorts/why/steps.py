"""The steps that an event passes on its way into a cohort, in the order of the engine, with their words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Code = Literal[
    "entry_event",
    "in_observation",
    "observed_long_enough",
    "primary_limit",
    "additional_criteria",
    "qualified_limit",
    "rule",
    "expression_limit",
    "exit",
]

# code -> (English, Korean): what holds where the step is passed.
WORDS: dict[str, tuple[str, str]] = {
    "entry_event": ("has an entry event", "진입 사건이 있음"),
    "in_observation": ("in an observation period", "관찰 기간 안에 있음"),
    "observed_long_enough": ("observed long enough before and after", "진입 전후로 요구된 만큼 관찰됨"),
    "primary_limit": ("limit of primary events", "진입 사건 수 제한에 걸리지 않음"),
    "additional_criteria": ("additional criteria", "추가 조건을 충족함"),
    "qualified_limit": ("limit of events with the additional criteria", "추가 조건 뒤 사건 수 제한에 걸리지 않음"),
    "rule": ("inclusion rule", "포함 규칙"),
    "expression_limit": ("limit of events that keep every rule", "규칙을 모두 지킨 사건 수 제한에 걸리지 않음"),
    "exit": ("in the cohort after exits and the censor window", "종료와 절단 기간을 적용한 뒤에도 남음"),
}


@dataclass(frozen=True)
class Step:
    """One step. rule: the number (from 1) and name of an inclusion rule; None for the other steps."""

    code: Code
    rule: tuple[int, str] | None = None

    def said(self, lang: Literal["ko", "en"] = "en") -> str:
        """What the step asks, in a few words."""
        if self.rule is not None:
            number, name = self.rule
            return {"en": f"rule {number} ({name})", "ko": f"규칙 {number}({name})"}[lang]
        return WORDS[self.code][lang == "ko"]

    def to_json(self) -> dict[str, object]:
        """Plain JSON: the code, of a rule its number and name, and the words."""
        number, name = self.rule or (None, None)
        return {"code": self.code, "rule": number, "name": name, "en": self.said("en"), "ko": self.said("ko")}


ENTRY_EVENT = Step("entry_event")
IN_OBSERVATION = Step("in_observation")
OBSERVED_LONG_ENOUGH = Step("observed_long_enough")
PRIMARY_LIMIT = Step("primary_limit")
ADDITIONAL = Step("additional_criteria")
QUALIFIED_LIMIT = Step("qualified_limit")
EXPRESSION_LIMIT = Step("expression_limit")
EXIT = Step("exit")
