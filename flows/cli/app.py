"""The verbs of `naru`, gathered. Each verb's module imports its rooms only when it runs, so --help is quick."""

from __future__ import annotations

import typer

from flows.cli import (
    bench,
    board,
    cohort,
    deid,
    delivery,
    demo,
    draw,
    extract,
    feasibility,
    key,
    ledger,
    pool,
    portal,
    quality,
    release,
    site,
    study,
)

app = typer.Typer(
    name="naru",
    help="Naru carries de-identified, board-approved study datasets from hospitals' OMOP CDM to startups.\n\n"
    "Start with: naru demo. State lives under NARU_HOME (default ~/.naru). "
    "Ends with 0 on success, 1 when a check found something, 2 for bad input, 3 when a gate or permission refused.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from flows.version import number

        typer.echo(f"naru {number()}")
        raise typer.Exit


@app.callback()
def _naru(
    version: bool = typer.Option(False, "--version", help="Print the version.", callback=_version, is_eager=True),
) -> None:
    pass


app.command("demo")(demo.demo)
app.add_typer(site.app, name="site")
app.add_typer(study.app, name="study")
app.add_typer(cohort.app, name="cohort")
app.add_typer(deid.app, name="deid")
app.add_typer(quality.app, name="quality")
app.command("feasibility")(feasibility.feasibility)
app.command(
    "draw",
    epilog="Example: naru draw case=case.parquet control=control.parquet --spec studies/gi_bleed/study.yaml "
    "--source sample://gibleed --out draw.parquet",
)(draw.draw)
app.command("extract")(extract.extract)
app.add_typer(board.app, name="board")
app.command("publish")(release.publish)
app.command("deliver")(delivery.deliver)
app.command("releases")(release.releases)
app.command("pull")(release.pull)
app.command("verify")(release.verify)
app.command("diff")(release.diff)
app.command("pool")(pool.pool)
app.command("recalls")(delivery.recalls)
app.command("twin")(delivery.twin)
app.command("destroy")(delivery.destroy)
app.add_typer(key.app, name="key")
app.add_typer(ledger.app, name="ledger")
app.command("portal")(portal.portal)
app.command("bench", context_settings=bench.PASS_ON, epilog="Example: naru bench cohorts --sample 20 --json")(
    bench.bench
)
