"""Could what the release says be true?"""

from __future__ import annotations

from quality.checks.declaration import Check

CHECKS = (
    Check(
        "plausibility.calendar", "block", 0,
        "Dates lie between 1900 and 2100.",
        "날짜가 1900년에서 2100년 사이에 있다.",
        "Anything else is a placeholder or a broken type.",
        "그 밖의 날짜는 임시값이거나 자료형 오류이다.",
    ),
    Check(
        "plausibility.start_not_after_end", "warn", 0.1,
        "Nothing ends before it starts.",
        "시작일이 종료일보다 늦지 않다.",
        "A negative duration breaks exposure time.",
        "기간이 음수이면 노출 기간을 계산할 수 없다.",
        unit="percent", adjustable=True,
    ),
    Check(
        "plausibility.date_agrees_with_time", "block", 0,
        "A date and its datetime name the same day wherever they did in the source.",
        "원천에서 일치하던 날짜와 일시는 반출본에서도 같은 날이다.",
        "Two columns moved differently give the offset away.",
        "두 열이 다르게 옮겨지면 이동 일수가 드러난다.",
    ),
    Check(
        "plausibility.not_before_birth", "warn", 1,
        "Nothing happens before the year of birth.",
        "출생연도보다 앞선 사건이 없다.",
        "Events before birth belong to somebody else.",
        "출생 전의 사건은 다른 사람의 것일 수 있다.",
        unit="percent", adjustable=True,
    ),
    Check(
        "plausibility.not_after_death", "warn", 1,
        "Nothing happens later than 60 days after death.",
        "사망 60일 이후의 사건이 없다.",
        "Late paperwork is usual, treatment is not.",
        "사망 후 서류 처리는 흔하지만 진료는 그렇지 않다.",
        unit="percent", adjustable=True,
    ),
    Check(
        "plausibility.inside_window", "block", 0,
        "Every row lies inside the study's window around the index date.",
        "모든 행이 기준일 전후의 연구 기간 안에 있다.",
        "A row outside was not approved, and after the index date it may tell the outcome.",
        "기간 밖의 행은 승인되지 않았으며, 기준일 이후라면 결과를 드러낼 수 있다.",
    ),
)  # fmt: skip
