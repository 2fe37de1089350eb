"""docs/CHANGES.md: a comparison of versions in Korean and English."""

from __future__ import annotations

from collections.abc import Sequence

from cohorts.disclosure.cells import NOTES
from flows.changes_groups import CAME, LEFT, STAYED, Line
from flows.changes_rows import NOBODY
from flows.diff import CAUSES, OTHER_CAUSES, Changes

FIRST = "# CHANGES\n\n{version}: 첫 버전입니다. / The first version.\n"
ORDER = (
    "여러 원인이 함께 바뀌어, 이전 정의를 새 CDM에서 다시 실행해 나누었습니다. 한 사람은 이 순서에서 처음 해당하는 원인으로만 셉니다: "
    "동의 철회, CDM 갱신, 정의, 비식별. / Several causes changed together; the earlier definition was run again on the new CDM to tell "
    "them apart. A person counts once, under the first of: withdrawal, CDM refresh, definition, de-identification."
)
COUNTED = (
    (
        "들어오거나 빠진 사람의 행은 그 사람의 원인으로 셉니다.",
        "Rows of people who came or left count under their cause.",
    ),
    (
        "두 버전에 모두 있는 사람의 행은 그 행을 바꿀 수 있었던 원인으로 셉니다. +로 이은 원인은 나눌 수 없습니다.",
        "Rows of people in both versions count under what can have changed them; causes with + between cannot be told apart.",
    ),
    (
        "용어집이 바뀌었으면 개념 ID만 달라진 행은 용어집으로 셉니다.",
        "Where the vocabulary changed, a row that differs in concept ids alone counts under it.",
    ),
    (
        "비식별 정책이 다르게 다루는 열만 달라진 행은 정책으로 셉니다.",
        "A row that differs alone in columns that the policy treats in another way counts under the policy.",
    ),
    (
        "함께 있는 사람이 달라지면 드문 코드와 사람 정보를 다르게 일반화합니다(비식별 처리).",
        "Among other people rare codes and what is said of a person are generalised in another way (de-identification).",
    ),
    (
        "사람이 적은 줄은 뺐고, 사람이 적은 원인은 다른 원인과 함께 적었습니다.",
        "Lines of few people are left out, and a cause of few people is told together with others.",
    ),
)
WHO = {
    CAME: "들어온 사람 / came",
    LEFT: "빠진 사람 / left",
    STAYED: "두 버전 모두 / in both",
    NOBODY: "사람 없음 / nobody",
}


def first(version: str) -> str:
    """What the first version's file says."""
    return FIRST.format(version=version)


def markdown(changes: Changes) -> str:
    """Write the comparison, the shortest answer first."""
    text = [*_head(changes), *_people(changes)]
    rows = [(table, WHO[who], _cause(cause), *counts) for table, who, cause, *counts in changes.rows_by_cause]
    columns = [(what, change, _cause(cause)) for what, change, cause in changes.columns]
    codes = [(*line, _of_code(changes.codes_by_cause, line)) for line in changes.codes]
    values = [(*line, _of_value(changes.values_by_cause, line)) for line in changes.values]
    missing = [(*line, _of_value(changes.missing_by_cause, line)) for line in changes.missing]
    parts: Sequence[tuple[str, Line, Sequence[Line]]] = (
        ("표 / tables", ("table", "rows before", "rows after", "added", "removed", "people"), changes.tables),
        (
            "원인별 행 / rows by cause",
            ("table", "whose", "cause", "added", "of people", "removed", "of people"),
            rows,
        ),
        ("열 / columns", ("what", "change", "cause"), columns),
        ("코드 / codes", ("table", "concept_id", "change", "people before", "people after", "by cause"), codes),
        (
            "값 / values (mean moved by 0.2 SD or more)",
            ("table", "concept_id", "mean before", "mean after", "in both: before", "in both: after", "moved by"),
            values,
        ),
        (
            "빈 값 / missing values (share of rows moved by 0.05 or more)",
            ("table", "column", "share before", "share after", "in both: before", "in both: after", "moved by"),
            missing,
        ),
    )
    for title, head, lines in parts:
        if lines:
            text += ["", f"### {title}", "", *_table(head, lines)]
    if changes.codes_withheld:
        text += ["", f"{changes.codes_withheld:,} more codes changed, by fewer people or less than those above."]
    if changes.rows_by_cause or changes.codes_by_cause:
        text += ["", *(f"- {ko} / {en}" for ko, en in COUNTED)]
    notes = (NOTES[language].format(threshold=changes.threshold) for language in ("ko", "en"))
    return "\n".join([*text, "", *notes, ""])


def _head(changes: Changes) -> list[str]:
    return [
        "# CHANGES",
        "",
        f"## {changes.before} → {changes.after}",
        "",
        f"+{changes.people['added all']} / -{changes.people['removed all']} subjects: "
        + (", ".join(f"{n} {_cause(cause)}" for cause, n in changes.by_cause) or "0"),
        "",
        f"바뀐 것 / what changed: {', '.join(_cause(c) for c in changes.causes) or '없음 / nothing'}",
        "",
        *((ORDER, "") if changes.apart else ()),
    ]


def _people(changes: Changes) -> list[str]:
    people = changes.people
    kinds = ["before", "added", "removed", "stayed", "after"]
    roles = [*sorted({name.partition(" ")[2] for name in people if name.startswith("before ")} - {"all"}), "all"]
    lines = [(role, *(people.get(f"{kind} {role}", "-") for kind in kinds)) for role in roles]
    return _table(("people", *kinds), lines)


def _of_code(by_cause: Sequence[Line], code: Line) -> str:
    """Who newly carries a code and who no longer does, in one cell."""
    told = [
        f"{sign}{count} {WHO[who]}: {_cause(cause)}"
        for *key, who, cause, gained, lost in by_cause
        for sign, count in (("+", gained), ("-", lost))
        if tuple(key) == code[:2] and count != "0"
    ]
    return "; ".join(told)


def _of_value(by_cause: Sequence[Line], value: Line) -> str:
    return "; ".join(f"{WHO[who]}: {_cause(cause)}" for *key, who, cause in by_cause if tuple(key) == value[:2])


def _cause(name: str) -> str:
    said = {**{key: (ko, en) for key, (ko, en, _) in CAUSES.items()}, **OTHER_CAUSES}
    words = [f"{said[part][1]} ({said[part][0]})" if part in said else part for part in name.split(" + ")]
    return " + ".join(words)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]
