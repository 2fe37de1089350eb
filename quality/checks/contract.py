"""Is the release the tables that were promised, in the CDM's form?"""

from __future__ import annotations

from quality.checks.declaration import Check

CHECKS = (
    Check(
        "contract.tables_present", "block", 0,
        "Every extracted table that the policy lets out is in the release.",
        "정책상 반출 가능한 추출 표가 모두 반출본에 있다.",
        "A missing table makes the dataset silently incomplete.",
        "표가 빠지면 데이터가 눈에 띄지 않게 불완전해진다.",
    ),
    Check(
        "contract.nothing_else", "block", 0,
        "The folder holds nothing but the tables and their records.",
        "폴더에 정해진 표와 기록 외의 파일이 없다.",
        "A stray file leaves the hospital unchecked.",
        "예정에 없는 파일은 점검 없이 반출된다.",
    ),
    Check(
        "contract.columns", "block", 0,
        "Every column belongs to the table in this CDM version.",
        "모든 열이 해당 CDM 버전의 표에 정의되어 있다.",
        "A column outside the CDM has no rule in the policy.",
        "CDM에 없는 열에는 적용할 정책 규칙이 없다.",
    ),
    Check(
        "contract.types", "block", 0,
        "Every column has its CDM type.",
        "모든 열의 자료형이 CDM과 같다.",
        "Code written against the CDM breaks on another type.",
        "자료형이 다르면 CDM 기준의 분석 코드가 작동하지 않는다.",
    ),
    Check(
        "contract.required_filled", "block", 0,
        "A required column that the policy keeps is always filled.",
        "정책이 유지하는 필수 열에 빈 값이 없다.",
        "The CDM promises a value there.",
        "CDM은 이 열에 값이 있음을 전제한다.",
    ),
    Check(
        "contract.key_filled", "block", 0,
        "Every row has its key.",
        "모든 행에 기본 키가 있다.",
        "A row without a key cannot be referred to.",
        "키가 없는 행은 참조할 수 없다.",
    ),
    Check(
        "contract.key_unique", "block", 0,
        "No key occurs twice.",
        "기본 키가 중복되지 않는다.",
        "Two rows with one key multiply in every join.",
        "키가 중복되면 결합할 때 행이 불어난다.",
    ),
    Check(
        "contract.person_resolves", "block", 0,
        "Every row belongs to a person of the release.",
        "모든 행이 반출 대상자에 속한다.",
        "A row of somebody who was not drawn must not leave.",
        "추출되지 않은 사람의 행은 반출할 수 없다.",
    ),
    Check(
        "contract.references_kept", "block", 0,
        "A reference that resolves among the extracted rows resolves in the release.",
        "추출본에서 연결되는 참조는 반출본에서도 연결된다.",
        "Rewriting keys must not cut an event off its visit.",
        "키를 바꾸는 과정에서 사건과 방문의 연결이 끊겨서는 안 된다.",
    ),
    Check(
        "contract.references_resolve", "warn", 1,
        "References between rows resolve inside the release.",
        "행 사이의 참조가 반출본 안에서 연결된다.",
        "A dangling reference usually points at a visit outside the window.",
        "연결되지 않는 참조는 대개 추출 기간 밖의 방문을 가리킨다.",
        unit="percent", adjustable=True,
    ),
)  # fmt: skip
