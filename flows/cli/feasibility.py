"""naru feasibility: counts after disclosure control, from one hospital or all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli import show
from flows.cli.options import Json, StudyFile

if TYPE_CHECKING:
    from cohorts.feasibility import Feasibility
    from flows.feasibility import Answer

BAR, SHARE = 24, 12
HEADS = {
    "ko": ("병원", "환자군", "대조군", "예상 사례", "예상 대조", "원하는 환자군 대비", "충분"),
    "en": ("hospital", "cases", "controls", "expected cases", "expected controls", "of the cases wanted", "enough"),
}
YES: dict[str, dict[bool | None, str]] = {
    "ko": {True: "예", False: "아니오", None: "?"},
    "en": {True: "yes", False: "no", None: "?"},
}
WANTED = {
    "ko": "원하는 수: 환자군 {case:,}명, 대조군 {control:,}명",
    "en": "Wanted: {case:,} cases, {control:,} controls",
}


def feasibility(
    study: StudyFile,
    site: Annotated[str, typer.Option("--site", help="A registered hospital, or 'all'.")] = "all",
    round_to: Annotated[
        int | None, typer.Option("--round", min=2, max=1000, help="Tell multiples of this number only, e.g. 5 or 10.")
    ] = None,
    lang: Annotated[str | None, typer.Option("--lang", help="ko or en; default: the locale's.")] = None,
    as_json: Json = False,
) -> None:
    """How many cases and controls a hospital has. Small numbers, and whatever would give them away, are suppressed.

    Example: naru feasibility studies/gi_bleed/study.yaml --site all
    """
    from flows.feasibility import ask
    from flows.home import home
    from flows.prose import language

    spoken = language(lang)
    with show.steps(as_json):
        asked, answers = ask(home().make(), study, site, round_to)
    if as_json:
        show.as_json({"study": asked.id, "sites": [answer.to_json() for answer in answers]})
        return
    show.title(getattr(asked.spec.title, spoken))
    draw = asked.spec.draw
    show.text(WANTED[spoken].format(case=draw.cases, control=draw.controls))
    overview(answers, spoken)
    if len(answers) == 1 and answers[0].counts:
        details(answers[0].counts, spoken)


def overview(answers: list[Answer], lang: str) -> None:
    """One line a hospital: eligible cases and controls, expected draw, what part of the wanted cases it is, whether enough."""
    show.table(HEADS[lang], [_line(answer, lang) for answer in answers])
    counted = [(getattr(a.site.name, lang), a.counts.notes(lang)) for a in answers if a.counts]
    if len({tuple(told) for _, told in counted}) == 1:
        counted = [("", counted[0][1])]
    for name, told in counted:
        if told:
            show.text(f"{name}: {' '.join(told)}" if name else "\n".join(told))
    for answer in answers:
        if answer.counts is None:
            show.text(f"{getattr(answer.site.name, lang)}: {answer.why_not}")


def _line(answer: Answer, lang: str) -> tuple[str, ...]:
    name, c = getattr(answer.site.name, lang), answer.counts
    if c is None:
        return (name, *["-"] * 4, "", "-")
    most = "≤ " if c.upper_bound else ""
    expected = [most + count.text if count.value is not None else count.text for count in (c.sets, c.pairs)]
    share = _share(c.sets.value, c.wanted["case"])
    return (name, c.eligible["case"].text, c.eligible["control"].text, *expected, share, YES[lang][c.enough()])


def _share(cases: int | None, wanted: int) -> str:
    """A bar and a percentage of what is wanted; nothing where the number is withheld."""
    if cases is None:
        return ""
    part = min(cases / wanted, 1.0)
    return f"{bar(part, SHARE)} {part:4.0%}"


def bar(part: float, width: int) -> str:
    """A bar of the given width at most; what is not nothing has a block at least."""
    return f"{'█' * max(1 if part else 0, round(part * width)):<{width}}"


def details(counts: Feasibility, lang: str) -> None:
    """Every count of one hospital, with bars."""
    section = None
    for row in counts.rows(lang):
        if row["section"] != section:
            section = row["section"]
            show.title(section)
        show.text(f"  {bar(row['bar'] or 0.0, BAR)} {row['text']:>10}  {row['label']}")
