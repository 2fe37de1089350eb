"""Many definitions, compared; what differs is made small and shown.

python -m tests.cohorts.generative.run --examples 10000 --seed 1        (make test-generative)
python -m tests.cohorts.generative.run --seed 1 --only 4711             one of them again
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cdm.errors import BadInput
from tests.cohorts.generative import show, shrink, sweep
from tests.cohorts.generative.answers import Answers, Found, Place, answers, by_engine, place
from tests.cohorts.generative.definitions import definition
from tests.cohorts.generative.dice import Dice
from tests.cohorts.reference.kinds import KINDS

PLACES = 12
BATCHES = (1, 7, 16, 24)  # the engine has other ways for one definition than for several


@dataclass(frozen=True)
class Example:
    """Definition n of a seed, and the tiny hospital that it is for."""

    seed: int
    number: int

    @property
    def definition(self) -> dict[str, Any]:
        return definition(Dice(f"{self.seed}:{self.number}"))

    def __str__(self) -> str:
        return f"{self.seed}:{self.number}"


@dataclass
class Report:
    """What was met."""

    examples: int = 0
    non_empty: int = 0
    with_rules: int = 0
    no_answer: Counter[str] = field(default_factory=Counter)
    by_order: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def add(self, found: Answers) -> None:
        self.examples += 1
        self.non_empty += bool(found.reference.rows)
        self.with_rules += bool(found.reference.in_turn)
        self.no_answer.update([found.no_answer] if found.no_answer else [])
        self.by_order.update([found.by_order] if found.by_order else [])

    def __str__(self) -> str:
        share = 100 * self.non_empty / max(self.examples, 1)
        return "\n".join(
            [
                f"definitions                    {self.examples}, {self.with_rules} of them with inclusion rules",
                f"find somebody                  {share:.1f} %",
                f"circe has no answer            {_counted(self.no_answer)}",
                f"circe's answer hangs on order  {_counted(self.by_order)}",
                f"differences                    {len(self.differences)}",
            ]
        )


def _counted(kinds: Counter[str]) -> str:
    lines = [f"\n    {count:5d}  {kind}" for kind, count in sorted(kinds.items(), key=lambda one: (-one[1], one[0]))]
    return f"{kinds.total()}{''.join(lines)}"


def batches(seed: int, numbers: Sequence[int]) -> Iterator[tuple[Place, list[Example]]]:
    """Examples that the engine runs in one pass, each batch at another tiny hospital."""
    start = turn = 0
    while start < len(numbers):
        size = BATCHES[turn % len(BATCHES)]
        yield place(turn % PLACES + 1), [Example(seed, n) for n in numbers[start : start + size]]
        start, turn = start + size, turn + 1


def compare_singles(seed: int, things: Sequence[tuple[str, str]], report: Report, seconds: float = 60) -> list[str]:
    """Add to the report definitions in which one thing matters; return what mattered nowhere."""
    found = {f"{kind}.{what}": sweep.single(seed, kind, what) for kind, what in things}
    for number in sweep.PLACES:
        compare(place(number), [one for one in found.values() if one and one.place == number], report, seconds)
    return [name for name, one in found.items() if one is None]


def compare(where: Place, examples: Sequence[Example | sweep.Single], report: Report, seconds: float = 60) -> None:
    """Add to the report what the three find; `seconds` may be spent on making a difference small."""
    given = [example.definition for example in examples]
    for example, one, engine in zip(examples, given, _engine(given, where), strict=True):
        if isinstance(engine, str):
            report.examples += 1
            report.differences.append(f"{example}: the engine fails: {engine}\n{one}")
            continue
        found = answers(one, where, engine)
        report.add(found)
        if found.disagreement:
            report.differences.append(f"{example}: {found.disagreement}\n{smallest(one, where, found, seconds)}")


def _engine(given: Sequence[dict[str, Any]], where: Place) -> list[Found | str]:
    """What the engine finds in one pass; if that fails, each by itself, and why it fails."""
    try:
        return list(by_engine(given, where))
    except Exception as error:  # an engine under test may raise anything
        if len(given) == 1:
            return [f"{type(error).__name__}: {error}"]
        return [found for one in given for found in _engine([one], where)]


def smallest(given: dict[str, Any], where: Place, found: Answers, seconds: float) -> str:
    """The smallest definition and the fewest rows on which the same ones still do not agree, to be read."""
    only = found.disagreement

    def differs(one: dict[str, Any], there: Place) -> bool:
        try:
            return bool(answers(one, there, circe="circe" in only).disagreement)
        except (BadInput, KeyError, TypeError, ValueError):  # no definition
            return False

    def differs_with(tables: Any) -> bool:
        with Place(tables) as there:
            return differs(small, there)

    if not differs(given, where):  # it does so in a batch only
        return show.shown(given, {}, found)
    small = shrink.smallest(given, lambda one: differs(one, where), shrink.Budget(seconds / 2))
    people, budget = _people_apart(answers(small, where)), shrink.Budget(seconds / 2)
    tables = shrink.fewest_rows(where.tables, people, _tables_of(small), differs_with, budget)
    with Place(tables) as there:
        return show.shown(small, tables, answers(small, there))


def _tables_of(given: dict[str, Any]) -> set[str]:
    """The tables that a definition most likely looks at."""
    text = json.dumps(given)
    events = {kind.table for name, kind in KINDS.items() if f'"{name}"' in text}
    concepts = {"concept", "concept_ancestor", "concept_relationship"} if '"concept"' in text else set()
    places = {"visit_occurrence", "provider", "care_site"} if re.search("Visit|Provider|PlaceOf", text) else set()
    drugs = {"drug_exposure"} if "DrugCodesetId" in text else set()
    return events | concepts | places | drugs | {"person", "observation_period"}


def _people_apart(found: Answers) -> set[int]:
    """Whose rows differ; if nobody's do, everybody's who has any."""
    sides = [found.engine.rows, found.reference.rows, found.circe.rows if found.circe else found.reference.rows]
    everybody = {row for side in sides for row in side}
    apart = {row for row in everybody if not all(row in side for side in sides)}
    return {row[0] for row in apart or everybody}


def _sweep(seed: int, report: Report) -> None:
    nowhere = compare_singles(seed, sweep.things(), report, seconds=120)
    print("\n".join(f"\n{one}\n" for one in report.differences), end="")
    print(f"{report.examples} attributes and counts by themselves, {len(report.differences)} differences", flush=True)
    print(f"mattered nowhere: {', '.join(nowhere) or 'none'}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="the number of one example")
    asked = parser.parse_args()
    numbers = list(range(asked.examples))
    report, wall, cpu = Report(), time.monotonic(), time.process_time()
    if asked.only is None:
        _sweep(asked.seed, singles := Report())
        report.differences += singles.differences
    done = 0
    for where, examples in batches(asked.seed, numbers):
        if asked.only is None or asked.only in {one.number for one in examples}:
            before = len(report.differences)
            compare(where, examples, report, seconds=120)
            print("\n".join(f"\n{one}\n" for one in report.differences[before:]), end="", flush=True)
        done += len(examples)
        if done // 500 > (done - len(examples)) // 500:
            print(f"{done} of {asked.examples}, {time.monotonic() - wall:.0f} s", flush=True)
    print(
        f"\nseed {asked.seed}; {time.process_time() - cpu:.0f} s of CPU, {time.monotonic() - wall:.0f} s in all\n{report}"
    )
    return 1 if report.differences else 0


if __name__ == "__main__":
    sys.exit(main())
