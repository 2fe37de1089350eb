"""Every kind of finding: how grave it may be, and what it says, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Kind:
    """A kind of finding. severities: the gravest first."""

    severities: tuple[Severity, ...]
    en: str
    ko: str


KINDS: Mapping[str, Kind] = {
    "cannot_be_answered": Kind(
        ("error",),
        "No OMOP CDM, or not this one, can answer what is asked.",
        "OMOP CDM으로는, 또는 이 병원의 CDM으로는 답할 수 없는 것을 묻습니다.",
    ),
    "nobody_enters": Kind(
        ("error",),
        "No record here can be an entry event, or none can meet the additional criteria.",
        "진입 사건이 될 기록이 여기에 없거나, 추가 조건을 충족할 수 있는 것이 없습니다.",
    ),
    "rule_never": Kind(
        ("error",),
        "No entry can keep an inclusion rule here.",
        "여기서는 어떤 진입도 포함 규칙을 지킬 수 없습니다.",
    ),
    "rule_always": Kind(
        ("warning",),
        "Every entry keeps an inclusion rule here, so it leaves nobody out.",
        "여기서는 모든 진입이 포함 규칙을 지켜 아무도 걸러지지 않습니다.",
    ),
    "rule_empty": Kind(("warning",), "An inclusion rule asks for nothing.", "포함 규칙에 조건이 없습니다."),
    "rule_duplicate": Kind(
        ("warning",),
        "Two inclusion rules ask for the same.",
        "두 포함 규칙이 같은 것을 요구합니다.",
    ),
    "criterion_duplicate": Kind(
        ("warning", "note"),
        "An entry event or a criterion of a group is there twice; in a group of 'at least' or 'at most' it counts twice.",
        "진입 사건이나 그룹의 조건이 두 번 있습니다. '몇 개 이상·이하' 그룹에서는 두 번 셉니다.",
    ),
    "never_matches": Kind(
        ("warning",),
        "A range, window, period or count contradicts itself.",
        "범위, 창, 기간, 횟수가 스스로 모순됩니다.",
    ),
    "always_matches": Kind(("warning",), "A condition always holds.", "조건이 항상 성립합니다."),
    "outside_observation": Kind(
        ("error", "warning", "note"),
        "A window is longer than anybody here is observed, or absence is asked for over days that nobody has to be observed.",
        "창이 이 병원의 가장 긴 관찰 기간보다 길거나, 관찰을 요구하지 않은 날에 사건이 없을 것을 요구합니다.",
    ),
    "no_records": Kind(
        ("warning",),
        "This hospital has no record that a criterion looks for.",
        "조건이 찾는 기록이 이 병원에 없습니다.",
    ),
    "no_value": Kind(
        ("warning",),
        "Records are there, but none with one of the values that are asked for.",
        "기록은 있지만 요구한 값을 가진 기록이 없습니다.",
    ),
    "concept_missing": Kind(
        ("warning", "note"),
        "The vocabulary lacks concepts that are named; a note where they are only taken out.",
        "지정한 개념이 어휘에 없습니다. 제외하려던 개념이면 참고로만 알립니다.",
    ),
    "concept_invalid": Kind(
        ("note",), "Concepts that are named are no longer valid.", "지정한 개념이 더 이상 유효하지 않습니다."
    ),
    "concept_not_standard": Kind(
        ("warning", "note"),
        "Concepts that are not standard are looked for where only standard ones stand; a note where others of the set fit.",
        "표준 개념만 있는 열에서 비표준 개념을 찾습니다. 집합의 다른 개념이 맞으면 참고로만 알립니다.",
    ),
    "concept_domain": Kind(
        ("warning", "note"),
        "Concepts of another domain, whose records stand in another table; a note where others of the set fit.",
        "다른 영역의 개념이어서 기록이 다른 테이블에 있습니다. 집합의 다른 개념이 맞으면 참고로만 알립니다.",
    ),
    "descendants_of_nothing": Kind(
        ("note",),
        "Descendants are asked of concepts that can have none, being not standard.",
        "표준 개념이 아니어서 하위 개념이 있을 수 없는 개념의 하위 개념을 포함하도록 했습니다.",
    ),
    "concept_set_empty": Kind(
        ("warning",),
        "A concept set holds no concept of this vocabulary.",
        "개념 집합에 이 어휘의 개념이 하나도 없습니다.",
    ),
    "concept_set_unused": Kind(("note",), "Nothing uses a concept set.", "쓰이지 않는 개념 집합입니다."),
    "concept_set_duplicate": Kind(
        ("note",), "Two concept sets list the same.", "두 개념 집합의 내용이 같습니다."
    ),
    "ends_at_once": Kind(
        ("warning",),
        "An entry event also ends the entry, on its first day.",
        "진입 사건이 중도 종료 사건이기도 하여 진입 당일 끝납니다.",
    ),
    "exit_drug_elsewhere": Kind(
        ("note",),
        "The drug whose use ends the entry is no entry event.",
        "종료를 정하는 약물이 진입 사건의 약물이 아닙니다.",
    ),
    "circe_quirk": Kind(
        ("note",),
        "ATLAS evaluates something else than the words say; Naru finds the same rows.",
        "ATLAS가 적힌 말과 다르게 평가하는 부분입니다. Naru도 같은 행을 찾습니다.",
    ),
    "codes_not_used": Kind(
        ("warning",),
        "No criterion looks for source codes of a set.",
        "개념 집합의 원천 코드를 찾는 조건이 없습니다.",
    ),
    "codes_without_records": Kind(
        ("warning",), "No record here has these source codes.", "이 원천 코드를 가진 기록이 없습니다."
    ),
    "codes_add_nothing": Kind(
        ("note",),
        "All records with these source codes have a concept of the set already.",
        "이 원천 코드의 기록이 모두 이미 집합의 개념을 가지고 있습니다.",
    ),
    "codes_add_records": Kind(
        ("note",),
        "Source codes find records that the concepts do not.",
        "개념만으로는 찾지 못하는 기록을 원천 코드가 찾습니다.",
    ),
    "concept_set_resolves_differently": Kind(
        ("warning",),
        "A concept set gives other concepts here than where it was imported.",
        "개념 집합이 가져온 곳과 다른 개념을 줍니다.",
    ),
    "pins_of_other_definition": Kind(
        ("warning",),
        "The definition was changed after it was imported.",
        "가져온 뒤로 정의가 바뀌었습니다.",
    ),
}  # fmt: skip
