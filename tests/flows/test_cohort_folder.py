"""`naru cohort run-all`: which files of a folder are definitions, under which ids, and what it says while it runs."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pytest

from cdm.errors import BadInput
from flows.definitions import found_in, id_of
from tests.cohorts.small import BASE, condition, conditions, definition, drug, drugs
from tests.flows.commands import STARTS_NARU, Ready, environment
from tests.flows.test_bad_input import told
from tests.tables import write_duckdb

alone = pytest.mark.xdist_group("flows_bad_input")

TREATED = definition(drug())
SICK = definition(condition())
EVENTS = {
    **conditions("1 | 1 | 10 | 2011-01-01 | 2011-01-05"),
    **drugs("1 | 2 | 20 | 2012-01-01 | 2012-01-05 | -"),
}


@pytest.fixture
def source(tmp_path: Path) -> str:
    return f"duckdb://{write_duckdb(tmp_path / 'hospital.duckdb', {**BASE, **EVENTS})}?schema=cdm"


def folder(place: Path, names: Iterable[str]) -> Path:
    made = place / "definitions"
    made.mkdir()
    for name in names:
        (made / name).write_text(json.dumps(TREATED), encoding="utf-8")
    return made


@pytest.mark.parametrize(
    ("names", "ids"),
    [
        (["2.json", "10.json", "1.json"], ["1", "2", "10"]),
        (["007.json", "8.JSON"], ["7", "8"]),
        (["sepsis.json", "aki.json"], ["aki", "sepsis"]),
        (["요로감염.json", "²³.json"], ["²³", "요로감염"]),
        (["-5.json", "a b.json"], ["-5", "a b"]),
        (["1.json", ".1.json", "._2.json", "notes.txt", "1.json.bak"], ["1"]),
    ],
)
def test_names_are_ids_and_other_files_are_left_out(tmp_path: Path, names: list[str], ids: list[str]) -> None:
    assert list(found_in(folder(tmp_path, names))) == ids


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], r"definitions: holds no \*.json; name a folder of cohort definitions"),
        (["1.json", "sepsis.json"], "1.json is named by a number and sepsis.json by a word; name all definitions by"),
        (["01.json", "1.json"], "01.json and 1.json have the same id, 1; rename one"),
        (["sepsis.json", "sepsis.JSON"], "sepsis.JSON and sepsis.json have the same id, sepsis; rename one"),
        (["9223372036854775808.json"], "9223372036854775808.json: the number in its name is too large for an id"),
        ([f"{'9' * 200}.json"], "the number in its name is too large for an id"),
    ],
)
def test_ids_that_clash_or_are_mixed_are_refused(tmp_path: Path, names: list[str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        found_in(folder(tmp_path, names))


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for name in ("none", "file"):
        with pytest.raises(BadInput, match=f"{name}: no such folder; name a folder of cohort definitions"):
            found_in(tmp_path / name)


def test_one_definition_by_itself_is_number_one_unless_its_name_is_a_number() -> None:
    assert [id_of(Path(name)) for name in ("a.json", "12.json", "007.json", "².json")] == ["1", "12", "7", "1"]


@alone
def test_numbers_become_whole_ids_and_words_texts(command: Ready, source: str, tmp_path: Path) -> None:
    numbered, out = folder(tmp_path, ["1.json"]), tmp_path / "c.parquet"
    (numbered / "2.json").symlink_to(tmp_path / "sick.json")
    (tmp_path / "sick.json").write_text(json.dumps(SICK), encoding="utf-8")
    command.ok(tmp_path / "home", "cohort", "run-all", numbered, "--source", source, "--out", out)
    assert duckdb.sql(f"SELECT cohort_definition_id, subject_id FROM '{out}'").fetchall() == [(1, 2), (2, 1)]
    (numbered / "1.json").rename(numbered / "treated.json")
    (numbered / "2.json").rename(numbered / "sick.json")
    command.ok(tmp_path / "home", "cohort", "run-all", numbered, "--source", source, "--out", out)
    assert duckdb.sql(f"SELECT cohort_definition_id, subject_id FROM '{out}'").fetchall() == [
        ("sick", 1),
        ("treated", 2),
    ]


@alone
def test_the_file_that_is_wrong_is_named_and_nothing_is_written(command: Ready, source: str, tmp_path: Path) -> None:
    made = folder(tmp_path, ["1.json", "2.json"])
    faults: dict[str, tuple[bytes, str]] = {
        "text": (b"{", r"2.json:1:2: is not JSON"),
        "key": (json.dumps({**TREATED, "Foo": 1}).encode(), r"2.json: \$.Foo is no part of a cohort definition"),
        "kind": (
            json.dumps(definition({"LocationRegion": {}})).encode(),
            r"2.json: \$.PrimaryCriteria.CriteriaList\[0\]: the criterion LocationRegion cannot be answered",
        ),
        "table": (
            json.dumps(definition({"Specimen": {}})).encode(),
            r"2.json: needs the table specimen, which this CDM",
        ),
    }
    run_all = ("cohort", "run-all", made, "--source", source, "--out", tmp_path / "c.parquet")
    for content, said in faults.values():
        (made / "2.json").write_bytes(content)
        told(command(tmp_path / "home", *run_all), 2, said)
    (made / "2.json").unlink()
    (made / "2.json").symlink_to(made / "gone.json")
    told(command(tmp_path / "home", *run_all), 2, r"2.json: cannot be read \(No such file or directory\)")
    (made / "2.json").unlink()
    (made / "2.json").mkdir()
    told(command(tmp_path / "home", *run_all), 2, "2.json: is a folder; give the JSON file of a cohort definition")
    assert not list(tmp_path.glob("*.parquet*"))


@alone
def test_every_verb_says_the_same_of_a_wrong_file(command: Ready, source: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"Title": "a", "Title": "b"}')
    given = ("--source", source)
    for verb, more in (
        ("run", (*given, "--out", tmp_path / "c.parquet")),
        ("check", given),
        ("why", (*given, "--person", "1")),
        ("explain", ()),
    ):
        ended = command(tmp_path / "home", "cohort", verb, wrong, *more)
        told(ended, 2, r'wrong.json: \$ has the key "Title" more than once; keep one')


def at_a_terminal(home: Path, *arguments: object) -> str:
    """What a person sees on standard error, where that is a terminal."""
    master, slave = pty.openpty()
    command = [sys.executable, "-c", STARTS_NARU, *map(str, arguments)]
    env = environment(home, TERM="xterm", COLUMNS="100")
    with subprocess.Popen(
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=slave
    ) as process:
        os.close(slave)
        seen = bytearray()
        try:
            while part := os.read(master, 4096):
                seen += part
        except OSError:  # the terminal is closed
            pass
        assert process.wait(60) == 0, seen
    os.close(master)
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen.decode())


@alone
def test_a_terminal_shows_how_far_the_run_is_and_a_pipe_nothing(command: Ready, source: str, tmp_path: Path) -> None:
    made = folder(tmp_path, [f"{number}.json" for number in range(1, 40)])
    run_all = ("cohort", "run-all", made, "--source", source, "--out", tmp_path / "c.parquet")
    seen = at_a_terminal(tmp_path / "home", *run_all)
    assert re.search(r"━ +\d+% cohorts \.\.\. ", seen), seen
    assert re.search(r"✓ definitions 39 \d", seen)
    assert re.search(r"✓ cohorts 39 entries of 1 people \d+\.\d s", seen)
    assert command.ok(tmp_path / "home", *run_all).err == ""
