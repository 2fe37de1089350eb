"""Is a hospital's database ready for a study?"""

from __future__ import annotations

from quality.checks.declaration import Check

CHECKS = (
    Check(
        "readiness.table_exists", "block", 0,
        "The tables that the study reads exist.",
        "연구가 읽는 표가 있다.",
        "Without the table the study cannot run here.",
        "이 표가 없으면 연구를 실행할 수 없다.",
    ),
    Check(
        "readiness.column_exists", "block", 0,
        "The required columns of these tables exist.",
        "해당 표의 필수 열이 있다.",
        "A required column is part of every query.",
        "필수 열은 모든 질의에 쓰인다.",
    ),
    Check(
        "readiness.optional_column_exists", "warn", 0,
        "The optional columns that the study reads exist.",
        "연구가 읽는 선택 열이 있다.",
        "A column that is missing is empty in the release.",
        "없는 열은 반출본에서 비어 있게 된다.",
    ),
    Check(
        "readiness.table_not_empty", "warn", 1,
        "The tables that the study reads have rows.",
        "연구가 읽는 표에 행이 있다.",
        "An empty table means that the hospital does not record this.",
        "빈 표는 병원이 해당 자료를 기록하지 않는다는 뜻이다.",
        bound="at_least",
    ),
    Check(
        "readiness.column_filled", "warn", 0.01,
        "The columns that the study reads hold values.",
        "연구가 읽는 열에 값이 있다.",
        "A column without any value adds nothing.",
        "값이 전혀 없는 열은 쓸모가 없다.",
        unit="percent", bound="at_least",
    ),
    Check(
        "readiness.required_filled", "block", 0,
        "Required columns are always filled.",
        "필수 열에 빈 값이 없다.",
        "The CDM promises a value there.",
        "CDM은 이 열에 값이 있음을 전제한다.",
    ),
    Check(
        "readiness.one_source_row", "block", 0,
        "The table cdm_source has exactly one row.",
        "cdm_source 표에 정확히 한 행이 있다.",
        "It says which release of which database this is.",
        "어떤 데이터베이스의 어느 배포본인지 알려 준다.",
    ),
    Check(
        "readiness.person_resolves", "block", 0,
        "Every row belongs to a person of the database.",
        "모든 행이 데이터베이스의 사람에 속한다.",
        "A row of nobody is lost to every cohort.",
        "주인이 없는 행은 어느 대상군에도 들지 못한다.",
    ),
    Check(
        "readiness.dates_plausible", "warn", 1,
        "Events lie between 1900 and the end of the release year.",
        "사건이 1900년과 배포 연도 말 사이에 있다.",
        "Anything else is a placeholder or a wrong entry.",
        "그 밖의 날짜는 임시값이거나 입력 오류이다.",
        unit="percent",
    ),
    Check(
        "readiness.not_before_birth", "warn", 1,
        "Nothing happens before the year of birth.",
        "출생연도보다 앞선 사건이 없다.",
        "Events before birth belong to somebody else.",
        "출생 전의 사건은 다른 사람의 것일 수 있다.",
        unit="percent",
    ),
    Check(
        "readiness.times_recorded", "block", 50,
        "Where the study needs hours, rows have a time of day (not empty, not midnight).",
        "시각이 필요한 표의 행에 시각이 있다(비었거나 자정이 아니다).",
        "Many databases hold the date only, and a prediction within hours cannot be learnt from it.",
        "날짜만 있는 데이터베이스로는 시간 단위 예측을 학습할 수 없다.",
        unit="percent",
    ),
    Check(
        "readiness.concepts_known", "block", 0,
        "The vocabulary knows the concepts that the study names.",
        "연구가 지정한 개념이 용어집에 있다.",
        "An unknown concept silently selects nobody.",
        "없는 개념은 아무도 선택하지 못한다.",
    ),
)  # fmt: skip
