"""Each piece of which SQL is made, spelled and computed by every engine."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest
from sqlglot import exp

import cdm
import cohorts.in_place
from cdm.source import InPlace, Kind, Need
from cohorts.in_place import dialects
from cohorts.in_place.trees import Query, Tree, column, compare, flag, matches, select, table, whole
from tests.cohorts.conformance.engines import Engine, with_base
from tests.cohorts.conformance.pieces import CONDITIONS, LIKE, NUMBERS, QUERIES, ROWS, VALUES, numbers


@pytest.fixture(scope="module")
def place(engine: Engine) -> Iterator[InPlace]:
    url = engine.write("pieces", with_base({}))
    with cdm.open_source(url, engine.folder) as source, source.in_place(Need({"person": ("person_id",)})) as found:
        yield found


@contextmanager
def answers(place: InPlace) -> Iterator[object]:
    kinds: dict[str, Mapping[str, Kind]] = {
        "numbers": NUMBERS,
        "texts": {"number": "int", "said": "text", "pattern": "text"},
    }
    with place.work(kinds) as work:
        given = zip(*ROWS, strict=True)
        work.load(
            "numbers", pa.table({name: pa.array(one, pa.int32()) for name, one in zip(NUMBERS, given, strict=True)})
        )
        said = [text for text, _ in LIKE]
        patterns = [dialects.pattern(pattern, place.engine) for _, pattern in LIKE]
        work.load(
            "texts", pa.table({"number": pa.array(range(len(LIKE)), pa.int32()), "said": said, "pattern": patterns})
        )
        yield lambda query: rows(work.fetch(dialects.text(query, place.engine)))


def rows(found: pa.Table) -> list[tuple[object, ...]]:
    return sorted((tuple(row.values()) for row in found.to_pylist()), key=repr)


def one(query_columns: Mapping[str, Tree]) -> Query:
    return select(query_columns, numbers(), where=[compare(column("n.number"), "=", whole(1))])


def test_values(place: InPlace) -> None:
    names = [f"value_{number}" for number in range(len(VALUES))]
    with answers(place) as ask:
        ((*found,),) = ask(one(dict(zip(names, (tree for tree, _ in VALUES.values()), strict=True))))
    assert dict(zip(VALUES, found, strict=True)) == {name: wanted for name, (_, wanted) in VALUES.items()}


def test_conditions(place: InPlace) -> None:
    names = [f"value_{number}" for number in range(len(CONDITIONS))]
    with answers(place) as ask:
        ((*found,),) = ask(one({name: flag(tree) for name, (tree, _) in zip(names, CONDITIONS.values(), strict=True)}))
    assert dict(zip(CONDITIONS, map(bool, found), strict=True)) == {
        name: wanted for name, (_, wanted) in CONDITIONS.items()
    }


def test_patterns_of_texts(place: InPlace) -> None:
    matched = select(
        {"number": column("t.number"), "found": flag(matches(column("t.said"), column("t.pattern")))},
        table("texts", "t"),
    )
    with answers(place) as ask:
        found = dict(ask(matched))
    assert {pair: bool(found[number]) for number, pair in enumerate(LIKE)} == dict(LIKE)


@pytest.mark.parametrize("name", QUERIES)
def test_queries(place: InPlace, name: str) -> None:
    query, wanted = QUERIES[name]
    with answers(place) as ask:
        assert ask(query) == sorted(wanted, key=repr)


def test_a_piece_that_no_engine_was_tried_with_is_refused() -> None:
    with pytest.raises(TypeError, match="no spelling is known for Median"):
        dialects.text(select({"a": exp.Median(this=column("n.start"))}, numbers()), "postgresql")


def test_only_two_modules_know_sqlglot() -> None:
    """The others could write a tree that no test here tries."""
    folder = Path(str(cohorts.in_place.__file__)).parent
    knowing = {file.relative_to(folder).as_posix() for file in folder.rglob("*.py") if "sqlglot" in imports(file)}
    assert {name for name in knowing if not name.startswith("trees/")} == {"dialects.py"}


def imports(file: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    found = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    found |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.split(".")[0] for name in found}
