"""docs/reference/baseline-checks.{en,ko}.md: what `naru quality baseline` asks, from the declarations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from cdm.schema import VERSIONS
from docs.from_code.markdown import page, table
from quality.baseline.declared import TYPES, Check, everything
from quality.baseline.report import CATEGORIES, SEVERITIES

Language = Literal["en", "ko"]
# Types whose every check would be a line of its own; the tables below show the others field by field.
TOO_MANY = frozenset(
    {"cdmTable", "cdmField", "measureValueCompleteness", "isRequired", "cdmDatatype", "plausibleGender"}
)

WORDS = {
    "en": {
        "title": "# What `naru quality baseline` checks",
        "lead": "Every check of OHDSI's DataQualityDashboard 2.8, with the same numerators, denominators and verdicts, by its own "
        "names. A check fails when 100 × violating / all is greater than its threshold; a threshold of 0 tolerates no row. It "
        "is not applicable when its table, field or concept is missing or empty.",
        "run": "```\nnaru quality baseline --source 'duckdb:///data/cdm.duckdb?schema=cdm' --out quality/\n```\n\n"
        "`baseline.html` is for people, `results.json` opens in the dashboard's own viewer, `baseline.json` is for programs and for "
        "the next run, which tells what is new, persisting and resolved, and which shares moved by more than 5 "
        "points, and which tables lost or gained many rows. Tables in which not one value changed are not counted again "
        "(`--whole` counts everything). With `--study FILE` the run tells whether a study's concepts, units, columns and hours are "
        "populated here, with `--data-docs` it is validated by Great Expectations in `quality/gx/data_docs`. The command ends with 1 "
        "where a check fails that nobody waived.\n\n![The report](../images/quality/baseline.en.png)\n\n"
        "Each failure leads to what is behind it: the concepts and years that its rows are of, and, for units and values, how the "
        "values are spread in each unit. A concept, a year or a range of values is told when ten people or more are in it, and so "
        "much of the rest is held back that no subtraction tells it; `<10` stands for counts from 1 to 9, while `baseline.json` is "
        "exact. `--no-behind` does without, and saves the look-up.\n\n![What is behind a failure](../images/quality/behind.en.png)\n\n"
        "![Mapping by table, people by month](../images/quality/glance.en.png)\n\n"
        "[Which mistakes are caught](../explanation/seeded-faults.md), measured.",
        "types": "## Kinds of checks",
        "own": "The last six the dashboard does not ask; they are left out of `results.json`. `unitMixUp` counts results that are odd "
        "as they stand (beyond life, or three times above or below what is usual) and would be near the usual one in another unit "
        "of the same measurement. `timeOfDay` tells a study that needs hours whether there are any. Mapping coverage is told twice: "
        "weighted by rows (`standardConceptRecordCompleteness`) and each code once (`sourceValueCompleteness`).",
        "thresholds": "## Other thresholds, and waivers",
        "settings": "`--thresholds FILE` may be given again: the site's file first, then the study's, whose entries count over it. "
        "What an entry leaves out (table, field, concept) is any.\n\n```yaml\nthresholds:\n"
        "  - {check: measurePersonCompleteness, table: visit_occurrence, threshold: 50}\n"
        "  - {check: plausibleUnitConceptIds, table: measurement, concept: 3004410, threshold: 1}\n```\n\n"
        "`--waivers FILE` (with `--site` and `--as`) accepts failures until a day; after it they count again. A waiver that accepts "
        "a failure is recorded in the hospital's chain of the ledger, its words sealed.\n\n```yaml\nwaivers:\n"
        "  - {check: isRequired, table: visit_detail, field: visit_occurrence_id, name: data team 2026-03,\n"
        "     reason: outpatient details have no visit, expiry: 2026-12-31}\n```",
        "differs": "## Where the figures differ from the dashboard's",
        "differences": "- **Negative whole numbers** are whole numbers. With SqlRenders that looked at digits alone the "
        "dashboard counted them in `cdmDatatype`.\n- **Numbers kept as text or decimals** are read as numbers where every "
        "value can be; a blank text is no "
        "value. The dashboard compares them as they stand.\n- **`person` without `birth_datetime`**, or `concept_id` fields without a "
        "source value beside them, do not stop a check; the dashboard reports an error.\n- Tables of cohorts are not part of the "
        "database that is looked at.\n- `plausibleTemporalAfter`, `plausibleDuringLife` and "
        "`plausibleGender` have successors; the dashboard "
        "still runs both, and so does Naru.",
        "by_field": "## Thresholds by field",
        "by_field_lead": "Beside these, every field has `cdmField` (0), `measureValueCompleteness` (100; 0 where the CDM requires the "
        "field), required ones `isRequired` (0), whole numbers `cdmDatatype` (0).",
        "head": ("check", "where", "asks", "threshold, %"),
        "types_head": ("check", "kind", "counts", "5.3", "5.4", "instead"),
    },
    "ko": {
        "title": "# `naru quality baseline`이 점검하는 것",
        "lead": "OHDSI DataQualityDashboard 2.8의 모든 점검을 같은 이름, 같은 분자와 분모, 같은 판정으로 "
        "수행합니다. 100 × 위반 / 전체가 기준을 "
        "넘으면 불합격이며, 기준이 0이면 한 행도 허용하지 않습니다. 표나 열, 개념이 없거나 비어 있으면 해당 없음입니다.",
        "run": "```\nnaru quality baseline --source 'duckdb:///data/cdm.duckdb?schema=cdm' --out quality/\n```\n\n"
        "`baseline.html`은 사람이 읽고, `results.json`은 DataQualityDashboard의 화면에서 열리며, "
        "`baseline.json`은 프로그램과 다음 실행이 읽습니다. "
        "다음 실행은 새로 생긴 것, 계속되는 것, 해결된 것, 5%p 넘게 움직인 비율, 행이 크게 줄거나 는 표를 알려 줍니다. "
        "값이 하나도 바뀌지 않은 표는 다시 세지 않습니다(`--whole`이면 모두 셉니다). `--study FILE`은 연구의 개념, 단위, 열, 시각이 "
        "여기 있는지 알려 주고, `--data-docs`는 Great Expectations로도 검증해 `quality/gx/data_docs`에 남깁니다. "
        "유예되지 않은 불합격이 있으면 명령은 1로 끝납니다.\n\n![보고서](../images/quality/baseline.ko.png)\n\n"
        "불합격마다 무엇에서 비롯되었는지로 이어집니다. 위반한 행의 개념과 연도, 단위와 값의 점검이면 단위별 값의 분포입니다. 개념이나 "
        "연도, 값의 구간은 10명 이상일 때만 보이고, 나머지는 빼기로도 알 수 없게 함께 숨깁니다. 1부터 9까지의 수는 `<10`으로 적으며 "
        "`baseline.json`은 정확한 수를 담습니다. `--no-behind`를 주면 찾아보지 않아 그만큼 빠릅니다.\n\n"
        "![무엇에서 비롯되는가](../images/quality/behind.ko.png)\n\n![표별 매핑, 달별 사람 수](../images/quality/glance.ko.png)\n\n"
        "[어떤 오류를 잡는지](../explanation/seeded-faults.ko.md) 잰 결과도 있습니다.",
        "types": "## 점검의 종류",
        "own": "마지막 여섯 가지는 DataQualityDashboard에 없는 점검이며 `results.json`에는 넣지 않습니다. "
        "`unitMixUp`은 그대로는 이상하지만(생존 범위 밖이거나 "
        "흔한 값의 세 배 위아래) 같은 검사의 다른 단위로 읽으면 흔한 값에 가까운 결과를 셉니다. "
        "`timeOfDay`는 시각이 필요한 연구에 시각이 있는지 알려 줍니다. "
        "매핑 비율은 행으로 가중한 것(`standardConceptRecordCompleteness`)과 코드마다 한 번씩 센 "
        "것(`sourceValueCompleteness`) 두 가지입니다.",
        "thresholds": "## 다른 기준과 유예",
        "settings": "`--thresholds FILE`은 여러 번 쓸 수 있습니다. 병원의 파일 다음에 연구의 파일을 주면 "
        "연구의 값이 우선합니다. 적지 않은 항목(표, 열, "
        "개념)은 모두를 뜻합니다.\n\n```yaml\nthresholds:\n"
        "  - {check: measurePersonCompleteness, table: visit_occurrence, threshold: 50}\n"
        "  - {check: plausibleUnitConceptIds, table: measurement, concept: 3004410, threshold: 1}\n```\n\n"
        "`--waivers FILE`(`--site`, `--as`와 함께)은 정한 날까지 불합격을 받아들입니다. 그 뒤에는 다시 셉니다. 불합격을 "
        "받아들인 유예는 원장의 병원 사슬에 기록되고 글은 봉인됩니다.\n\n```yaml\nwaivers:\n"
        "  - {check: isRequired, table: visit_detail, field: visit_occurrence_id, name: 데이터팀 2026-03,\n"
        "     reason: 외래 상세에는 방문이 없음, expiry: 2026-12-31}\n```",
        "differs": "## DataQualityDashboard와 수가 다른 곳",
        "differences": "- **음의 정수**도 정수입니다. DataQualityDashboard는 숫자 글자만 보던 SqlRender에서 "
        "이를 `cdmDatatype`에서 세었습니다.\n"
        "- **글자나 소수로 저장된 수**는 모든 값이 수로 읽히면 수로 읽고, 빈 글자는 값이 없는 것으로 봅니다.\n"
        "- **`birth_datetime`이 없는 `person`**, 곁에 원천 값이 없는 개념 열이 있어도 점검은 이어집니다. "
        "DataQualityDashboard는 오류로 보고합니다.\n"
        "- 코호트 표는 보지 않습니다.\n"
        "- `plausibleTemporalAfter`, `plausibleDuringLife`, `plausibleGender`에는 후속 점검이 있습니다. "
        "DataQualityDashboard처럼 둘 다 수행합니다.",
        "by_field": "## 열마다의 기준",
        "by_field_lead": "이 밖에 모든 열에 `cdmField`(0)와 `measureValueCompleteness`(100, 필수 열은 0), "
        "필수 열에 `isRequired`(0), 정수 열에 "
        "`cdmDatatype`(0)이 있습니다.",
        "head": ("점검", "위치", "묻는 것", "기준, %"),
        "types_head": ("점검", "성격", "세는 것", "5.3", "5.4", "후속"),
    },
}


def baseline_checks(language: Language) -> str:
    """The page in one language."""
    words = WORDS[language]
    counts = {version: Counter(check.type for check in everything(version)) for version in VERSIONS}
    index = 0 if language == "en" else 1
    rows = [
        (
            f"`{kind.name}`",
            f"{CATEGORIES[kind.category][index]}, {SEVERITIES[kind.severity][index]}",
            kind.en if language == "en" else kind.ko,
            counts["5.3"][kind.name],
            counts["5.4"][kind.name],
            ", ".join(f"`{name}`" for name in kind.superseded_by.split(", ")) if kind.superseded_by else "",
        )
        for kind in TYPES.values()
    ]
    return page(
        str(words["title"]),
        str(words["lead"]),
        str(words["run"]),
        str(words["types"]),
        table(words["types_head"], rows),
        str(words["own"]),
        *(
            str(words[name])
            for name in ("thresholds", "settings", "differs", "differences", "by_field", "by_field_lead")
        ),
        table(words["head"], _fields(everything("5.4"))),
    )


def _fields(checks: Iterable[Check]) -> Iterable[tuple[object, ...]]:
    for check in checks:
        if check.type in TOO_MANY:
            continue
        place = ".".join(part for part in (check.table, check.field) if part)
        concept = f" {check.concept}" if check.concept else ""
        asks = "" if check.type.startswith("plausibleGender") else ", ".join(map(str, check.asks))
        yield (f"`{check.type}`", f"`{place}`{concept}", asks, f"{check.threshold:g}")
