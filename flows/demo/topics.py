"""The programme's seven topics as titles, for a demo board; `studies/` holds those that can be run."""

from __future__ import annotations

TOPICS = {
    "stroke_cbf": "뇌졸중 영상: 뇌혈류 분석 솔루션 검증",
    "paed_cv_emergency": "소아·청소년 중증 심혈관 응급 디지털 바이오마커",
    "cerebral_aneurysm": "고위험 뇌동맥류 인공지능 진단",
    "colon_polyp": "대장 용종 검출과 대장암 예측",
    "breast_chemo": "조기 유방암 항암치료 반응 예측",
    "chest_ct_severe": "흉부 CT 중증 질환 진단과 관리",
    "deterioration": "고위험 입원환자 악화 예측과 관리",
}
