"""Mistakes of people and of databases: one clear sentence each on standard error, the right exit code, nothing half-written."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cdm.server import Server
from flows.home import Home
from flows.study import shipped
from tests.cdm.cdms import connected
from tests.flows.commands import Ended, Ready, naru
from tests.flows.hospital import gather, site_arguments, small_study
from tests.flows.story import World
from tests.tables import write_duckdb, write_parquet

alone = pytest.mark.xdist_group("flows_bad_input")
with_prefect = pytest.mark.xdist_group("flows_world")


def told(ended: Ended, code: int, sentence: str, lines: int = 1) -> None:
    """The command said `lines` sentences, this one among them, and nothing else."""
    assert ended.code == code, ended
    assert ended.out == ""
    said = ended.err.splitlines()
    assert len(said) == lines, ended.err
    assert all(line.startswith("naru: ") for line in said)
    assert "Traceback" not in ended.err
    assert re.search(sentence, ended.err), ended.err


@pytest.fixture(scope="module")
def home(command: Ready, gibleed: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    place = Home(tmp_path_factory.mktemp("bad") / "home")
    command.ok(place.root, *site_arguments("gibleed", f"parquet://{gibleed}"))
    return place


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return small_study("gi_bleed", tmp_path)


# --- study files


def edited(study: Path, old: str, new: str) -> Path:
    text = study.read_text(encoding="utf-8")
    assert old in text
    study.write_text(text.replace(old, new, 1), encoding="utf-8")
    return study


def line_of(study: Path, word: str) -> int:
    return next(n for n, line in enumerate(study.read_text(encoding="utf-8").splitlines(), 1) if word in line)


@alone
@pytest.mark.parametrize("verb", [("study", "check"), ("study", "explain"), ("feasibility",)])
def test_a_wrong_key_in_a_study_is_named_with_file_and_line(
    command: Ready, home: Home, study: Path, verb: tuple[str]
) -> None:
    edited(study, "seed:", "sed:")
    ended = command(home.root, *verb, study)
    told(
        ended,
        2,
        rf"{re.escape(str(study))}:{line_of(study, 'sed:')}: draw\.sed: this key is unknown \(did you mean 'seed'",
    )


@alone
def test_every_mistake_of_a_study_has_its_own_line(command: Ready, home: Home, study: Path) -> None:
    edited(edited(study, "cases: 60", "cases: many"), "seed:", "sed:")
    ended = command(home.root, "study", "check", study)
    told(ended, 2, r"study.yaml:\d+: draw\.cases: should be a valid integer", lines=2)


@alone
def test_a_cohort_file_that_is_missing(command: Ready, home: Home, study: Path) -> None:
    (study.parent / "case.json").unlink()
    ended = command(home.root, "study", "check", study)
    told(
        ended, 2, rf"study.yaml:{line_of(study, 'case: case.json')}: cohorts.case: no file '.*case.json'; give the path"
    )


@alone
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\x00\x01\x02garbage", r"study.yaml: the study file is not valid YAML"),
        (b"id: [x\n", r"study.yaml:2: the study file is not valid YAML"),
        (b"\xff\xfe\x00", r"study.yaml: the study file is not UTF-8 text"),
        (b"just a sentence", r"study.yaml:1: the study file must be a mapping"),
        (b"", r"study.yaml:1: the study file must be a mapping"),
    ],
)
def test_a_study_file_that_is_none(command: Ready, home: Home, study: Path, content: bytes, sentence: str) -> None:
    study.write_bytes(content)
    told(command(home.root, "study", "check", study), 2, sentence)


@alone
def test_a_study_file_that_is_not_there_or_a_folder(command: Ready, home: Home, tmp_path: Path) -> None:
    told(command(home.root, "study", "check", tmp_path / "none.yaml"), 2, "none.yaml: no such study file")
    told(command(home.root, "feasibility", tmp_path), 2, "this is a folder, not a study file")


def with_unknown_concept(study: Path) -> Path:
    case = study.parent / "case.json"
    definition = json.loads(case.read_text(encoding="utf-8"))
    definition["ConceptSets"][1]["expression"]["items"][0]["concept"]["CONCEPT_ID"] = 999_999_999
    case.write_text(json.dumps(definition), encoding="utf-8")
    return study


UNKNOWN_CONCEPT = (
    r"case.json: concept set 'Gastrointestinal haemorrhage': concept 999999999 is unknown to this hospital's vocabulary"
)


@alone
def test_a_concept_that_the_vocabulary_does_not_know(command: Ready, home: Home, study: Path) -> None:
    with_unknown_concept(study)
    told(command(home.root, "feasibility", study, "--site", "gibleed"), 2, UNKNOWN_CONCEPT)
    checked = command(home.root, "study", "check", study, "--site", "gibleed")
    assert (checked.code, checked.err) == (1, "")
    assert re.search(f"block: .*{UNKNOWN_CONCEPT}", checked.out)


# --- databases


@alone
@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("postgresql://naru@127.0.0.1:1/cdm?schema=cdm", "no server listens there"),
        ("postgresql://naru@no-such-host.invalid/cdm?schema=cdm", "the host name is unknown"),
        ("postgresql://naru:hunter2@127.0.0.1/cdm", "holds a password, which does not belong there"),
        ("duckdb:///nowhere/cdm.duckdb", "nowhere/cdm.duckdb"),
        ("parquet:///nowhere", "/nowhere"),
        ("sample://gibled", "there is no sample gibled; there are sample://gibleed"),
        ("oracle://u@h/db", "oracle"),
        ("not an address", "a source is an address with ://"),
        ("synthetic://x?persons=many&seed=1", "persons"),
    ],
)
def test_a_source_that_cannot_be_opened_is_not_registered(
    command: Ready, home: Home, source: str, sentence: str
) -> None:
    ended = command(home.root, *site_arguments("other", source))
    told(ended, 2, sentence)
    assert "hunter2" not in ended.err
    assert not (home.sites / "other.yaml").exists()


@alone
def test_a_database_that_is_no_cdm(command: Ready, home: Home, tmp_path: Path, postgres: str) -> None:
    books = {"book": "book_id | title_name\n1 | A"}
    with connected(postgres) as con:
        con.execute("CREATE SCHEMA cdm; CREATE TABLE cdm.book (book_id int)")
    for source in (
        f"duckdb://{write_duckdb(tmp_path / 'books.duckdb', books)}?schema=cdm",
        f"parquet://{write_parquet(tmp_path / 'books', books)}",
        f"{postgres}&schema=cdm",
    ):
        told(command(home.root, *site_arguments("other", source)), 2, "is not an OMOP CDM")
    assert not (home.sites / "other.yaml").exists()


@pytest.fixture
def locked_user(postgres_server: Server) -> Iterator[str]:
    """A user of the server whom it asks for a password."""
    hba, name = postgres_server.data / "pg_hba.conf", "locked_naru"
    before = hba.read_text(encoding="ascii")
    admin = psycopg.connect(host=str(postgres_server.sockets), user="postgres", dbname="postgres", autocommit=True)
    with admin:
        admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'the right one'")
        hba.write_text(f"local all {name} scram-sha-256\n{before}", encoding="ascii")
        admin.execute("SELECT pg_reload_conf()")
        yield name
        hba.write_text(before, encoding="ascii")
        admin.execute("SELECT pg_reload_conf()")
        admin.execute(f"DROP ROLE {name}")


@alone
def test_a_wrong_password_and_a_missing_one(
    command: Ready, home: Home, postgres: str, locked_user: str, tmp_path: Path
) -> None:
    source = f"{postgres.replace('postgres@', f'{locked_user}@')}&schema=cdm"
    wrong = command(
        home.root, *site_arguments("other", source), PGPASSWORD="hunter2", PGPASSFILE=str(tmp_path / "none")
    )
    told(wrong, 2, "password")
    assert "hunter2" not in wrong.err
    told(command(home.root, *site_arguments("other", source), PGPASSWORD=""), 2, "password")
    assert not (home.sites / "other.yaml").exists()


@alone
def test_a_site_file_that_somebody_broke(command: Ready, home: Home, tmp_path: Path) -> None:
    broken = Home(tmp_path / "home")
    shutil.copytree(home.sites, broken.make().sites)
    edited(broken.sites / "gibleed.yaml", "threshold: 10", "threshold: none")
    told(command(broken.root, "site", "list"), 2, r"gibleed.yaml:\d+: threshold: should be a valid integer")


@alone
def test_a_site_that_is_not_registered(command: Ready, home: Home, study: Path) -> None:
    told(
        command(home.root, "feasibility", study, "--site", "seoul"),
        2,
        r"no site 'seoul' is registered here \(registered: gibleed\)",
    )
    told(command(home.root, "site", "check", "seoul"), 2, "no site 'seoul' is registered here")


@alone
@pytest.mark.parametrize("option", [("--min-k", "0"), ("--threshold", "0"), ("--memory", "much"), ("--threads", "0")])
def test_a_value_out_of_range(command: Ready, home: Home, gibleed: Path, option: tuple[str, str]) -> None:
    told(
        command(home.root, *site_arguments("other", f"parquet://{gibleed}", *option)),
        2,
        f"{option[0]} '?{option[1]}'?: ",
    )


# --- outputs, homes, words


@alone
def test_an_output_whose_folder_is_missing(command: Ready, home: Home, gibleed: Path, tmp_path: Path) -> None:
    definition = shipped("gi_bleed").parent / "case.json"
    run = ("cohort", "run", definition, "--source", f"parquet://{gibleed}", "--out")
    told(command(home.root, *run, tmp_path / "no" / "c.parquet"), 2, r"the folder .*/no does not exist; make it first")
    told(command(home.root, *run, tmp_path), 2, r"must end in .parquet")
    told(
        command(home.root, *run, tmp_path / "c.parquet", "--attrition", tmp_path / "no" / "a.json"), 2, "does not exist"
    )
    assert list(tmp_path.iterdir()) == []


@alone
def test_a_definition_with_a_key_that_circe_does_not_have(
    command: Ready, home: Home, gibleed: Path, tmp_path: Path
) -> None:
    definition = json.loads((shipped("gi_bleed").parent / "case.json").read_text(encoding="utf-8"))
    definition["PrimaryCriteria"]["CriteriaList"][0]["DrugExposure"]["Frist"] = True
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps(definition), encoding="utf-8")
    ended = command(
        home.root, "cohort", "run", wrong, "--source", f"parquet://{gibleed}", "--out", tmp_path / "c.parquet"
    )
    told(ended, 2, r"wrong.json: .*Frist")
    assert [p.name for p in tmp_path.iterdir()] == ["wrong.json"]


@alone
@pytest.mark.parametrize("verb", ["study", "cohort"])
def test_a_language_that_is_not_spoken(command: Ready, home: Home, verb: str) -> None:
    file = shipped("gi_bleed") if verb == "study" else shipped("gi_bleed").parent / "case.json"
    told(command(home.root, verb, "explain", file, "--lang", "xx"), 2, "--lang xx: accepted are ko and en")
    told(command(home.root, "feasibility", shipped("gi_bleed"), "--lang", "xx"), 2, "--lang xx: accepted are ko and en")


@alone
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("extract",), "Missing argument.*see: naru extract --help"),
        (("extract", "s.yaml"), "Missing option '--site'.*see: naru extract --help"),
        (("fly",), "No such command 'fly'.*see: naru --help"),
        (("verify", "x", "--loud"), "No such option.*--loud.*see: naru verify --help"),
        (
            ("board", "release", "vote", "r", "--digest", "d", "--choice", "maybe", "--as", "x"),
            "--choice maybe: accepted are",
        ),
        (("board", "case", "return", "c", "--section", "purpose", "--as", "x"), "--section purpose: write KEY=TEXT"),
    ],
)
def test_a_command_line_that_is_not_understood(
    command: Ready, home: Home, arguments: tuple[str, ...], sentence: str
) -> None:
    told(command(home.root, *arguments), 2, sentence)


@alone
def test_a_folder_that_is_no_release(command: Ready, home: Home, tmp_path: Path) -> None:
    told(command(home.root, "verify", tmp_path / "none"), 2, "none")
    (tmp_path / "empty").mkdir()
    ended = command(home.root, "verify", tmp_path / "empty")
    assert ended.code in (1, 2)
    assert "MANIFEST.json" in ended.out + ended.err


@alone
def test_a_release_that_nobody_knows(command: Ready, tmp_path: Path) -> None:
    place = Home(tmp_path / "home")
    gather(place)
    told(command(place.root, "pull", "x-y-z-1.0.0", "--as", "haneul_kim"), 2, "no release 'x-y-z-1.0.0'")
    told(
        command(place.root, "pull", "x-y-z-1.0.0", "--accept-terms", "--as", "haneul_kim"),
        2,
        "the store has no release 'x-y-z-1.0.0'",
    )
    told(
        command(place.root, "board", "release", "show", "x-y-z-1.0.0", "--as", "haneul_kim"),
        2,
        "no release 'x-y-z-1.0.0'",
    )


@alone
def test_a_person_whom_the_board_does_not_know(command: Ready, home: Home) -> None:
    told(
        command(home.root, "board", "case", "list", "--as", "nobody_known"),
        3,
        "nobody is registered under the id that acts; say who acts with --as",
    )


@alone
def test_a_home_that_cannot_be_written(command: Ready, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file, no folder")
    for verb in (("releases",), ("ledger", "verify"), site_arguments("x", "sample://gibleed")):
        told(command(tmp_path / "file" / "home", *verb), 2, "NARU_HOME cannot be made or used")


@alone
def test_a_board_that_is_no_board(command: Ready, tmp_path: Path) -> None:
    place = Home(tmp_path / "home")
    (place.make().root / "board").mkdir()
    (place.root / "board" / "board.sqlite").write_bytes(b"not a database at all " * 100)
    told(command(place.root, "ledger", "verify"), 2, "not a whole SQLite database; restore it from a backup")


# --- what the flows say, with Prefect around them


@pytest.fixture
def empty(world: World, tmp_path: Path) -> Home:
    """A home with the board's people and the hospital, and no case."""
    place = Home(tmp_path / "home")
    gather(place)
    world.run.ok(place.root, *site_arguments("gibleed", world.sources["gibleed"]))
    return place


