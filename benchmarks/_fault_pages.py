"""The pages that tell how many mistakes are caught, in two languages."""

from __future__ import annotations

from collections import Counter
from typing import Any

WORDS = {
    "en": {
        "title": "Seeded faults: what the baseline checks catch",
        "made": "Made by `python -m benchmarks.faults --docs docs/explanation`; do not edit.",
        "intro": (
            "{kinds} kinds of mistakes, each put into {hospitals} synthetic hospitals of {persons:,} people ({names}) and looked "
            "at with `naru quality baseline` ({checks:,} checks). *At first sight*: a check fails that does not fail on the sound "
            "database. *Against the last run*: also by a share that moved by more than 5 points, or a table that lost more than "
            "2 % or gained more than 25 % of its rows."
        ),
        "recall": (
            "Caught at first sight: {first} of {tries} ({first_share:.0%}); "
            "against the last run: {last} of {tries} ({last_share:.0%})."
        ),
        "head": ("mistake", "what was done", "at first sight", "against the last run", "by"),
        "missed": "Not caught at first sight",
        "missed_intro": "These leave every rule of the CDM intact; most of them show only beside an earlier state, or not at all:",
        "none": "Nothing.",
        "clean": "What fails on sound databases",
        "clean_intro": (
            "At {own} of these places a check of our own fails that should not. The others are true of these hospitals: they "
            "leave optional concepts and source concepts unmapped, as real ones do."
        ),
        "clean_head": ("check", "hospitals"),
        "moved": "shares and sizes",
        "seen": "only against the last run",
        "never": "not at all",
    },
    "ko": {
        "title": "심은 오류: 기준 점검이 잡아내는 것",
        "made": "`python -m benchmarks.faults --docs docs/explanation`로 만들었습니다. 고치지 마십시오.",
        "intro": (
            "오류 {kinds}가지를 합성 병원 {hospitals}곳({names}, 각 {persons:,}명)에 하나씩 심고 `naru quality baseline`"
            "(점검 {checks:,}건)으로 살폈습니다. *첫눈에*: 온전한 데이터베이스에서는 합격하던 점검이 불합격이 됩니다. *지난 실행과 "
            "견주어*: 비율이 5%p 넘게 움직이거나 표의 행이 2% 넘게 줄거나 25% 넘게 늘어도 잡은 것으로 셉니다."
        ),
        "recall": "첫눈에 {tries}건 가운데 {first}건({first_share:.0%}), 지난 실행과 견주어 {last}건({last_share:.0%})을 잡았습니다.",
        "head": ("오류", "한 일", "첫눈에", "지난 실행과 견주어", "잡은 점검"),
        "missed": "첫눈에 잡지 못하는 것",
        "missed_intro": "CDM의 규칙을 어기지 않는 오류입니다. 대부분 앞선 상태와 견주어야 드러나고, 끝내 드러나지 않는 것도 있습니다:",
        "none": "없음.",
        "clean": "온전한 데이터베이스에서 불합격하는 것",
        "clean_intro": (
            "이 가운데 {own}곳은 우리 점검이 잘못 잡은 것입니다. 나머지는 이 병원들의 실제 모습으로, 실제 병원처럼 선택 개념과 원천 "
            "개념을 매핑하지 않고 남겨 둡니다."
        ),
        "clean_head": ("점검", "병원 수"),
        "moved": "비율과 행 수",
        "seen": "지난 실행과 견주어야 보임",
        "never": "보이지 않음",
    },
}  # fmt: skip
OWN = ("unitMixUp", "valueWithinLimits", "monthsWithoutRows", "timeOfDay", "dateOfTime", "visitOfAnother")


def page(found: dict[str, Any], lang: str) -> str:
    """One page as Markdown."""
    words: dict[str, Any] = WORDS[lang]
    kinds = found["kinds"]
    tries = sum(one["hospitals"] for one in kinds)
    first, last = sum(one["first"] for one in kinds), sum(one["against_last"] for one in kinds)
    lines = [
        f"# {words['title']}", "", words["made"], "",
        words["intro"].format(
            kinds=len(kinds), hospitals=len(found["hospitals"]), persons=found["persons"], checks=found["checks"],
            names=", ".join(f"{name} {seed}" for name, seed in found["hospitals"].items()),
        ),
        "",
        words["recall"].format(first=first, last=last, tries=tries, first_share=first / tries, last_share=last / tries),
        "",
        *_table(words["head"], [_row(one, words, lang) for one in kinds]),
        "", f"## {words['missed']}", "", *_missed(kinds, words, lang),
        "", f"## {words['clean']}", "", *_clean(found["clean"], words),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _row(one: dict[str, Any], words: dict[str, Any], lang: str) -> tuple[str, ...]:
    by = ", ".join(f"`{name}`" for name in one["by"]) or (words["moved"] if one["also"] else "–")
    return (
        one["kind"], one[lang], f"{one['first']}/{one['hospitals']}", f"{one['against_last']}/{one['hospitals']}", by,
    )  # fmt: skip


def _missed(kinds: list[dict[str, Any]], words: dict[str, Any], lang: str) -> list[str]:
    missed = [one for one in kinds if one["first"] < one["hospitals"]]
    if not missed:
        return [words["none"]]
    return [
        words["missed_intro"],
        "",
        *(
            f"- {one['kind']} ({one[lang]}): {words['seen'] if one['against_last'] == one['hospitals'] else words['never']}"
            for one in missed
        ),
    ]


def _clean(clean: dict[str, list[str]], words: dict[str, Any]) -> list[str]:
    places = Counter(key for keys in clean.values() for key in keys)
    own = sum(key.split(" ")[0] in OWN for key in places)
    rows = [(f"`{key}`", str(count)) for key, count in sorted(places.items())]
    return [words["clean_intro"].format(own=own), "", *_table(words["clean_head"], rows)]


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ("---",) * len(head), *rows)]
