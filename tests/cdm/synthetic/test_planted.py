"""Every text column carries canaries, notes carry identifiers, and `planted` knows all of them."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cdm.errors import BadInput
from cdm.schema import tables
from cdm.synthetic import materialise, planted, planted_in_notes
from cdm.synthetic.canaries import LENGTH
from tests.cdm.synthetic.conftest import Ask

TOKEN = re.compile(r"ZQX[A-Z2-7]{6}")
# What describes the database and travels in a manifest; and what is too short for a token.
SPARED = {
    "cdm_source.cdm_source_name", "cdm_source.cdm_source_abbreviation", "cdm_source.cdm_holder", "cdm_source.cdm_version",
    "cdm_source.vocabulary_version", "location.state", "note_nlp.term_exists",
}  # fmt: skip
COLUMNS = [
    (table.name, column.name)
    for table in tables("5.4").values()
    for column in table.columns
    if not table.vocabulary and column.family == "text" and f"{table.name}.{column.name}" not in SPARED
]


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_a_text_column_carries_its_own_tokens(table: str, column: str, folder: Path, ask: Ask) -> None:
    if ask(f"SELECT count(*) FROM {table}") == [(0,)]:
        pytest.skip("this hospital keeps nothing in the table")
    values = " ".join(
        value for value in pq.read_table(folder / f"{table}.parquet", columns=[column])[column].to_pylist() if value
    )
    found = set(TOKEN.findall(values))
    listed = _tokens(folder)
    assert found
    assert {listed[token] for token in found} == {f"{table}.{column}"}


def _tokens(folder: Path, kept: dict[Path, dict[str, str]] = {}) -> dict[str, str]:  # noqa: B006 - made once for all columns
    if folder not in kept:
        rows = planted(folder).to_pylist()
        kept[folder] = {row["value"]: row["form"] for row in rows if row["kind"] == "canary"}
    return kept[folder]


def test_a_token_names_one_column_of_one_hospital(folder: Path, tmp_path: Path) -> None:
    here, there = _tokens(folder), _tokens(materialise("other", 30, 7, tmp_path))
    assert all(len(token) == LENGTH and TOKEN.fullmatch(token) for token in here)
    assert not set(here) & set(there)


def test_every_form_of_every_identifier_is_planted(folder: Path) -> None:
    forms: dict[str, set[str]] = {}
    for row in planted(folder).to_pylist():
        forms.setdefault(row["kind"], set()).add(row["form"])
    written = {"hyphen", "plain", "space", "dot", "en_dash", "full_width", "spaced_hyphen", "slash"}
    assert forms["resident_number"] == forms["mobile"] == forms["land_line"] == written
    assert forms["name"] >= {"korean", "english", "relative", "relative_english", "staff", "provider"}
    assert forms["hospital_number"] == forms["mail"] == {"plain"}
    assert forms["address"] == {"road"}


def test_what_is_listed_for_a_note_stands_in_it_and_every_note_names_someone(folder: Path) -> None:
    texts = dict(
        zip(*(pq.read_table(folder / "note.parquet")[c].to_pylist() for c in ("note_id", "note_text")), strict=True)
    )
    listed = planted_in_notes(folder).to_pylist()
    assert all(row["value"] in texts[row["note_id"]] for row in listed)
    assert {row["note_id"] for row in listed if row["kind"] == "name"} == set(texts)


def test_no_resident_number_can_be_a_living_persons(folder: Path) -> None:
    numbers = [
        row["value"]
        for row in planted(folder).to_pylist()
        if row["kind"] == "resident_number" and row["form"] == "plain"
    ]
    assert len(numbers) > 20
    for number in numbers:
        check = (
            11 - sum(int(d) * w for d, w in zip(number, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=False)) % 11
        ) % 10
        assert re.fullmatch(r"\d{6}[1-4]9[789]\d{4}", number)
        assert int(number[-1]) == check


def test_a_hospital_without_canaries_has_none(tmp_path: Path) -> None:
    plain = materialise("plain", 200, 3, tmp_path, canaries=False)
    assert _tokens(plain) == {}
    for file in plain.glob("*.parquet"):
        assert not TOKEN.search(str(pq.read_table(file).to_pydict().values())), file.name


def test_a_folder_that_is_no_synthetic_hospital_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no synthetic hospital"):
        planted(tmp_path)
