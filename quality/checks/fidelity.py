"""Does the release say the same as its source?"""

from __future__ import annotations

from quality.checks.declaration import Check

CHECKS = (
    Check(
        "fidelity.concepts", "warn", 0.05,
        "Codes are distributed as in the extracted rows (Jensen-Shannon distance).",
        "코드의 분포가 추출본과 같다(젠슨-섀넌 거리).",
        "Protecting rare codes must not change the picture.",
        "드문 코드의 보호가 전체 양상을 바꾸어서는 안 된다.",
        unit="distance", adjustable=True,
    ),
    Check(
        "fidelity.numbers", "warn", 0.05,
        "Numbers are distributed as in the extracted rows, for every main concept with 100 rows or more (Kolmogorov-Smirnov distance).",
        "100행 이상인 모든 주요 개념에서 수치의 분포가 추출본과 같다(콜모고로프-스미르노프 거리).",
        "Clipping and rounding must not change the picture.",
        "절단과 반올림이 전체 양상을 바꾸어서는 안 된다.",
        unit="distance", adjustable=True,
    ),
)  # fmt: skip
