"""The three hospitals of the demo: a DuckDB file, a real PostgreSQL server, a folder of Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cdm
from cdm.engine import connect
from cdm.load import is_loaded, load_into_postgres
from cdm.samples import sample
from cdm.server import start
from cdm.source import Need
from deid.keys import KeyStore, derive
from flows import progress, sites
from flows.demo.cast import HOSPITALS
from flows.home import Home
from flows.stages.folder import sync

PERSONS = 50_000
SEED = 1
# The demo's hospitals hold public and made-up people only, so their keys may be known: they come from the seed, and two
# demos with the same seed end with the same digests. A real hospital's keys are random (docs/explanation/keys.md).
KEY_PURPOSE = "demo key of "


@contextmanager
def opened(home: Home) -> Iterator[None]:
    """Make what is missing, register the three hospitals, keep PostgreSQL running while the block runs."""
    with _postgres(home) as synthea:
        urls = {
            "gibleed": f"duckdb://{_gibleed(home)}?schema=cdm",
            "synthea": synthea,
            "hanbit": f"parquet://{_hanbit(home)}",
        }
        for hospital in HOSPITALS:
            progress.tell(f"site {hospital.id}", "begun")
            values = {"id": hospital.id, "source": urls[hospital.id], "name": {"ko": hospital.ko, "en": hospital.en}}
            _, changed, facts = sites.add(home, values, replace=True)
            progress.tell(f"site {hospital.id}", "done" if changed else "kept", str(facts["cdm_source_name"]))
        yield


def make_keys(home: Home, seed: int, site_id: str, grant: str) -> None:
    """Make the keys of one grant from the seed, unless they stand."""
    KeyStore(home.site_keys(site_id), derive(seed.to_bytes(32, "big"), KEY_PURPOSE + site_id)).grant(grant)


def _gibleed(home: Home) -> Path:
    """The public sample as one DuckDB file, as a small hospital would have it."""
    path = home.data / "gibleed.duckdb"
    if path.is_file():
        return path
    progress.tell("make gibleed", "begun")
    home.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(".gibleed.partial.duckdb")
    fresh.unlink(missing_ok=True)
    with cdm.open_source("sample://gibleed", home.data) as source, connect(database=str(fresh)) as con:
        tables = source.tables()
        source.attach(con, Need(dict.fromkeys(tables, ())))
        for table in tables:
            con.execute(f'CREATE TABLE main."{table}" AS SELECT * FROM cdm."{table}"')
            con.execute(f'DROP VIEW IF EXISTS cdm."{table}"')
            con.execute(f'CREATE TABLE cdm."{table}" AS SELECT * FROM main."{table}"')
            con.execute(f'DROP TABLE main."{table}"')
    sync(fresh)
    fresh.replace(path)
    progress.tell("make gibleed", "done")
    return path


def _hanbit(home: Home) -> Path:
    progress.tell("make hanbit", "begun", f"{PERSONS:,} people")
    from cdm.synthetic import materialise

    def told(what: str, done: int, steps: int) -> None:
        progress.tell("make hanbit", "begun", f"{what} ({done} of {steps})")

    folder: Path = materialise("hanbit", PERSONS, SEED, home.data, progress=told)
    progress.tell("make hanbit", "done", f"{PERSONS:,} people")
    return folder


@contextmanager
def _postgres(home: Home) -> Iterator[str]:
    progress.tell("PostgreSQL with synthea", "begun")
    with start(home.root / "postgres") as server:
        server.create_database("synthea")
        if not is_loaded(server.url("synthea"), "cdm"):
            load_into_postgres(sample("synthea1k", home.data), server.url("synthea"), "cdm")
        progress.tell("PostgreSQL with synthea", "done")
        yield server.url("synthea", "cdm")
