"""Generated definitions over the whole language on tiny CDMs full of edges: every engine finds what the fast engine finds.

`EXAMPLES=1000 pytest tests/cohorts/conformance/test_generated.py` makes a long, random run of it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from cohorts.attrition import Attrition
from tests.cohorts import tiny
from tests.cohorts.conformance.engines import Engine, Json, Rows, in_duckdb, reference
from tests.cohorts.strategies import expressions

EXAMPLES = int(os.environ.get("EXAMPLES", "0"))
SEEDS = (1, 2, 3)
HOW_MANY = {"duckdb": 72, "postgresql": 36, "spark": 12}
Found = tuple[Rows, dict[str, Attrition]]


@pytest.fixture(scope="module")
def generated() -> Mapping[int, dict[str, Json]]:
    """Definitions by the seed of the CDM on which they run; made once for all engines, since making them takes longest."""
    found: list[Json] = []

    @settings(
        max_examples=EXAMPLES or max(HOW_MANY.values()),
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
    )
    @given(expressions())
    def collect(one: Json) -> None:
        found.append(one)

    collect()
    given_seeds = {seed: found[at :: len(SEEDS)] for at, seed in enumerate(SEEDS)}
    return {seed: {str(number): one for number, one in enumerate(given_)} for seed, given_ in given_seeds.items()}


@pytest.fixture(scope="module")
def answers(generated: Mapping[int, dict[str, Json]], tmp_path_factory: pytest.TempPathFactory) -> Mapping[int, Found]:
    """What the fast engine finds."""
    folder = tmp_path_factory.mktemp("fast")
    write = in_duckdb(folder)
    return {
        seed: reference(folder, write(f"tiny{seed}", tiny.tables(seed)), given) for seed, given in generated.items()
    }


def only(found: Found, name: str) -> tuple[Rows, Attrition]:
    """What was found for one definition."""
    return [row for row in found[0] if str(row[0]) == name], found[1][name]


@pytest.mark.parametrize("seed", SEEDS)
def test_generated_definitions(
    engine: Engine, generated: Mapping[int, dict[str, Json]], answers: Mapping[int, Found], seed: int
) -> None:
    many = len(generated[seed]) if EXAMPLES else HOW_MANY[engine.name] // len(SEEDS)
    given_ = dict(list(generated[seed].items())[:many])
    found = engine.find(engine.write(f"tiny{seed}", tiny.tables(seed)), given_)
    differing = [name for name in given_ if only(found, name) != only(answers[seed], name)]
    assert not differing, given_[differing[0]]


def test_many_generated_definitions_find_somebody(answers: Mapping[int, Found]) -> None:
    """Else the test above would prove little."""
    told = [one for _, by_name in answers.values() for one in by_name.values()]
    assert sum(one.steps[-1].people > 0 for one in told) > len(told) / 3
