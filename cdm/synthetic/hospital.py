"""Writes a synthetic hospital to disk, once."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Collection, Sequence
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

import duckdb

from cdm.engine import Limits, connect
from cdm.errors import BadInput
from cdm.schema import tables
from cdm.synthetic import diagnoses, encounters, identity, notes, places, treatments, vitals, vocabulary
from cdm.synthetic.canaries import Canaries
from cdm.synthetic.catalogue import NAMES, load
from cdm.synthetic.choices import create_choices
from cdm.synthetic.draws import MACROS, base
from cdm.synthetic.people import create_people
from cdm.synthetic.recipe import VERSION, Recipe
from cdm.synthetic.visits import create_fates, create_visits

GENERATOR = 1  # goes up whenever the same arguments give other bytes
MOST_PERSONS = 10_000_000
MEMORY = "1200MB"
THREADS = min(
    4, os.cpu_count() or 1
)  # the bytes do not depend on it: every table has one total order, and a test holds it
Progress = Callable[[str, int, int], None]


def materialise(
    name: str, persons: int, seed: int, home: Path, *, canaries: bool = True, progress: Progress | None = None
) -> Path:
    """The folder of the synthetic hospital `name`: CDM 5.4, one Parquet file per table; made at the first call.

    home: the hospital stands in `home/synthetic/<name>-<persons>-<seed>-v<generator>` (`...-plain` without canaries);
    a half-written one is never seen under that name. The same arguments give the same bytes on any machine and thread
    count. canaries: plant tokens in text columns (see `planted`); identifiers stand in notes either way.
    progress: called with (what is being made, steps done, steps in all).
    Raises BadInput for a name that is not letters, digits, `-`, `_`, or a number of persons or seed out of range.
    """
    _check(name, persons, seed)
    kept = home / "synthetic"
    folder = kept / f"{name}-{persons}-{seed}-v{GENERATOR}{'' if canaries else '-plain'}"
    if folder.is_dir():
        return folder
    kept.mkdir(parents=True, exist_ok=True)
    work = Path(mkdtemp(prefix=f".{folder.name}-", dir=kept))
    try:
        _write(name, persons, seed, work, Canaries(f"{name}-{seed}", canaries), progress or (lambda *_: None))
        (work / "made").rename(folder)
    except OSError:
        if not folder.is_dir():  # another process may have made the same hospital meanwhile
            raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return folder


def recipes(name: str, seed: int, canaries: Canaries) -> dict[str, Recipe]:
    """Table -> how it is made, in CDM order; a table without recipe is empty."""
    made = (
        *encounters.recipes(canaries), *diagnoses.recipes(canaries), *treatments.recipes(canaries), vitals.recipe(canaries),
        *notes.recipes(canaries), *places.recipes(canaries, name, seed, GENERATOR), *vocabulary.recipes(GENERATOR),
    )  # fmt: skip
    by_table = {recipe.table: recipe for recipe in made}
    return {table: by_table.get(table, Recipe(table, {}, "(SELECT 1) WHERE false")) for table in tables("5.4")}


def _check(name: str, persons: int, seed: int) -> None:
    if not re.fullmatch(r"[^\W_][\w-]{0,39}", name):
        raise BadInput(
            f"Synthetic hospital {name!r}: a name is 1 to 40 letters, digits, '-' or '_'; choose such a name."
        )
    if not 1 <= persons <= MOST_PERSONS:
        raise BadInput(f"Synthetic hospital {name!r}: persons={persons}, but 1 to {MOST_PERSONS:,} can be made.")
    if not 0 <= seed < 2**63:
        raise BadInput(f"Synthetic hospital {name!r}: seed={seed}, but a seed is a whole number from 0 on.")


def latent(name: str, persons: int, seed: int) -> list[tuple[str, str]]:
    """What the CDM tables are made from, in order: (what it is, SQL that creates it)."""
    return [
        *(("vocabulary", sql) for sql in vocabulary.create_concepts()),
        ("case mix", create_choices(base(name))),
        ("people", create_people(persons, base(name, seed, GENERATOR))),
        ("visits", create_visits()),
        ("fates", create_fates()),
        ("identities", identity.create_identities()),
        ("diagnoses", diagnoses.create_findings()),
        *(("treatments", sql) for sql in treatments.create_treatments()),
        *(("panels", sql) for sql in vitals.create_panels()),
        ("moments", vitals.create_moments()),
    ]


def create_latent(
    con: duckdb.DuckDBPyConnection,
    steps: Sequence[tuple[str, str]],
    only: Collection[str] | None = None,
    step: Callable[[str], None] | None = None,
) -> None:
    """Create the macros, the catalogue's tables and the latent tables (`only` those of these names) in `con`."""
    for macro in (*MACROS, *identity.MACROS):
        con.execute(macro)
    for table in NAMES:
        con.register("given", load(table))
        con.execute(f'CREATE TABLE "{table}" AS SELECT * FROM given ORDER BY n')
        con.unregister("given")
    for what, sql in steps:
        if only is None or what in only:
            if step:
                step(what)
            con.execute(sql)


def _write(name: str, persons: int, seed: int, work: Path, canaries: Canaries, progress: Progress) -> None:
    made = work / "made"
    made.mkdir()
    steps, files = latent(name, persons, seed), recipes(name, seed, canaries)
    done = count()

    def step(what: str) -> None:
        progress(what, next(done), len(steps) + len(files))

    con = connect(Limits(threads=THREADS, memory=MEMORY, spill=work / "spill"), str(work / "latent.duckdb"))
    try:
        create_latent(con, steps, step=step)
        for table, recipe in files.items():
            step(table)
            _copy(con, recipe, made / f"{table}.parquet")
        step("done")
    finally:
        con.close()
    facts = {
        "name": name,
        "persons": persons,
        "seed": seed,
        "generator": GENERATOR,
        "canaries": canaries.planted,
        "cdm": VERSION,
    }
    (made / "generator.json").write_text(json.dumps(facts, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")


def _copy(con: duckdb.DuckDBPyConnection, recipe: Recipe, path: Path) -> None:
    target = str(path).replace("'", "''")
    con.execute(f"COPY ({recipe.select()}) TO '{target}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)")
