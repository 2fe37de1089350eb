"""Who was in which release of a hospital, as keyed numbers: what differencing is computed from. They never leave it."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl

from deid.differencing import person_set
from deid.keys import KeyStore
from deid.parquet import write_table
from drb import Board
from drb.states import ReleaseState
from flows.run import Run

# One key for all releases of a hospital: sets under different keys could not be compared. No grant bears such a name.
GRANT = "person-sets"
FILE = "people.parquet"
# Out, or out as soon as somebody waits: whoever gets the next one may hold these.
_COUNTED = frozenset({
    ReleaseState.SUBMITTED, ReleaseState.PARTIALLY_REVIEWED, ReleaseState.REVIEWED, ReleaseState.APPROVED,
    ReleaseState.PUBLISHING, ReleaseState.PUBLISH_FAILED, ReleaseState.RELEASED, ReleaseState.SUPERSEDED,
    ReleaseState.RECALLED, ReleaseState.DESTROYED,
})  # fmt: skip


def write(run: Run, folder: Path) -> None:
    """Write the person set of a run's release beside its package, while the way back to the people still stands."""
    key = KeyStore(run.home.site_keys(run.site.id)).grant(GRANT).pseudonyms("person")
    made = run.output("deidentify")
    found = person_set(made / "private" / "crosswalk.parquet", made / "deid" / "cohort.parquet", key)
    write_table(found.to_arrow(), folder / FILE)


def keep(run: Run) -> pl.DataFrame:
    """Keep the release's person set among the hospital's, whole or not at all; give it back."""
    place = run.home.person_sets(run.site.id)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = place / f".{run.release}.{os.getpid()}.tmp"
    fresh.write_bytes((run.output("package") / FILE).read_bytes())
    fresh.chmod(0o600)
    fresh.replace(place / f"{run.release}.parquet")
    return pl.read_parquet(place / f"{run.release}.parquet")


def earlier(run: Run, board: Board) -> tuple[dict[str, pl.DataFrame], tuple[str, ...]]:
    """Read the sets of this hospital's other releases that are out or on their way, and name those that have none."""
    place = run.home.person_sets(run.site.id)
    names = [
        one.name
        for one in board.releases.list("system")
        if one.site_id == run.site.id and one.name != run.release and one.state in _COUNTED
    ]
    files = {name: place / f"{name}.parquet" for name in sorted(names)}
    return (
        {name: pl.read_parquet(path) for name, path in files.items() if path.is_file()},
        tuple(name for name, path in files.items() if not path.is_file()),
    )
