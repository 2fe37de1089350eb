"""A public attack library (anonymeter) against a release: singling out, linkability, inference, beside a control group.

make attack, or: python -m benchmarks.attack --python PATH [--json]

Half of GiBleed's people are drawn and released as the programme's policy has it, the other half is the control: what
an attacker guesses of people who are in no release is no leak. The library's versions of numpy and pyarrow are others
than ours, so that it runs in an environment of its own, whose Python is PATH; tables go there and back as Parquet.
Of each person the attacker sees sex, birth year, race, how many conditions, drugs and visits there are, and which of the
three commonest conditions and drugs. The attacks that every release measures of itself (deid/attacks) are made on the same
tables, and printed below.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from benchmarks.linkage import raw
from cdm import open_source
from deid.apply import deidentify
from deid.attacks import measure
from deid.attacks.draws import Draws
from deid.attacks.seen import Seen
from deid.keys import KeyStore
from deid.policy import compose, programme

EVENTS = {"condition_occurrence": "condition_concept_id", "drug_exposure": "drug_concept_id"}
COUNTED = (*EVENTS, "visit_occurrence")


def write(folder: Path, home: Path) -> None:
    """Write original.parquet (the people released, as the hospital has them), released.parquet and control.parquet."""
    with open_source("sample://gibleed", home) as source:
        raw(source, folder)
        version = source.version
    with duckdb.connect() as con:
        half = f"SELECT * FROM read_parquet('{folder / 'draw.parquet'}') WHERE hash(person_id + 20261126) % 2 = 0"
        con.execute(f"COPY ({half} ORDER BY person_id) TO '{folder / 'half.parquet'}' (FORMAT parquet)")
        for name in ("out", "private"):
            (folder / name).mkdir()
        keys = KeyStore(folder / "keys", seed=bytes(range(32))).grant("benchmark")
        deidentify(
            folder / "raw", folder / "half.parquet", compose(programme()), keys, "site", version,
            folder / "out", folder / "private", folder,
        )  # fmt: skip
        kept = f"SELECT person_id FROM read_parquet('{folder / 'private' / 'crosswalk.parquet'}') WHERE kept"
        drawn = f"SELECT person_id FROM read_parquet('{folder / 'half.parquet'}')"
        codes = _commonest(con, folder / "raw")
        for name, rows, of in (
            ("original", folder / "raw", f"IN ({kept})"),
            ("released", folder / "out", "IS NOT NULL"),
            ("control", folder / "raw", f"NOT IN ({drawn})"),
        ):
            query = _people(rows, codes)
            con.execute(
                f"COPY (FROM ({query}) WHERE person_id {of} ORDER BY person_id) TO '{folder / name}.parquet' (FORMAT parquet)"
            )


def _commonest(con: duckdb.DuckDBPyConnection, rows: Path) -> dict[str, list[int]]:
    found = {}
    for table, column in EVENTS.items():
        listed = con.execute(
            f"SELECT {column} FROM read_parquet('{rows / table}.parquet') WHERE {column} <> 0 GROUP BY 1 "
            f"ORDER BY count(DISTINCT person_id) DESC, 1 LIMIT 3"
        ).fetchall()
        found[table] = [int(code) for (code,) in listed]
    return found


def _people(rows: Path, codes: dict[str, list[int]]) -> str:
    """Give the SQL of one row for each person: what an attacker sees of them."""
    features = ["p.gender_concept_id AS sex", "p.year_of_birth AS born", "p.race_concept_id AS race"]
    for table in COUNTED:
        mine = f"FROM read_parquet('{rows / table}.parquet') t WHERE t.person_id = p.person_id"
        features.append(f"(SELECT count(*) {mine}) AS n_{table}")
        features += [
            f"(SELECT count(*) > 0 {mine} AND t.{EVENTS[table]} = {code})::INTEGER AS has_{code}"
            for code in codes.get(table, ())
        ]
    return f"SELECT p.person_id, {', '.join(features)} FROM read_parquet('{rows / 'person.parquet'}') p"


def seen(path: Path) -> Seen:
    """The people of a file as our own attacks take them."""
    rows = pl.read_parquet(path).drop("person_id")
    names = tuple(rows.columns)
    return Seen(
        names,
        rows.cast(pl.Float64).fill_null(float("nan")).to_numpy(),
        np.array([name == "born" or name.startswith("n_") for name in names], np.bool_),
        np.array([name in ("sex", "born", "race") for name in names], np.bool_),
    )


def main() -> None:
    """Print the risk of each attack with its confidence interval, and the success on the control group."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--python", default=".venv-attack/bin/python", help="of an environment that has anonymeter")
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    if not Path(given.python).is_file():
        print(f"no {given.python}: the attack library is not installed; make attack installs and runs it")
        return
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as home:
        folder = Path(name)
        write(folder, Path(home))
        script = Path(__file__).with_name("_anonymeter.py")
        own = measure(
            *(seen(folder / f"{name}.parquet") for name in ("original", "released", "control")), Draws(bytes(32))
        )
        done = subprocess.run([given.python, str(script), name], check=True, capture_output=True, text=True)
        found = json.loads(done.stdout)
    found |= {f"ours: {one.kind}": one.to_json() for one in own}
    if given.json:
        print(json.dumps(found))
        return
    print(f"{'attack':28}{'risk':>8}{'95 %':>18}{'release':>10}{'control':>10}{'blind':>8}")
    for attack, of in found.items():
        low, high = of["interval"]
        print(
            f"{attack:28}{of['risk']:8.3f}{f'{low:.3f} to {high:.3f}':>18}{of.get('rate', of['attack']):10.3f}"
            f"{of['control']:10.3f}{of['blind']:8.3f}"
        )


if __name__ == "__main__":
    main()
