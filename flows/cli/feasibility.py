"""naru feasibility: counts after disclosure control, from one hospital or all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli import show
from flows.cli.options import Json, StudyFile

if TYPE_CHECKING:
    from flows.feasibility import Answer

BAR = 24


def feasibility(
    study: StudyFile,
    site: Annotated[str, typer.Option("--site", help="A registered hospital, or 'all'.")] = "all",
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
        asked, answers = ask(home().make(), study, site)
    if as_json:
        show.as_json({"study": asked.id, "sites": [answer.to_json() for answer in answers]})
        return
    show.title(getattr(asked.spec.title, spoken))
    overview(answers, spoken)
    if len(answers) == 1 and answers[0].counts:
        details(answers[0], spoken)


def overview(answers: list[Answer], lang: str) -> None:
    """One line a hospital: eligible cases and controls, expected draw, whether it is enough."""
    heads = {
        "ko": ("병원", "환자군", "대조군", "예상 사례", "예상 대조", "충분"),
        "en": ("hospital", "cases", "controls", "expected cases", "expected controls", "enough"),
    }
    yes = {"ko": {True: "예", False: "아니오", None: "?"}, "en": {True: "yes", False: "no", None: "?"}}[lang]
    rows, notes = [], []
    for answer in answers:
        name = getattr(answer.site.name, lang)
        if answer.counts is None:
            rows.append((name, "-", "-", "-", "-", "-"))
            notes.append(f"{name}: {answer.why_not}")
            continue
        c = answer.counts
        rows.append(
            (name, c.eligible["case"].text, c.eligible["control"].text, c.sets.text, c.pairs.text, yes[c.enough()])
        )
    show.table(heads[lang], rows)
    counted = next((a.counts for a in answers if a.counts), None)
    if counted:
        show.text(counted.to_json()["note"][lang])
    for note in notes:
        show.text(note)


def details(answer: Answer, lang: str) -> None:
    """Every count of one hospital, with bars."""
    assert answer.counts is not None
    section = None
    for row in answer.counts.rows(lang):
        if row["section"] != section:
            section = row["section"]
            show.title(section)
        bar = "" if row["bar"] is None else "█" * max(1 if row["bar"] else 0, round(row["bar"] * BAR))
        show.text(f"  {bar:<{BAR}} {row['text']:>10}  {row['label']}")
