"""Is the release as full as its source?"""

from __future__ import annotations

from quality.checks.declaration import Check

CHECKS = (
    Check(
        "completeness.filled_as_source", "block", 0.1,
        "A column that the policy keeps is filled as often as in the extracted rows.",
        "정책이 유지하는 열의 채움률이 추출본과 같다.",
        "Values must not get lost on the way.",
        "처리 과정에서 값이 사라져서는 안 된다.",
        unit="percent",
    ),
    Check(
        "completeness.table_not_empty", "warn", 1,
        "A released table has rows.",
        "반출된 표에 행이 있다.",
        "An empty table may mean that the hospital does not record this.",
        "빈 표는 병원이 해당 자료를 기록하지 않는다는 뜻일 수 있다.",
        bound="at_least",
    ),
    Check(
        "completeness.mapped", "warn", 20,
        "Main concepts are mapped to a standard concept (not 0).",
        "주요 개념이 표준 개념에 연결되어 있다(0이 아니다).",
        "An unmapped row means nothing to the recipient once source codes are gone.",
        "원천 코드가 제거된 뒤에는 연결되지 않은 행의 뜻을 알 수 없다.",
        unit="percent", adjustable=True,
    ),
    Check(
        "completeness.no_added_duplicates", "block", 0,
        "No row of the release repeats another unless it did in the source.",
        "원천에서 중복이 아니던 행이 반출본에서 중복되지 않는다.",
        "A join gone wrong shows up as repeated rows.",
        "잘못된 결합은 중복된 행으로 나타난다.",
    ),
    Check(
        "completeness.duplicates", "warn", 1,
        "Rows do not repeat one another in everything but their key.",
        "키 외의 모든 값이 같은 행이 없다.",
        "Duplicates in the source count events twice.",
        "원천의 중복은 사건을 두 번 세게 한다.",
        unit="percent", adjustable=True,
    ),
)  # fmt: skip
