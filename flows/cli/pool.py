"""naru pool: the releases of several hospitals as one MEDS dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli import show
from flows.cli.codes import Found
from flows.cli.options import Json


def pool(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders of releases, one of each hospital.")],
    out: Annotated[Path, typer.Option("--out", help="The folder to make.")],
    hold_out: Annotated[
        str | None, typer.Option("--hold-out", metavar="SITE", help="A hospital whose people are all held out.")
    ] = None,
    unsigned: Annotated[
        bool, typer.Option("--unsigned", help="Also accept packages that were built and not yet published.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make one MEDS dataset of a study's releases from several hospitals; every release is verified first. No network.

    Each hospital's own split by matched sets holds; with --hold-out one hospital is the test and the others train.
    For tables rather than events: extract.pooled.open_pooled.

    Example: naru pool data/deterioration-hanbit data/deterioration-saebom --out data/deterioration-meds --hold-out saebom
    """
    from extract.meds.pooled import write_pooled_meds
    from extract.pooled import open_pooled
    from flows import pull as pulling
    from flows.faults import guarded
    from flows.home import home

    # First of all: nothing is read of a file that may be damaged.
    reports = {folder: pulling.check(home(), folder, require_signature=not unsigned) for folder in folders}
    wrong = [(folder, finding) for folder, report in reports.items() for finding in report.findings if not report.ok]
    if wrong:
        for folder, finding in wrong:
            show.text(f"{folder}: {finding.file}: {finding.what}")
        raise Found
    pooled = open_pooled(folders)
    people = guarded("pool", out, lambda: write_pooled_meds(pooled, out.absolute(), hold_out))
    if as_json:
        show.as_json({"folder": str(out), "sites": list(pooled.sites), "people": people})
    else:
        told = ", ".join(f"{split} {count:,}" for split, count in people.items())
        show.text(f"{', '.join(pooled.sites)}: {sum(people.values()):,} people ({told}); {out}")
