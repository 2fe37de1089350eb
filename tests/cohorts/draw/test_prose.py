"""A draw in sentences: every setting that changes who is drawn is told, in Korean and in English."""

from __future__ import annotations

import pytest

from cohorts.draw.prose import describe
from cohorts.draw.spec import DrawSpec


def spec(**given):
    return DrawSpec(**({"cases": 1000, "controls": 4000} | given))


@pytest.mark.parametrize(
    ("given", "english", "korean"),
    [
        ({}, "Up to 1,000 cases and 4,000 controls (1:4)", "1:4"),
        ({"pool": "users"}, "out of the cohort 'users'", "코호트 'users'에서"),
        ({"controls": 0}, "Up to 1,000 cases, and no controls", "대조군 없음"),
        ({"design": "risk_set"}, "risk-set", "위험집합"),
        ({"design": "risk_set", "future_cases": False}, "future cases are no controls", "나중에 환자가 될 사람은 제외"),
        ({"design": "propensity"}, "within 0.2 standard deviations", "표준편차의 0.2배"),
        ({"design": "propensity"}, "no standardised mean difference exceeds 0.02", "표준화 평균 차이가 0.02 이하"),
        ({"index_date": "case"}, "takes its case's index date", "짝이 된 환자의 기준일"),
        ({"index_date": "own"}, "keeps its own index date", "자신의 기준일"),
        ({}, "equal in sex, birth year (bands of 5)", "성별, 출생연도(5년 구간) 같음"),
        ({"calipers": [{"on": "birth", "within": 1}], "match": ["sex"]}, "within 1 year in date of birth", "출생일 차이 1년 이내"),
        ({"prior_observation_days": 365}, "at least 365 days of observation", "관찰 기간 365일 이상"),
        ({"replacement": True}, "a control may serve several cases", "복원 추출"),
        ({"replacement": False}, "without replacement", "비복원 추출"),
        ({"objective": "most_full_sets"}, "whole 1:4 sets come first", "1:4를 다 채우는 짝이 먼저"),
        ({"shortfall": "refuse"}, "nothing is drawn", "추출하지 않음"),
        ({"seed": 77}, "seed 77", "시드 77"),
        (
            {"covariates": [{"name": "egfr", "table": "measurement", "value": "latest", "concepts": [3]}],
             "calipers": [{"on": "egfr", "within": 2.5}]},
            "within 2.5 in egfr", "egfr 차이 2.5 이내",
        ),
    ],
)  # fmt: skip
def test_a_setting_is_told(given, english, korean):
    assert english in describe(spec(**given), "en")
    assert korean in describe(spec(**given), "ko")


def test_what_does_not_matter_is_left_out():
    told = describe(spec(controls=0), "en")
    assert "control is" not in told
    assert "replacement" not in told
