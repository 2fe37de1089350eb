"""Generated definitions over the whole language on tiny CDMs full of edges: the engine, circe-be's SQL and our reference.

`make test-generative EXAMPLES=10000 SEED=1` makes a long run of it.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from cdm.errors import BadInput
from cohorts.engine import need
from cohorts.expression import parse
from tests.cohorts import oracle
from tests.cohorts.generative import grammar, run, show, shrink, sweep
from tests.cohorts.generative.answers import Place, answers, by_engine, place
from tests.cohorts.generative.definitions import definition as generated
from tests.cohorts.generative.dice import Dice
from tests.cohorts.small import by_circe, condition, conditions, definition, occurs

SEED = 20
PARTS = 4  # so that workers share them
EACH = 20


@pytest.mark.parametrize("part", range(PARTS))
def test_generated_definitions_find_what_circe_and_the_reference_find(part: int) -> None:
    report = run.Report()
    for where, examples in run.batches(SEED, range(part * EACH, (part + 1) * EACH)):
        run.compare(where, examples, report)
    assert not report.differences, "\n\n".join(report.differences)
    assert report.examples == EACH
    assert report.non_empty > EACH / 2


def test_attributes_by_themselves_find_what_circe_and_the_reference_find_where_they_matter() -> None:
    """Every eighth of them; `make test-generative` takes all."""
    report = run.Report()
    some = sweep.things()[SEED % 8 :: 8]
    assert run.compare_singles(SEED, some, report) == []
    assert not report.differences, "\n\n".join(report.differences)
    assert report.examples == report.non_empty == len(some)


def test_a_definition_alone_finds_what_it_finds_in_one_pass_with_others() -> None:
    several = [generated(Dice(f"{SEED}:{n}")) for n in range(100, 108)]
    for one, together in zip(several, by_engine(several, place(3)), strict=True):
        (alone,) = by_engine([one], place(3))
        assert alone.rows == together.rows
        assert alone.attrition.steps == together.attrition.steps
        assert alone.attrition.combinations == together.attrition.combinations


# What is generated


@cache
def many() -> tuple[dict[str, Any], ...]:
    return tuple(generated(Dice(f"1:{number}")) for number in range(3000))


def test_generated_definitions_use_all_of_the_language() -> None:
    met: Counter[str] = Counter()
    for one in many():
        met.update(set(grammar.used(one)))
    assert sorted(grammar.grammar() - met.keys()) == []


@pytest.mark.parametrize(
    ("what", "is_odd"),
    [
        ("Days", lambda part: part.get("Days", 0) is not None and part.get("Days", 0) < 0),
        ("Days is null", lambda part: "Days" in part and part["Days"] is None),
        ("exactly two or more", lambda part: part.get("Type") == 0 and part.get("Count", 0) > 1),
        ("a negative count", lambda part: part.get("Count") is not None and part["Count"] < 0),
        ("an empty group", lambda part: part.get("Type") == "ALL" and not any(part.get(n) for n in _PARTS_OF_A_GROUP)),
        ("a negative pad", lambda part: part.get("EraPad", 0) < 0),
        ("a limit that is null", lambda part: part == {"Type": None}),
        ("an attribute that is null", lambda part: "Age" in part and part["Age"] is None),
        ("an excluded list", lambda part: part.get("DrugTypeExclude") and part.get("DrugType")),
        ("a list without entries", lambda part: part.get("Gender") == []),
        ("a selection without a set", lambda part: part == {"IsExclusion": True}),
        ("distinct without a column", lambda part: part.get("IsDistinct") and "CountColumn" not in part),
        ("a set without items", lambda part: part.get("items") == []),
        ("an empty extent", lambda part: part.get("Extent") == ""),
        ("an era that ends before it starts", lambda part: part.get("Offset", 0) < 0),
    ],
)
def test_generated_definitions_hold_the_odd_cases(what: str, is_odd: Any) -> None:
    del what
    assert any(is_odd(part) for one in many() for part in _objects(one))


_PARTS_OF_A_GROUP = ("CriteriaList", "DemographicCriteriaList", "Groups")


def _objects(given: Any) -> list[dict[str, Any]]:
    inner = given.values() if isinstance(given, dict) else given if isinstance(given, list) else ()
    return [one for part in inner for one in _objects(part)] + ([given] if isinstance(given, dict) else [])


@pytest.mark.parametrize(
    ("kind", "attribute"), [(kind, name) for kind, names in grammar.REFUSED.items() for name in names]
)
def test_what_is_not_generated_is_refused_by_name(kind: str, attribute: str) -> None:
    value: Any = {
        "EffectiveDrugDose": {"Value": 1, "Op": "gt"}, "DoseUnit": [{"CONCEPT_ID": 1}], "DoseUnitCS": {"CodesetId": 1},
    }.get(attribute, 1)  # fmt: skip
    given = parse(json.dumps(definition({kind: {attribute: value}})), "given")
    with pytest.raises(BadInput, match=rf"{kind}\.{attribute.removesuffix('CS')} cannot be answered"):
        need({"1": given})


# circe's SQL, in another dialect and in an order of ours


@pytest.mark.parametrize("number", range(3))
def test_the_short_translation_of_circe_sql_says_what_sqlrender_says(number: int) -> None:
    given = generated(Dice(f"translated:{number}"))
    assert place(1).circe.answer(given) == place(1).circe.answer(given, _sqlrender)


def _sqlrender(text: str) -> list[str]:
    return [one for one in oracle.by_sqlrender(text) if not oracle.is_idle(one)]


def test_a_pinned_script_finds_what_circe_may_find() -> None:
    """An event in two observation periods: circe takes the one that comes first in the table."""
    first = definition(condition(), limit="First", EndStrategy=None)
    head = "observation_period_id | person_id | observation_period_start_date | observation_period_end_date"
    periods = ["1 | 1 | 2010-01-01 | 2012-12-31", "2 | 1 | 2011-01-01 | 2015-12-31"]
    given = [
        conditions("7 | 1 | 10 | 2011-06-01 | 2011-06-05") | {"observation_period": "\n".join([head, *lines])}
        for lines in (periods, periods[::-1])
    ]
    either = [by_circe(tables, first, ours_among_equals=False) for tables in given]
    assert {str(end) for ((_, _, end),) in either} == {"2012-12-31", "2015-12-31"}
    assert [str(end) for tables in given for (_, _, end) in by_circe(tables, first)] == ["2012-12-31"] * 2


# What a person reads


def test_a_difference_is_made_small() -> None:
    """`ANY` among other things: what has nothing to do with it goes, down to the shortest way to say it."""
    given = generated(Dice("1:7")) | {
        "InclusionRules": [{"expression": {"Type": "ANY", "CriteriaList": [occurs(condition())]}}]
    }
    small = shrink.smallest(given, lambda one: '"ANY"' in json.dumps(one), shrink.Budget(20))
    assert small == {"InclusionRules": [{"expression": {"Type": "ANY"}}]}


def test_only_the_rows_that_matter_are_shown() -> None:
    tables = {
        "death": pa.table(
            {"person_id": [1, 2, 2, 3], "cause_concept_id": [7, 8, 9, 8], "death_type_concept_id": [None] * 4}
        ),
        "concept": pa.table({"concept_id": [7, 8, 9]}),
    }
    two_of_8_and_9 = lambda some: {8, 9} <= set(some["death"]["cause_concept_id"].to_pylist())  # noqa: E731
    few = shrink.fewest_rows(tables, {2}, {"death"}, two_of_8_and_9, shrink.Budget(20))
    assert {name: table.num_rows for name, table in few.items()} == {"death": 2, "concept": 0}
    assert show.text_table(few["death"]).splitlines() == [
        "person_id | cause_concept_id",
        "        2 |                8",
        "        2 |                9",
    ]


def test_a_wrong_answer_is_told_in_a_small_definition_and_small_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the engine forgot entries that last a day."""
    right = run.answers

    def wrong(given: Any, where: Any, engine: Any = None, *, circe: bool = False) -> Any:
        found = right(given, where, engine, circe=circe)
        lost = [row for row in found.engine.rows if (row[2] - row[1]).days != 1]
        return type(found)(type(found.engine)(lost, found.engine.attrition), found.reference, found.circe)

    monkeypatch.setattr(run, "answers", wrong)
    given = definition({"Measurement": {"First": True}}, rules=[{"Type": "ANY"}])
    few = {name: shrink.of_people(table, {4, 5, 6, 7}) for name, table in place(1).tables.items()}
    with Place(few) as where:
        told = run.smallest(given, where, wrong(given, where), seconds=30)
    assert "InclusionRules" not in told
    tables = [line for line in told.splitlines() if " | " in line]
    assert [line.split()[0] for line in tables[::2]] == ["measurement_id", "observation_period_id"]
    assert [line.split()[0] for line in told.splitlines()[-4:]] == ["differs", "engine", "reference", "circe"]
    assert told.splitlines()[-3].split()[1:] == ["nobody"]


def test_answers_tell_where_circe_has_none() -> None:
    abnormal = definition({"Measurement": {"Abnormal": True}})
    assert answers(abnormal, place(1)).no_answer == "no SQL: Abnormal without ValueAsConcept"
    by_type = definition(
        condition(None), rules=[{"Type": "ALL", "CriteriaList": [occurs(condition(), distinct="UNIT")]}]
    )
    with pytest.raises(BadInput, match="UNIT"):
        answers(by_type, place(1))


def test_generated_definitions_can_be_made_again_from_their_number(tmp_path: Path) -> None:
    del tmp_path
    assert str(run.Example(3, 5)) == "3:5"
    assert run.Example(3, 5).definition == run.Example(3, 5).definition != run.Example(3, 6).definition
