"""Does the release hold what this study declared that it needs? The thresholds stand in the study file."""

from __future__ import annotations

from quality.checks.declaration import Check

CHECKS = (
    Check(
        "study.min_cases", "block", 1,
        "There are enough cases.",
        "환자군이 충분하다.",
        "The study declared how many it needs.",
        "연구에서 필요한 인원을 정하였다.",
        bound="at_least",
    ),
    Check(
        "study.min_controls", "block", 1,
        "There are enough controls.",
        "대조군이 충분하다.",
        "The study declared how many it needs.",
        "연구에서 필요한 인원을 정하였다.",
        bound="at_least",
    ),
    Check(
        "study.required_concept", "block", 1,
        "Enough people have the codes that the study requires.",
        "연구에 필요한 코드를 가진 사람이 충분하다.",
        "Without them the question cannot be answered.",
        "이 코드가 없으면 연구 질문에 답할 수 없다.",
        bound="at_least",
    ),
    Check(
        "study.filled", "block", 95,
        "A column that the study requires is filled often enough.",
        "연구에 필요한 열이 충분히 채워져 있다.",
        "The study declared how full it has to be.",
        "연구에서 필요한 채움률을 정하였다.",
        unit="percent", bound="at_least",
    ),
    Check(
        "study.value_range", "warn", 1,
        "Values lie inside the range that the study declared.",
        "값이 연구에서 정한 범위 안에 있다.",
        "Values outside point at another unit or a wrong entry.",
        "범위를 벗어난 값은 단위 차이나 입력 오류를 뜻한다.",
        unit="percent",
    ),
)  # fmt: skip
