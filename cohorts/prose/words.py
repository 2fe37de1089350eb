"""The words of the two languages: kinds of events, what is looked at of an event, what is counted by.

Every pair is (English, Korean).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from cohorts.plan.filters import Column, Operand, Value

Lang = Literal["ko", "en"]
Pair = tuple[str, str]

# A kind of event: English singular and plural, Korean; how its start is spoken of.
KINDS: Mapping[str, tuple[str, str, str, Pair]] = {
    "ConditionEra": ("condition era", "condition eras", "질환 지속기간", ("starting", "시작된")),
    "ConditionOccurrence": ("diagnosis", "diagnoses", "진단", ("recorded", "기록된")),
    "CustomEra": ("combined period", "combined periods", "결합 기간", ("starting", "시작된")),
    "Death": ("death", "deaths", "사망", ("occurring", "발생한")),
    "DeviceExposure": ("use of a device", "uses of devices", "의료기기 사용", ("starting", "시작된")),
    "DoseEra": ("dose era", "dose eras", "동일 용량 지속기간", ("starting", "시작된")),
    "DrugEra": ("drug era", "drug eras", "약물 사용 지속기간", ("starting", "시작된")),
    "DrugExposure": ("drug exposure", "drug exposures", "약물 처방·투여", ("starting", "시작된")),
    "Episode": ("episode of care", "episodes of care", "치료 에피소드", ("starting", "시작된")),
    "LocationRegion": ("residence", "residences", "거주 지역", ("starting", "시작된")),
    "Measurement": ("measurement", "measurements", "검사·측정", ("made", "시행된")),
    "Observation": ("observation", "observations", "관찰 기록", ("recorded", "기록된")),
    "ObservationPeriod": ("observation period", "observation periods", "관찰 기간", ("starting", "시작된")),
    "PayerPlanPeriod": ("insurance period", "insurance periods", "보험 가입 기간", ("starting", "시작된")),
    "ProcedureOccurrence": ("procedure", "procedures", "시술·처치", ("performed", "시행된")),
    "Specimen": ("specimen", "specimens", "검체", ("taken", "채취된")),
    "VisitDetail": ("visit detail", "visit details", "세부 방문", ("starting", "시작된")),
    "VisitOccurrence": ("visit", "visits", "방문", ("starting", "시작된")),
}

START: Pair = ("start date", "시작일")
END: Pair = ("end date", "종료일")
_RECORD: Pair = ("kind of record", "기록 구분")
_VISIT: Pair = ("kind of visit", "방문 구분")
_AGE_AT_START: Pair = ("age at its start", "시작일 기준 나이")
_AGE_AT_END: Pair = ("age at its end", "종료일 기준 나이")
_LENGTH: Pair = ("length", "기간")
_SOURCE: Pair = ("source code", "원천 코드")


def _own(**labels: Pair) -> dict[Operand, Pair]:
    return {Column("event", name): label for name, label in labels.items()}


# What is really looked at, as the plan says it.
OPERANDS: Mapping[Operand, Pair] = {
    Value("start"): START,
    Value("end"): END,
    Value("duration"): _LENGTH,
    Value("age_at_start"): _AGE_AT_START,
    Value("age_at_end"): _AGE_AT_END,
    Value("ratio_to_low"): ("value divided by the lower normal limit", "정상 하한 대비 값의 비율"),
    Value("ratio_to_high"): ("value divided by the upper normal limit", "정상 상한 대비 값의 비율"),
    Column("person", "gender_concept_id"): ("sex", "성별"),
    Column("person", "race_concept_id"): ("race", "인종"),
    Column("person", "ethnicity_concept_id"): ("ethnicity", "민족"),
    Column("visit", "visit_concept_id"): _VISIT,
    Column("provider", "specialty_concept_id"): ("provider's specialty", "진료과"),
    Column("care_site", "place_of_service_concept_id"): ("place of service", "진료 장소"),
    **_own(
        condition_type_concept_id=_RECORD, death_type_concept_id=_RECORD, device_type_concept_id=_RECORD,
        drug_type_concept_id=_RECORD, measurement_type_concept_id=_RECORD, observation_type_concept_id=_RECORD,
        period_type_concept_id=_RECORD, procedure_type_concept_id=_RECORD, specimen_type_concept_id=_RECORD,
        visit_type_concept_id=_RECORD, visit_detail_type_concept_id=_RECORD,
        episode_type_concept_id=("kind of episode", "에피소드 구분"),
        condition_occurrence_count=("number of diagnoses in the era", "기간 안의 진단 횟수"),
        drug_exposure_count=("number of exposures in the era", "기간 안의 처방·투여 횟수"),
        gap_days=("days without supply in the era", "기간 안의 공백 일수"),
        stop_reason=("reason for stopping", "중단 사유"), condition_status_concept_id=("status of the diagnosis", "진단 상태"),
        unique_device_id=("device identifier", "의료기기 식별자"), quantity=("quantity", "수량"),
        unit_concept_id=("unit", "단위"), dose_value=("dose", "용량"), refills=("refills", "재처방 횟수"),
        days_supply=("days of supply", "처방 일수"), route_concept_id=("route", "투여 경로"),
        lot_number=("lot number", "제조 번호"), episode_number=("number of the episode", "에피소드 번호"),
        episode_object_concept_id=("object of the episode", "에피소드 대상"), operator_concept_id=("operator", "비교 기호"),
        value_as_number=("value", "값"), value_as_string=("text", "문자 값"), value_as_concept_id=("result", "결과"),
        range_low=("lower normal limit", "정상 하한"), range_high=("upper normal limit", "정상 상한"),
        qualifier_concept_id=("qualifier", "한정어"), modifier_concept_id=("modifier", "수식어"),
        anatomic_site_concept_id=("anatomic site", "해부학적 부위"), disease_status_concept_id=("disease status", "질병 상태"),
        specimen_source_id=("source identifier", "원천 식별자"),
        payer_concept_id=("payer", "보험자"), plan_concept_id=("plan", "보험 상품"), sponsor_concept_id=("sponsor", "보험료 부담자"),
        stop_reason_concept_id=("reason for the end", "종료 사유"), payer_source_concept_id=("payer's source code", "보험자 원천 코드"),
        plan_source_concept_id=("plan's source code", "보험 상품 원천 코드"),
        sponsor_source_concept_id=("sponsor's source code", "보험료 부담자 원천 코드"),
        stop_reason_source_concept_id=("source code of the reason for the end", "종료 사유 원천 코드"),
    ),
}  # fmt: skip

# Units that numbers carry: (after a number in English, singular and plural; in Korean).
UNITS: Mapping[Operand, tuple[str, str, str]] = {
    Value("duration"): (" day", " days", "일"),
    Value("age_at_start"): (" year", " years", "세"),
    Value("age_at_end"): (" year", " years", "세"),
    Column("event", "days_supply"): (" day", " days", "일"),
    Column("event", "gap_days"): (" day", " days", "일"),
    Column("event", "refills"): ("", "", "회"),
    Column("event", "condition_occurrence_count"): ("", "", "회"),
    Column("event", "drug_exposure_count"): ("", "", "회"),
    Value("ratio_to_low"): (" times", " times", "배"),
    Value("ratio_to_high"): (" times", " times", "배"),
}

# What the author wrote, where that is not what is looked at, or where nothing is: attribute -> words.
WRITTEN: Mapping[str, Pair] = {
    "age": _AGE_AT_START, "age_at_start": _AGE_AT_START, "age_at_end": _AGE_AT_END, "visit_type": _VISIT,
    "occurrence_start_date": START, "occurrence_end_date": END, "era_start_date": START, "era_end_date": END,
    "period_start_date": START, "period_end_date": END, "episode_start_date": START, "episode_end_date": END,
    "visit_detail_start_date": START, "visit_detail_end_date": END, "start_date": START, "end_date": END,
    "gap_days": OPERANDS[Column("event", "gap_days")], "era_length": _LENGTH,
    "gender": ("sex", "성별"), "race": ("race", "인종"), "ethnicity": ("ethnicity", "민족"),
    "effective_drug_dose": ("effective dose", "유효 용량"), "dose_unit": ("dose unit", "용량 단위"),
    "place_of_service_location": ("region of the place of service", "진료 장소의 지역"), "specimen_source_concept": _SOURCE,
}  # fmt: skip

SOURCE_CODE: Pair = _SOURCE

# What an occurrence count can be distinct by.
COUNTED: Mapping[str, Pair] = {
    "DAYS_SUPPLY": ("days of supply", "처방 일수"),
    "DOMAIN_CONCEPT": ("concepts", "개념"),
    "DOMAIN_SOURCE_CONCEPT": ("source codes", "원천 코드"),
    "DURATION": ("lengths", "기간"),
    "END_DATE": ("end dates", "종료일"),
    "ERA_OCCURRENCES": ("numbers of occurrences in the era", "기간 안의 발생 횟수"),
    "GAP_DAYS": ("days without supply", "공백 일수"),
    "QUANTITY": ("quantities", "수량"),
    "RANGE_HIGH": ("upper normal limits", "정상 상한"),
    "RANGE_LOW": ("lower normal limits", "정상 하한"),
    "REFILLS": ("numbers of refills", "재처방 횟수"),
    "START_DATE": ("start dates", "시작일"),
    "UNIT": ("units", "단위"),
    "VALUE_AS_NUMBER": ("values", "값"),
    "VISIT_ID": ("visits", "방문"),
    "VISIT_DETAIL_ID": ("visit details", "세부 방문"),
}

# Concepts that nearly every definition names.
CONCEPTS: Mapping[int, Pair] = {8507: ("male", "남성"), 8532: ("female", "여성")}


def pick(pair: Pair, lang: Lang) -> str:
    """The word in this language."""
    return pair[lang == "ko"]
