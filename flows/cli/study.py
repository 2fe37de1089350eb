"""naru study: what is wrong with a study file, and what it asks."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli import show
from flows.cli.codes import Found
from flows.cli.options import Json, StudyFile

app = typer.Typer(no_args_is_help=True, help="Check and explain study files.")


@app.command("check", epilog="Example: naru study check studies/gi_bleed/study.yaml --site gibleed")
def check(
    study: StudyFile,
    site: Annotated[
        str | None, typer.Option("--site", help="Also against this hospital's vocabulary and tables.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Everything that is wrong with a study file, with file and line. Ends with 1 where the hospital cannot answer it."""
    from flows import study_check
    from flows.home import home

    result = study_check.check(home(), study, site)
    if as_json:
        show.as_json(result)
    else:
        show.text(f"{study}: {result['title']['ko']} / {result['title']['en']}")
        for finding in result["findings"]:
            show.text(f"{finding['severity']}: {finding['message']}")
        if not result["findings"]:
            show.text("nothing amiss" + (f" at {site}" if site else "; ask a hospital too with --site ID"))
    if any(f["severity"] == "block" for f in result["findings"]):
        raise Found


@app.command("explain", epilog="Example: naru study explain studies/gi_bleed/study.yaml --lang ko")
def explain(
    study: StudyFile,
    lang: Annotated[str | None, typer.Option("--lang", help="ko or en; default: the locale's.")] = None,
) -> None:
    """What a study asks, in prose that a board's secretary can read."""
    from flows import prose
    from flows.study import load

    show.text(prose.study(load(study), prose.language(lang)))
