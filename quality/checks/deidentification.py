"""Does the release hold only what the policy lets out, in the form that it prescribes?"""

from __future__ import annotations

from quality.checks.declaration import Check

CHECKS = (
    Check(
        "deidentification.rule_for_every_column", "block", 0,
        "Every released column has a rule that lets it out.",
        "반출된 모든 열에 반출을 허용하는 규칙이 있다.",
        "What has no rule must not leave.",
        "규칙이 없는 열은 반출할 수 없다.",
    ),
    Check(
        "deidentification.dropped_is_empty", "block", 0,
        "A column that the policy drops is absent or empty.",
        "정책이 제외하는 열은 없거나 비어 있다.",
        "The policy was approved; the file must obey it.",
        "승인된 정책을 파일이 그대로 따라야 한다.",
    ),
    Check(
        "deidentification.offset_not_zero", "block", 0,
        "Every person's dates are moved, by a whole number of days that is not zero.",
        "모든 대상자의 날짜가 0이 아닌 일수만큼 옮겨져 있다.",
        "An offset of zero shows real dates.",
        "이동 일수가 0이면 실제 날짜가 드러난다.",
    ),
    Check(
        "deidentification.offsets_differ", "block", 50,
        "Offsets differ between people.",
        "이동 일수가 사람마다 다르다.",
        "One offset for many people falls with the first date that somebody knows.",
        "여러 사람이 같은 이동 일수를 쓰면 날짜 하나만 알려져도 모두 드러난다.",
        unit="percent",
    ),
    Check(
        "deidentification.intervals_exact", "block", 0,
        "Every released date is the extracted date moved by its person's offset.",
        "반출된 모든 날짜는 추출된 날짜를 그 사람의 일수만큼 옮긴 것과 같다.",
        "Intervals between events carry the analysis; one wrong day is a wrong result.",
        "사건 사이의 간격이 분석의 바탕이므로 하루만 어긋나도 결과가 틀린다.",
    ),
    Check(
        "deidentification.person_key_new", "block", 0,
        "No pseudonym is the person's own number.",
        "가명이 그 사람의 원래 번호와 같지 않다.",
        "A source number joins the release to the hospital's systems.",
        "원래 번호가 남으면 병원 시스템과 연결된다.",
    ),
    Check(
        "deidentification.row_key_new", "block", 0,
        "No row keeps its own key.",
        "행이 원래의 키를 유지하지 않는다.",
        "A source key joins the row to the hospital's systems.",
        "원래 키가 남으면 병원 시스템의 행과 연결된다.",
    ),
    Check(
        "deidentification.person_order_hidden", "block", 0,
        "The order of pseudonyms says nothing about the order of the source's person numbers.",
        "가명의 순서로 원래 번호의 순서를 알 수 없다.",
        "An order that survives gives the mapping away.",
        "순서가 유지되면 대응 관계를 알아낼 수 있다.",
        unit="distance",
    ),
    Check(
        "deidentification.row_order_hidden", "block", 0,
        "The order of row keys says nothing about the order of the source's row keys.",
        "행 키의 순서로 원래 키의 순서를 알 수 없다.",
        "Source keys follow the order of admission.",
        "원래 키는 접수 순서를 따른다.",
        unit="distance",
    ),
    Check(
        "deidentification.file_order_hidden", "block", 0,
        "The order of people inside a file says nothing about the order of the source's person numbers.",
        "파일 안의 사람 순서로 원래 번호의 순서를 알 수 없다.",
        "A file sorted before the keys were replaced keeps the old order.",
        "키를 바꾸기 전에 정렬된 파일은 원래 순서를 간직한다.",
        unit="distance",
    ),
    Check(
        "deidentification.no_free_text", "block", 0,
        "No text column is released as the hospital wrote it, unless the case approved it.",
        "승인된 경우가 아니면 병원이 적은 문자열 열은 반출되지 않는다.",
        "Free text may hold names and numbers.",
        "자유 서술문에는 이름과 번호가 들어 있을 수 있다.",
    ),
    Check(
        "deidentification.no_identifier_pattern", "block", 0,
        "No text value looks like a registration number, a telephone number or an e-mail address.",
        "등록번호, 전화번호, 전자우편 주소로 보이는 문자열이 없다.",
        "Identifiers hide in columns where nobody expects them.",
        "식별정보는 예상하지 못한 열에 숨어 있을 수 있다.",
    ),
    Check(
        "deidentification.k_anonymous", "block", 0,
        "Nobody is described like fewer than k people of the release.",
        "k명 미만이 공유하는 특성의 조합을 가진 대상자가 없다.",
        "The files themselves are counted, not the record of how they were made.",
        "처리 기록이 아니라 파일 자체를 세어 확인한다.",
    ),
    Check(
        "deidentification.linkage_limited", "block", 0,
        "Three known events single out no more people than the policy allows.",
        "사건 세 건을 아는 공격자가 가려내는 사람의 비율이 정책의 한도를 넘지 않는다.",
        "Moved dates alone do not stop somebody who knows a few events.",
        "날짜를 옮기는 것만으로는 몇 가지 사건을 아는 사람을 막지 못한다.",
        unit="distance",
    ),
)  # fmt: skip
