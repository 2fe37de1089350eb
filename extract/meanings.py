"""What a column means, in English and Korean: by its name, or by what it points at and how it ends."""

from __future__ import annotations

from cdm import schema
from cdm.source import CdmVersion
from extract.relations import references

Meaning = tuple[str, str]

BY_NAME: dict[str, Meaning] = {
    "subject_id": ("pseudonym of the person; person_id of the other tables", "가명; 다른 표의 person_id"),
    "person_id": ("pseudonym of the person", "사람의 가명"),
    "site_id": ("the hospital", "병원"),
    "set_id": ("matched set: a case and its controls", "짝지은 집합: 환자군 한 명과 그 대조군"),
    "role": ("case or control", "환자군(case) 또는 대조군(control)"),
    "index_date": ("index date, shifted as all dates of the person", "기준일; 다른 날짜와 같은 폭으로 이동"),
    "weight": ("sampling weight: people it stands for", "표본 가중치: 대표하는 사람 수"),
    "year_of_birth": ("year of birth, generalised as the policy says", "출생 연도; 정책에 따라 범주화함"),
    "value_as_number": ("result as a number, in unit_concept_id", "수치 결과; 단위는 unit_concept_id"),
    "value_as_concept_id": ("result as a concept", "개념으로 나타낸 결과"),
    "value_as_string": ("result as text", "글로 나타낸 결과"),
    "operator_concept_id": ("operator of the result (<, >=)", "결과의 연산자 (<, >=)"),
    "unit_concept_id": ("unit of the number", "수치의 단위"),
    "range_low": ("lower end of the normal range", "정상 범위의 하한"),
    "range_high": ("upper end of the normal range", "정상 범위의 상한"),
    "quantity": ("quantity dispensed, used or done", "조제·사용·시행 수량"),
    "days_supply": ("days the drug was supplied for", "처방 일수"),
    "refills": ("refills after the first dispensing", "재조제 횟수"),
    "sig": ("how to take the drug, as written", "복용 지시 원문"),
    "dose_value": ("dose over the era", "투여 기간의 용량"),
    "gap_days": ("days inside the era without the drug", "투여 기간 중 약이 없던 날수"),
    "drug_exposure_count": ("exposures joined into the era", "기간으로 합쳐진 투여 건수"),
    "condition_occurrence_count": ("records joined into the era", "기간으로 합쳐진 진단 건수"),
    "note_text": ("text of the note", "기록 본문"),
    "note_title": ("title of the note", "기록 제목"),
}  # fmt: skip

BY_ENDING: tuple[tuple[str, Meaning], ...] = (
    (
        "_type_concept_id",
        ("where the record comes from (EHR, claim ...)", "기록의 출처 (전자의무기록, 청구 등)"),
    ),
    (
        "_source_concept_id",
        ("concept of the code that the hospital recorded", "병원이 기록한 원 코드의 개념"),
    ),
    ("_source_value", ("code or text as the hospital recorded it", "병원이 기록한 원 코드나 글")),
    ("_concept_id", ("OMOP concept; see codebook.parquet", "OMOP 개념; codebook.parquet 참조")),
    ("_start_date", ("first day, shifted", "시작일 (이동한 날짜)")),
    ("_end_date", ("last day, shifted", "종료일 (이동한 날짜)")),
    ("_start_datetime", ("start, shifted local time", "시작 시각 (이동한 현지 시각)")),
    ("_end_datetime", ("end, shifted local time", "종료 시각 (이동한 현지 시각)")),
    ("_date", ("day, shifted", "날짜 (이동한 날짜)")),
    ("_datetime", ("time, shifted local time", "시각 (이동한 현지 시각)")),
    ("_name", ("name", "이름")),
    ("_id", ("key of another record", "다른 기록의 열쇠")),
)

ELSE: Meaning = ("as OMOP CDM defines it", "OMOP CDM 정의에 따름")


def meaning(table: str, column: str, version: CdmVersion) -> Meaning:
    """Say what a column holds; (English, Korean)."""
    known = schema.tables(version).get(table)
    if column in BY_NAME:
        return BY_NAME[column]
    if known is not None:
        if column in known.primary_key:
            return "key of the row, a pseudonym", "행의 열쇠 (가명)"
        target = references(known, version).get(column)
        if target is not None:
            return f"row of {target[0]} that it belongs to", f"속한 {target[0]} 행"
    return next((said for ending, said in BY_ENDING if column.endswith(ending)), ELSE)
