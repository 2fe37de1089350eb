"""What a draw says to people, in Korean and English."""

from __future__ import annotations

import re

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "draw": "The draw", "people": "People", "cases": "Cases", "controls": "Controls", "wanted": "wanted",
        "eligible": "eligible", "drawn": "drawn", "matched": "Controls drawn, of those that the drawn cases want",
        "smd before": "SMD before", "smd after": "SMD after", "attrition": "People after each rule", "rule": "Rule", "case": "cases",
        "control": "controls", "table1": "Table 1: the drawn cases and controls", "covariate": "Covariate: level",
        "balance": "Balance before and after matching", "unmatched": "Cases that found no control",
        "unmatched cases": "cases", "all matched": "Every case that was tried found a control.", "stratum": "Stratum",
        "all": "all strata", "elsewhere": "other strata", "primary events": "with a qualifying event",
        "additional criteria": "who meet the entry criteria", "cohort": "in the cohort",
    },
    "ko": {
        "draw": "추출 결과", "people": "사람 수", "cases": "환자군", "controls": "대조군", "wanted": "요청",
        "eligible": "추출 가능", "drawn": "추출", "matched": "추출된 환자군이 필요로 하는 대조군 가운데 추출된 비율",
        "smd before": "매칭 전 SMD", "smd after": "매칭 후 SMD", "attrition": "기준별 남은 사람 수", "rule": "기준", "case": "환자군",
        "control": "대조군", "table1": "표 1: 추출된 환자군과 대조군", "covariate": "변수: 값",
        "balance": "매칭 전후의 균형", "unmatched": "대조군을 찾지 못한 환자", "unmatched cases": "환자 수",
        "all matched": "시도한 모든 환자가 대조군을 찾았습니다.", "stratum": "층", "all": "모든 층", "elsewhere": "그 밖의 층",
        "primary events": "진입 사건 있음", "additional criteria": "추가 진입 기준 충족", "cohort": "코호트 포함",
    },
}  # fmt: skip

FACTORS = {
    "en": {"sex": "sex", "birth_year": "birth year", "index_year": "index year", "care_setting": "care setting",
           "region": "region", "race": "race", "ethnicity": "ethnicity"},
    "ko": {"sex": "성별", "birth_year": "출생연도", "index_year": "기준일 연도", "care_setting": "진료 형태", "region": "지역",
           "race": "인종", "ethnicity": "민족"},
}  # fmt: skip

REASONS = {
    "en": {"no_control_in_stratum": "no control in the stratum", "none_at_risk": "none at risk on the index date",
           "outside_caliper": "none within the caliper", "all_taken": "all who fit serve other cases"},
    "ko": {"no_control_in_stratum": "층에 대조군 없음", "none_at_risk": "기준일에 위험 상태인 대조군 없음",
           "outside_caliper": "캘리퍼 안에 대조군 없음", "all_taken": "맞는 대조군이 모두 다른 환자와 짝지어짐"},
}  # fmt: skip

_NOTES = {
    "Fewer eligible cases exist than are wanted.": "추출 가능한 환자가 원하는 수보다 적습니다.",
    "Fewer cases than wanted could be matched: widen the band or the caliper, or match on less.":
        "원하는 수만큼 매칭하지 못했습니다. 구간이나 캘리퍼를 넓히거나 짝짓기 기준을 줄이십시오.",
    "Fewer eligible controls exist than are wanted.": "추출 가능한 대조군이 원하는 수보다 적습니다.",
    "Some cases have fewer than # controls.": "일부 환자는 대조군이 #명보다 적습니다.",
}  # fmt: skip


def note(sentence: str, lang: str) -> str:
    """A sentence of `DrawReport.notes`, in English or Korean."""
    numbers = re.findall(r"\d+", sentence)
    known = _NOTES.get(re.sub(r"\d+", "#", sentence))
    return sentence if lang == "en" or known is None else known.replace("#", *numbers[:1]) if numbers else known
