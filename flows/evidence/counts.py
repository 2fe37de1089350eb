"""Attrition, Table 1 and balance, as the package tells them: a suppressed count is None here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from drb.evidence import Light, Part, Point, Said, Table

# What the reports call by one word, as people read it; names of covariates of a study's own stay as they are.
WORDS: Mapping[str, Said] = {
    "case": Said(ko="환자군", en="case"),
    "control": Said(ko="대조군", en="control"),
    "people": Said(ko="사람", en="people"),
    "age": Said(ko="나이", en="age"),
    "sex": Said(ko="성별", en="sex"),
    "female": Said(ko="여", en="female"),
    "male": Said(ko="남", en="male"),
    "index_year": Said(ko="기준 연도", en="index year"),
}
LIMIT = 0.1  # the usual limit of a standardised mean difference


def worded(name: str) -> Said | str:
    """A report's word in both languages, or as it stands."""
    return WORDS.get(name, name)


def _count(text: str) -> str | int | None:
    if text == "*":
        return None
    plain = text.replace(",", "")
    return int(plain) if plain.isdecimal() else text


def attrition(rows: Sequence[dict[str, str]]) -> Part:
    """People left at each step, cases and controls."""
    if not rows:
        return Part(light=Light.GREY, missing=Said(ko="선정 과정 자료가 없습니다.", en="There is no attrition."))
    head = (
        Said(ko="역할", en="role"),
        Said(ko="단계", en="step"),
        Said(ko="규칙", en="rule"),
        Said(ko="사람", en="people"),
    )
    lines = tuple((worded(row["role"]), int(row["step"]), row["rule"], _count(row["people"])) for row in rows)
    return Part(light=Light.GREEN, tables=(Table(title=Said(ko="선정 과정", en="Attrition"), head=head, rows=lines),))


def table1(rows: Sequence[dict[str, str]], balance: Sequence[dict[str, str]]) -> Part:
    """Table 1, and the love plot's points."""
    if not rows:
        return Part(light=Light.GREY, missing=Said(ko="기초 특성 자료가 없습니다.", en="There is no Table 1."))
    head = (
        Said(ko="특성", en="covariate"),
        Said(ko="수준", en="level"),
        Said(ko="환자군", en="cases"),
        Said(ko="대조군", en="controls"),
    )
    lines = tuple(
        (worded(row["covariate"]), worded(row["level"]), _count(row["cases"]), _count(row["controls"])) for row in rows
    )
    points = tuple(
        Point(
            name=f"{row['covariate']} {row['level']}".strip(),
            before=_smd(row["smd_before"]),
            after=_smd(row["smd_after"]),
        )
        for row in balance
    )
    worst = max((abs(point.after) for point in points if point.after is not None), default=0.0)
    said = Said(
        ko=f"추출 후 가장 큰 표준화 평균차 {worst:.3f} (통상 한계 {LIMIT})",
        en=f"Largest standardised mean difference after the draw {worst:.3f} (usual limit {LIMIT})",
    )
    table = Table(title=Said(ko="기초 특성", en="Table 1"), head=head, rows=lines)
    return Part(light=Light.AMBER if worst > LIMIT else Light.GREEN, said=(said,), tables=(table,), points=points)


def _smd(text: str) -> float | None:
    try:
        return round(float(text), 4)
    except ValueError:
        return None
