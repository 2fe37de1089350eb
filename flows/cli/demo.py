"""naru demo: the whole way, about a minute."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli import show
from flows.cli.options import Json

if TYPE_CHECKING:
    from flows.demo.story import Told
    from flows.home import Home


def demo(
    seed: Annotated[
        int, typer.Option("--seed", min=0, max=2**53 - 1, help="Seed of the demo's keys: same seed, same digests.")
    ] = 1,
    as_json: Json = False,
) -> None:
    """Three hospitals, a board, two releases, a startup: the main job end to end on public and made-up data.

    Everything stands under NARU_HOME; running it again changes nothing. Example: NARU_HOME=/tmp/naru naru demo
    """
    from flows.home import home
    from flows.prefect_runtime import prepare

    place = home().make()
    prepare(place)
    from flows.demo.story import play

    with show.steps(as_json, plain=True):
        told = play(place, seed)
    if as_json:
        show.as_json(
            {"releases": told.releases, "ledger": {"events": told.events, "head": told.head}, "before": told.before}
        )
    else:
        _tell(place, told)


def _tell(home: Home, told: Told) -> None:
    from flows.cli.feasibility import overview
    from flows.prose import language
    from flows.study import load, shipped

    lang = language(None)
    for study, answers in told.counts.items():
        show.title(f"{study}: {getattr(load(shipped(study)).spec.title, lang)}")
        overview(answers, lang)
    show.title("Releases")
    rows = [(r["release"], r["state"], r["files"], r["bytes"], r["digest"][:16]) for r in told.releases]
    show.table(("release", "state", "files", "bytes", "manifest digest"), rows)
    show.text(f"Board: {told.events:,} events in the ledger, verified; head {told.head[:16]}")
    show.title("Where things lie")
    for release in told.releases:
        show.text(f"  received  {release['folder']}")
        show.text(f"  gate      {release['quality']}")
    show.text(f"  store     {home.store}")
    show.text(f"  board     {home.board_url}")
    show.text("  synthea   its PostgreSQL server runs only while the demo runs; afterwards this site does not answer")
    show.title("Load it")
    for line in five_lines(Path(told.releases[-1]["folder"])):
        show.text(f"  {line}")
    if told.newer:
        show.text(
            "\nThe demo had been run here before with other code or settings: what stood was kept, and "
            f"{', '.join(told.newer)} made beside it."
        )
    elif told.before:
        show.text("\nThe demo had been run here before: what stood was kept and verified, nothing was changed.")


def five_lines(folder: Path) -> list[str]:
    """Five lines of plain Polars that load a release."""
    return [
        "import polars as pl",
        f'tables = "{folder / "tables"}"',
        'cohort = pl.read_parquet(f"{tables}/cohort.parquet")',
        'person = pl.read_parquet(f"{tables}/person.parquet")',
        'print(cohort.join(person, left_on="subject_id", right_on="person_id").group_by("role").len())',
    ]
