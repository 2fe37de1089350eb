"""A baseline run from the command line: which database, compared with what, written where."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cdm
from cdm.engine import Limits
from cdm.errors import BadInput
from flows import progress
from flows.home import Home
from flows.site import read
from flows.study import load
from flows.study_ready import readiness
from quality.baseline import report
from quality.baseline.evidence import gather
from quality.baseline.run import Baseline, Options, run

STEP = "baseline"
RESULT = "baseline.json"


def baseline(  # noqa: PLR0913  # what a caller may leave out is named
    home: Home,
    source: str | None,
    site: str | None,
    out: Path,
    options: Options,
    actor: str | None = None,
    study: Path | None = None,
    data_docs: bool = False,
    behind: bool = True,
) -> tuple[Baseline, dict[str, Any]]:
    """Measure a database, named by its address or by its site, and write the reports into `out`.

    Without a former result in the options, the one that `out` holds already is compared with. actor: who accepts failures
    by the waivers in the options; those that count stand in the ledger, under the hospital, before they do. study: a study
    file, asked after at the same time. behind: look up where failures come from. data_docs: validate with Great
    Expectations, too, into out/gx. Raises BadInput, SourceUnavailable, drb's Refused.
    """
    if (source is None) == (site is None):
        raise BadInput("say which database: --source URL or --site ID, one of them")
    if options.waivers is not None and site is None:
        raise BadInput("waivers stand in the board's ledger under a hospital; give --site ID instead of --source")
    former = out / RESULT
    if options.last is None and former.is_file():
        options = replace(options, last=former)
    wanted = load(study) if study is not None else None
    url, limits = (source, Limits()) if source is not None else _registered(home, str(site))
    with cdm.open_source(url, home.make().data) as opened:
        progress.tell(STEP, "begun")
        found = run(opened, options, limits, _tell)
        if wanted is not None:
            found = replace(found, study=readiness(wanted, opened, limits))
        if behind:
            found = replace(found, evidence=gather(opened, found, limits))
        progress.tell(STEP, "done", f"{len(found.results):,} checks")
    if found.waived:
        _record(home, str(site), str(actor), found)
    try:
        out.mkdir(parents=True, exist_ok=True)
        report.write(found, out)
        if data_docs:
            _validate(found, out)
    except OSError as error:
        raise BadInput(f"{out} cannot be written ({error.strerror}); give another folder with --out") from None
    return found, report.summary(found)


def _validate(found: Baseline, out: Path) -> None:
    # The import takes seconds, so only here.
    from quality.baseline.expectations import validate

    progress.tell(STEP, "begun", "Great Expectations")
    validate(found.results, out / "gx")


def _record(home: Home, site: str, actor: str, found: Baseline) -> None:
    """Write every waiver that accepts a failure into the ledger; one that stands there already is left."""
    # Few runs need the board, which takes half a second to import.
    from drb.board import open_board
    from drb.waivers import Waived

    accepting = dict.fromkeys(found.waived.values())
    with open_board(home.board_url) as board:
        number = board.waivers.record(
            actor, site, [Waived(one.about(), one.name, one.reason, one.expiry) for one in accepting]
        )
    progress.tell(STEP, "done", f"{number} waivers recorded")


def _registered(home: Home, site_id: str) -> tuple[str, Limits]:
    site = read(home, site_id)
    return site.source, site.limits(home)


def _tell(table: str, fraction: float) -> None:
    progress.tell(STEP, "begun", table, fraction)
