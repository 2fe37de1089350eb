"""docs/CHANGES.md: a comparison of versions in Korean and English."""

from __future__ import annotations

from collections.abc import Sequence

from cohorts.disclosure.cells import NOTES
from flows.diff import CAUSES, OTHER_CAUSES, Changes

FIRST = "# CHANGES\n\n{version}: 첫 버전입니다. / The first version.\n"
ORDER = (
    "여러 원인이 함께 바뀌어, 이전 정의를 새 CDM에서 다시 실행해 나누었습니다. 한 사람은 이 순서에서 처음 해당하는 원인으로만 셉니다: "
    "동의 철회, CDM 갱신, 정의, 비식별. / Several causes changed together; the earlier definition was run again on the new CDM to tell "
    "them apart. A person counts once, under the first of: withdrawal, CDM refresh, definition, de-identification."
)


def first(version: str) -> str:
    """What the first version's file says."""
    return FIRST.format(version=version)


def markdown(changes: Changes) -> str:
    """Write the comparison, the shortest answer first."""
    people = changes.people
    head = [
        "# CHANGES",
        "",
        f"## {changes.before} → {changes.after}",
        "",
        f"+{people['added all']} / -{people['removed all']} subjects: "
        + (", ".join(f"{n} {_cause(cause)}" for cause, n in changes.by_cause) or "0"),
        "",
        f"바뀐 것 / what changed: {', '.join(_cause(c) for c in changes.causes) or '없음 / nothing'}",
        "",
        *((ORDER, "") if changes.apart else ()),
    ]
    kinds = ["before", "added", "removed", "stayed", "after"]
    roles = [*sorted({name.partition(" ")[2] for name in people if name.startswith("before ")} - {"all"}), "all"]
    head += _table(
        ("people", *kinds), [(role, *(people.get(f"{kind} {role}", "-") for kind in kinds)) for role in roles]
    )
    parts = (
        ("표 / tables", ("table", "rows before", "rows after", "added", "removed", "people"), changes.tables),
        ("열 / columns", ("what", "change"), changes.columns),
        ("코드 / codes", ("table", "concept_id", "change", "people before", "people after"), changes.codes),
        (
            "값 / values (mean moved by 0.2 SD or more)",
            ("table", "concept_id", "mean before", "mean after"),
            changes.values,
        ),
    )
    for title, columns, rows in parts:
        if rows:
            head += ["", f"### {title}", "", *_table(columns, rows)]
    if changes.codes_withheld:
        head += ["", f"{changes.codes_withheld:,} more codes changed, by fewer people or less than those above."]
    head += ["", NOTES["ko"].format(threshold=changes.threshold), NOTES["en"].format(threshold=changes.threshold), ""]
    return "\n".join(head)


def _cause(name: str) -> str:
    said = {**{key: (ko, en) for key, (ko, en, _) in CAUSES.items()}, **OTHER_CAUSES}
    words = [f"{said[part][1]} ({said[part][0]})" if part in said else part for part in name.split(" + ")]
    return " + ".join(words)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]
