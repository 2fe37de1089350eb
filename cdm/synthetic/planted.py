"""What was planted in a synthetic hospital, so that a test can search packages, logs and databases for it."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from cdm.engine import Limits, connect
from cdm.errors import BadInput
from cdm.synthetic import identity
from cdm.synthetic.canaries import Canaries
from cdm.synthetic.encounters import PROVIDERS
from cdm.synthetic.hospital import create_latent, latent, recipes
from cdm.synthetic.notes import FORM_SALT, FORMS, SOURCE
from cdm.synthetic.places import PROVIDER_KEY

# What a note may say of its patient, as SQL over notes.SOURCE: (kind, form, value).
_SAID = (
    ("name", "'korean'", "name"), ("name", "'english'", "name_en"), ("name", "'relative'", "relative"),
    ("name", "'relative_english'", "relative_en"), ("name", "'staff'", "doctor"), ("hospital_number", "'plain'", "number"),
    ("mail", "'plain'", "mail"), ("address", "'road'", "address"),
)  # fmt: skip
_NUMBERS = {"resident_number": "rrn", "mobile": "cell", "land_line": "line"}
# Steps of the making that the notes rest on.
_NEEDED = ("case mix", "people", "visits", "identities")


def planted(folder: Path) -> pa.Table:
    """Every planted string of the hospital in `folder`: kind, form, value (texts), distinct and sorted.

    kind 'canary': form is 'table.column', value its token (none when the hospital was made without canaries).
    kind 'name', 'hospital_number', 'resident_number', 'mobile', 'land_line', 'mail', 'address': an identifier, as it
    stands in a note or column; form says how it is written ('hyphen', 'full_width' ..., 'korean', 'provider' ...).
    Raises BadInput when the folder holds no synthetic hospital.
    """
    facts, con = _opened(folder)
    with con:
        tokens = Canaries(_hospital(facts), bool(facts["canaries"]))
        con.register("listed", _canaries(facts, tokens))
        con.register("noted", _in_notes(con, folder))
        con.register("people_in", pq.read_table(folder / "person.parquet", columns=["person_id"]))
        found: pa.Table = con.sql(f"""
            SELECT DISTINCT * FROM (
                SELECT kind, form, value FROM listed UNION ALL SELECT kind, form, value FROM noted
                UNION ALL SELECT 'hospital_number', 'plain', {identity.hospital_number()} FROM people_in
                UNION ALL SELECT 'name', 'provider', {identity.name(PROVIDER_KEY)} FROM range({PROVIDERS}))
            ORDER BY kind, form, value""").to_arrow_table()
        return found


def planted_in_notes(folder: Path) -> pa.Table:
    """The identifiers that each note of the hospital in `folder` holds: note_id, kind, form, value, sorted.

    Kinds and forms as in `planted`; a string that stands in a note several times is listed once.
    """
    _, con = _opened(folder)
    with con:
        return _in_notes(con, folder)


def _opened(folder: Path) -> tuple[dict[str, int | str | bool], duckdb.DuckDBPyConnection]:
    try:
        facts: dict[str, int | str | bool] = json.loads((folder / "generator.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise BadInput(f"{folder} holds no synthetic hospital; give a folder that `materialise` returned.") from None
    return facts, connect(Limits(threads=1))


def _hospital(facts: dict[str, int | str | bool]) -> str:
    return f"{facts['name']}-{facts['seed']}"


def _canaries(facts: dict[str, int | str | bool], tokens: Canaries) -> pa.Table:
    """The tokens of every column whose expression plants them."""
    found = [
        ("canary", f"{table}.{column}", token)
        for table, recipe in recipes(str(facts["name"]), int(facts["seed"]), tokens).items()
        for column, expression in recipe.columns.items()
        for token in tokens.tokens(table, column)
        if token in expression
    ]
    return pa.table(
        {name: pa.array([row[i] for row in found], pa.string()) for i, name in enumerate(("kind", "form", "value"))}
    )


def _in_notes(con: duckdb.DuckDBPyConnection, folder: Path) -> pa.Table:
    """Made again from the draws, and kept where the note's text on disk holds it."""
    facts, _ = _opened(folder)
    create_latent(con, latent(str(facts["name"]), int(facts["persons"]), int(facts["seed"])), _NEEDED)
    forms = "[" + ", ".join(f"'{form}'" for form in identity.SEPARATORS) + "]"
    said = [(f"'{kind}'", form, value) for kind, form, value in _SAID] + [
        (f"'{kind}'", f"({forms})[1 + pick(key, {FORM_SALT[kind]}, {FORMS})]", value)
        for kind, value in _NUMBERS.items()
    ]
    kinds, written, values = (", ".join(column) for column in zip(*said, strict=True))
    con.register("texts", pq.read_table(folder / "note.parquet", columns=["note_id", "note_text"]))
    found: pa.Table = con.sql(f"""
        SELECT DISTINCT note_id, kind, form, value
        FROM (SELECT note_id, unnest([{kinds}]) AS kind, unnest([{written}]) AS form, unnest([{values}]) AS value FROM {SOURCE})
        JOIN texts USING (note_id) WHERE contains(note_text, value)
        ORDER BY note_id, kind, form, value""").to_arrow_table()
    return found
