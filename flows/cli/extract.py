"""naru extract: the whole flow up to a submitted release."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli import show
from flows.cli.options import Actor, Json, SiteId, StudyFile, acting


def extract(
    study: StudyFile,
    site: SiteId,
    case: Annotated[
        str | None, typer.Option("--case", help="The approved case, where a study has several here.")
    ] = None,
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Cohort, draw, rows, de-identification, gate, package; ends with a submitted release.

    A run that was killed goes on from its last whole stage. Example: naru extract studies/gi_bleed/study.yaml --site gibleed
    """
    from flows.home import home
    from flows.prefect_runtime import prepare
    from flows.study import load

    place = home().make()
    prepare(place)
    loaded = load(study)
    from flows.extract import extract as flow

    with show.steps(as_json):
        result = flow(str(study.absolute()), loaded.id, site, case, acting(actor), str(place.root))
    if as_json:
        show.as_json(result)
        return
    show.text(f"{result['release']}: {result['state']}")
    show.text(f"  digest   {result['manifest_digest']}")
    show.text(f"  package  {result['package']}")
    show.text(f"  gate     {result['quality']}")
    if result["state"] == "CHECKED":
        show.text(
            f"  a release author submits it: naru board release submit {result['release']} --digest {result['manifest_digest']}"
        )
