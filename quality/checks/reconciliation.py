"""Is everything that was extracted accounted for, to the row and to the person?"""

from __future__ import annotations

from quality.checks.declaration import Check

CHECKS = (
    Check(
        "reconciliation.crosswalk", "block", 0,
        "Every drawn person has exactly one pseudonym, and no pseudonym stands for two.",
        "추출된 사람마다 가명이 하나이며, 한 가명이 두 사람을 가리키지 않는다.",
        "Two people under one pseudonym become one patient that never lived.",
        "두 사람이 한 가명을 가지면 존재하지 않는 환자가 만들어진다.",
    ),
    Check(
        "reconciliation.people", "block", 0,
        "The people of the release are exactly the drawn people who were not suppressed.",
        "반출 대상자는 추출된 사람에서 제외자를 뺀 것과 정확히 같다.",
        "People released plus people suppressed must make the draw.",
        "반출자와 제외자의 합은 추출 인원과 같아야 한다.",
    ),
    Check(
        "reconciliation.person_rows", "block", 0,
        "The person table has one row for each person of the release.",
        "person 표에 반출 대상자마다 한 행이 있다.",
        "Age and sex of every person come from there.",
        "모든 대상자의 나이와 성별이 이 표에서 나온다.",
    ),
    Check(
        "reconciliation.rows", "block", 0,
        "Rows released plus rows removed by a recorded rule are the rows extracted of the people who stayed.",
        "반출된 행과 규칙에 따라 제외된 행의 합이, 남은 사람들의 추출 행과 같다.",
        "No row is lost or made on the way.",
        "처리 과정에서 행이 사라지거나 생겨나지 않아야 한다.",
    ),
    Check(
        "reconciliation.rows_per_person", "block", 0,
        "No person has more rows than were extracted, and none fewer unless a recorded rule removed some.",
        "사람별 행 수가 추출본보다 많지 않으며, 규칙에 따른 제외 외에는 적지도 않다.",
        "Totals can agree while rows sit with the wrong person.",
        "합계가 같아도 행이 다른 사람에게 붙어 있을 수 있다.",
    ),
    Check(
        "reconciliation.values_kept", "block", 0,
        "Every value that the policy keeps as it stands is the extracted row's.",
        "정책이 그대로 유지하는 모든 값은 추출된 행의 값과 같다.",
        "A value changed on the way is a result that nobody can reproduce.",
        "도중에 바뀐 값은 아무도 재현할 수 없는 결과를 낳는다.",
    ),
)  # fmt: skip
