"""naru draw: cases and matched controls from a cohort, without the rest of a study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli import show
from flows.cli.options import Json

if TYPE_CHECKING:
    from flows.draw_run import Drawn


def draw(
    cohorts: Annotated[
        list[str],
        typer.Argument(
            metavar="COHORT..",
            help="A Parquet file with role, subject_id, cohort_start_date, cohort_end_date; or case=FILE control=FILE, "
            "each as `naru cohort run` writes it.",
            show_default=False,
        ),
    ],
    spec: Annotated[Path, typer.Option("--spec", help="A study file, or a YAML file of the keys of its `draw`.")],
    out: Annotated[
        Path, typer.Option("--out", help="The Parquet file to write: person_id, role, index_date, set_id, weight.")
    ],
    source: Annotated[
        str | None, typer.Option("--source", help="The CDM's address (see: naru site add --help).")
    ] = None,
    site: Annotated[str | None, typer.Option("--site", help="A registered hospital, in place of --source.")] = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="Also write exact counts (JSON), for inside the hospital only.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Also write the draw on one page, as a package has it.")
    ] = None,
    lang: Annotated[str | None, typer.Option("--lang", help="ko or en; default: the locale's.")] = None,
    as_json: Json = False,
) -> None:
    """Draw matched cases and controls: Table 1, how many were matched, and why others were not.

    What is shown has passed disclosure control (threshold 10, or the hospital's stricter one).
    """
    from flows import draw_run
    from flows.files import appearing, checked_output
    from flows.home import home
    from flows.prose import language

    spoken = language(lang)
    if html is not None:
        checked_output(html, ".html")
    with show.steps(as_json):
        place = draw_run.Place.of(home(), source, site)
        drawn = draw_run.run(place, home(), cohorts, spec, out, report)
    if html is not None:
        with appearing(html) as fresh:
            fresh.write_text(_page(drawn, spoken), encoding="utf-8")
    if as_json:
        show.as_json(drawn.to_json())
    else:
        _tell(drawn, spoken)


def _page(drawn: Drawn, lang: str) -> str:
    from cohorts.draw.evidence import page
    from cohorts.draw.words import WORDS

    wanted = {"case": drawn.spec.cases, "control": drawn.spec.controls}
    return page(f"{WORDS[lang]['draw']}: {drawn.out.stem}", drawn.released, wanted, drawn.threshold, lang)


def _tell(drawn: Drawn, lang: str) -> None:
    from cohorts.disclosure import NOTES
    from cohorts.draw.evidence import numbers, table1_heads, table1_lines, unmatched_lines
    from cohorts.draw.prose import describe
    from cohorts.draw.words import WORDS, note

    say = WORDS[lang]
    show.text(str(drawn.out))
    show.text(describe(drawn.spec, lang))
    show.title(say["draw"])
    wanted = {"case": drawn.spec.cases, "control": drawn.spec.controls}
    show.table((say["people"], say["cases"], say["controls"]), numbers(drawn.released, wanted, lang))
    if drawn.matched is not None:
        show.text(f"{say['matched']}: {drawn.matched:.1%}")
    for sentence in drawn.exact["notes"]:
        show.text(note(sentence, lang))
    show.title(say["table1"])
    show.table(table1_heads(lang), table1_lines(drawn.released, lang))
    show.title(say["unmatched"])
    heads, rows = unmatched_lines(drawn.released.unmatched, lang)
    if rows:
        show.table(heads, rows)
    else:
        show.text(say["all matched"])
    show.text(NOTES[lang].format(threshold=drawn.threshold))
