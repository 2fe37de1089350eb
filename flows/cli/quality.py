"""naru quality: is a hospital's baseline database sound?"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from flows.cli import show
from flows.cli.codes import Found
from flows.cli.options import Actor, Json, acting
from flows.cli.site import SOURCE

if TYPE_CHECKING:
    from quality.baseline.run import Readiness

SHOWN = 20
app = typer.Typer(no_args_is_help=True, help="The quality of a baseline database.")


@app.callback()
def _quality() -> None:
    """Keep `baseline` a verb of its own, though it is the only one so far."""


@app.command(
    "baseline", epilog="Example: naru quality baseline --source 'duckdb:///data/cdm.duckdb?schema=cdm' --out quality/"
)
def baseline(
    out: Annotated[Path, typer.Option("--out", help="The folder for baseline.html, baseline.json and results.json.")],
    source: Annotated[str | None, typer.Option("--source", help=SOURCE)] = None,
    site: Annotated[str | None, typer.Option("--site", help="A registered hospital, instead of --source.")] = None,
    thresholds: Annotated[
        list[Path] | None,
        typer.Option(
            "--thresholds", help="YAML with other thresholds; again for a study's, which count over the site's."
        ),
    ] = None,
    waivers: Annotated[
        Path | None,
        typer.Option(
            "--waivers",
            help="YAML with failures that are accepted: name, reason, expiry. With --site; recorded in the board's ledger.",
        ),
    ] = None,
    actor: Actor = None,
    study: Annotated[
        Path | None,
        typer.Option(
            "--study", help="A study file: are its concepts, units, columns and hours populated here as well?"
        ),
    ] = None,
    last: Annotated[
        Path | None,
        typer.Option(
            "--last", help="A former baseline.json to compare with; default: the one that --out holds already."
        ),
    ] = None,
    day: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], help="The day that counts as today; default: today."),
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="Count everything again, also tables that have not changed since then.")
    ] = False,
    data_docs: Annotated[
        bool, typer.Option("--data-docs", help="Also validate with Great Expectations: OUT/gx/data_docs/index.html.")
    ] = False,
    behind: Annotated[
        bool,
        typer.Option(
            "--behind/--no-behind",
            help="Look up which concepts, years and values are behind each failure, for baseline.html.",
        ),
    ] = True,
    as_json: Json = False,
) -> None:
    """Every check of OHDSI's DataQualityDashboard, with its figures, and whether a study can be asked here.

    Ends with 1 where a check fails that nobody waived, or something keeps the study from being asked.

    baseline.html is for people, results.json opens in the dashboard's own viewer. What failed is told as new, persisting or
    resolved against the last run, whose figures are taken over for tables in which not one value changed.
    """
    from flows import baseline as running
    from flows.home import home
    from quality.baseline.run import Options

    today = day.date() if day else date.today()  # noqa: DTZ011  # the hospital's own day
    options = Options(today, tuple(thresholds or ()), waivers, last, whole=whole)
    with show.steps(as_json):
        found, summary = running.baseline(
            home(), source, site, out, options, acting(actor) if waivers else None, study, data_docs, behind
        )
    if as_json:
        show.as_json({**summary, "out": str(out)})
    else:
        _tell(summary, out)
        failures = sorted(found.open_failures, key=lambda one: one.type.severity != "fatal")
        rows = [
            (one.type.severity, one.check.type, f"{one.check.table}.{one.check.field}".rstrip("."), one.check.concept,
             one.figure.violated, one.figure.rows, f"{one.percent:.4g} %", found.changes.get(one.check.key, ""))
            for one in failures[:SHOWN]
        ]  # fmt: skip
        if rows:
            show.table(("severity", "check", "where", "concept", "violating", "of", "share", "change"), rows)
        if len(failures) > SHOWN:
            show.text(f"and {len(failures) - SHOWN} more; see {out / 'baseline.html'}")
        _tell_study(found.study)
    if found.open_failures or (found.study and not found.study.ready):
        raise Found


def _tell_study(study: Readiness | None) -> None:
    if study is None:
        return
    failures = study.failures
    if failures:
        lang: Literal["ko", "en"] = "ko" if show.korean() else "en"
        show.table(
            ("severity", "check", f"study {study.id}"), [(f.severity, f.check, f.message(lang)) for f in failures]
        )
    blocking = sum(one.blocks for one in failures)
    said = "ready" if study.ready else "not ready"
    show.text(f"study {study.id}: {said}; {blocking} blocking, {len(failures) - blocking} to look at")


def _tell(summary: dict[str, object], out: Path) -> None:
    show.text(
        f"{summary['cdm_source_name']}, CDM {summary['cdm_version']}: {summary['checks']} checks, {summary['failed']} failed "
        f"({summary['waived']} waived), {summary['passed']} passed, {summary['not_applicable']} not applicable, "
        f"{summary['error']} not counted; {out / 'baseline.html'}"
    )
    if unchanged := summary["unchanged_tables"]:
        assert isinstance(unchanged, list)
        show.text(f"unchanged since the last run, not counted again: {', '.join(unchanged)}")
    changes = summary["changes"]
    if isinstance(changes, dict):
        show.text("against the last run: " + ", ".join(f"{count} {name}" for name, count in changes.items()))