def nothing_made(home: Home) -> bool:
    return not any((home.root / name).exists() for name in ("runs", "built", "store", "outgoing"))


@with_prefect
def test_an_extraction_without_an_approved_case(world: World, empty: Home, study: Path) -> None:
    ended = world.run(empty.root, "extract", study, "--site", "gibleed", "--as", "gibleed_data")
    told(
        ended,
        3,
        "no case that 'gibleed_data' may see is approved for study 'gi_bleed' at site 'gibleed'; a startup applies",
    )
    assert nothing_made(empty)


@with_prefect
def test_an_extraction_at_an_unknown_site_by_an_unknown_person_or_of_a_wrong_study(
    world: World, empty: Home, study: Path
) -> None:
    extract = ("extract", study, "--site")
    told(world.run(empty.root, *extract, "seoul", "--as", "gibleed_data"), 2, "no site 'seoul' is registered here")
    told(
        world.run(empty.root, *extract, "gibleed", "--as", "nobody"),
        2,
        "'nobody' is not registered at the board; say who acts",
    )
    edited(study, "seed:", "sed:")
    told(world.run(empty.root, *extract, "gibleed", "--as", "gibleed_data"), 2, r"study.yaml:\d+: draw.sed")
    assert nothing_made(empty)


@with_prefect
def test_an_extraction_with_a_concept_that_the_hospital_does_not_know(world: World, study: Path) -> None:
    with_unknown_concept(study)
    before = sorted(p.name for p in (world.home.root / "runs" / "gibleed").rglob("*"))
    ended = world.run(world.home.root, "extract", study, "--site", "gibleed", "--as", "gibleed_data")
    told(ended, 2, UNKNOWN_CONCEPT)
    assert sorted(p.name for p in (world.home.root / "runs" / "gibleed").rglob("*")) == before


@with_prefect
def test_publishing_what_nobody_built(world: World, empty: Home) -> None:
    told(
        world.run(empty.root, "publish", "x-y-z-1.0.0"),
        2,
        r"no package of release 'x-y-z-1.0.0' was built here \(built: none yet\)",
    )
    told(world.run(empty.root, "publish", "../../etc/passwd"), 2, "no package of release")


@alone
def test_the_installed_command_says_the_same(home: Home, tmp_path: Path) -> None:
    """A process of its own, as a person starts it."""
    told(naru(home.root, "study", "check", tmp_path / "none.yaml"), 2, "none.yaml: no such study file")
    assert naru(home.root, "--version").out.startswith("naru ")
