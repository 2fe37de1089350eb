"""Is the cohort of the release the cohort that was drawn?"""

from __future__ import annotations

from quality.checks.declaration import Check

CHECKS = (
    Check(
        "draw.roles", "block", 0,
        "Everybody is a case or a control.",
        "모든 대상자가 환자군 또는 대조군이다.",
        "The role is the label that a model learns.",
        "역할은 모형이 학습하는 표지이다.",
    ),
    Check(
        "draw.nobody_twice", "block", 0,
        "Nobody is in the cohort twice.",
        "같은 사람이 두 번 들어 있지 않다.",
        "A person in two sets, or on both sides, ties rows that are taken for independent.",
        "한 사람이 두 집합에 들면 독립이라고 본 행들이 서로 얽힌다.",
    ),
    Check(
        "draw.one_case_per_set", "block", 0,
        "Every matched set has exactly one case.",
        "모든 짝지은 집합에 환자군이 정확히 한 명 있다.",
        "Conditional analysis compares a case with its own controls.",
        "조건부 분석은 환자를 자기 대조군과 비교한다.",
    ),
    Check(
        "draw.set_has_control", "warn", 5,
        "Every matched set has a control.",
        "모든 짝지은 집합에 대조군이 있다.",
        "A case without a control adds nothing to a matched analysis.",
        "대조군이 없는 환자는 짝지은 분석에 기여하지 않는다.",
        unit="percent", adjustable=True,
    ),
    Check(
        "draw.roles_kept", "block", 0,
        "Everybody has the role that was drawn.",
        "모든 대상자의 역할이 추출된 것과 같다.",
        "A flipped label is a wrong answer for the model.",
        "표지가 뒤바뀌면 모형이 틀린 답을 배운다.",
    ),
    Check(
        "draw.sets_kept", "block", 0,
        "Two people are in one set of the release exactly when they were drawn into one set.",
        "추출 때 같은 집합이던 사람들만 반출본에서 같은 집합에 있다.",
        "Matching is lost when sets are mixed.",
        "집합이 섞이면 짝짓기가 무너진다.",
    ),
    Check(
        "draw.weights_kept", "block", 0,
        "Everybody has the sampling weight that was drawn.",
        "모든 대상자의 표본 가중치가 추출된 것과 같다.",
        "Prevalence can only be recovered from true weights.",
        "가중치가 맞아야 유병률을 되살릴 수 있다.",
    ),
    Check(
        "draw.index_date_moved", "block", 0,
        "Every index date is the drawn date moved by its person's offset.",
        "모든 기준일은 추출된 기준일을 그 사람의 일수만큼 옮긴 것과 같다.",
        "Everything is timed from the index date.",
        "모든 시점은 기준일에서 잰다.",
    ),
)  # fmt: skip
