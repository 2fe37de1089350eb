"""What one definition asks of a database, in order: small tables that it is given, tables that it makes, counts.

set_item, phrase           given: the lines of the concept sets; the patterns of text filters
member                     the concepts of each set
event_N                    the events of a stream that is looked at more than once (else it stands in the query)
nested_N, nested_match_N   the events of a criterion with criteria of its own, and what matches them
qualified, who             primary events, and their people: later streams are limited to them
asked, judged, included    after the additional criteria; with each rule's verdict; after the rules and the last limit
cohort_row                 person_id, start_date, end_date
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cdm.source import Kind
from cohorts.in_place import entries, events, exits, judging, vocabulary
from cohorts.in_place.conditions import Phrases
from cohorts.in_place.trees import Query, Tree, column, columns, derived, select, table, tables_read
from cohorts.plan.nodes import DrugExit, Eras, Group, Keep, Plan, Scan

PHRASE: Mapping[str, Kind] = {"number": "int", "pattern": "text"}
CDM = "cdm_"  # what the names of the CDM's own tables begin with
PERSON: Mapping[str, Kind] = {"person_id": "long"}


@dataclass(frozen=True)
class Given:
    """A small table that a definition brings along."""

    name: str
    columns: Mapping[str, Kind]
    rows: Sequence[tuple[int | str, ...]]


@dataclass(frozen=True)
class Step:
    """A table that a definition makes."""

    name: str
    columns: Mapping[str, Kind]
    query: Query


@dataclass(frozen=True)
class Script:
    """Everything that is asked for one definition; the last step is `cohort_row`."""

    given: tuple[Given, ...]
    steps: tuple[Step, ...]

    @property
    def tables(self) -> dict[str, Mapping[str, Kind]]:
        """All its tables with their columns, in order."""
        return {one.name: one.columns for one in self.given} | {one.name: one.columns for one in self.steps}

    @property
    def need(self) -> dict[str, set[str]]:
        """The tables of the CDM that it reads, with the columns."""
        found: dict[str, set[str]] = {}
        for step in self.steps:
            for name, asked in tables_read(step.query).items():
                if name.startswith(CDM):
                    found.setdefault(name.removeprefix(CDM), set()).update(asked)
        return found


def script(plan: Plan) -> Script:
    """The script of a plan of one definition."""
    return _Writer(plan).script()


def uses(plan: Plan) -> Counter[int]:
    """How often each stream is looked at."""
    found: Counter[int] = Counter()
    for stream in plan.streams:
        if isinstance(stream, Keep):
            found[stream.stream] += 2  # for its index, and for what is kept
            found.update(_looked_at(stream.group))
        elif isinstance(stream, Eras):
            found.update(set(stream.streams))
    for definition in plan.definitions:
        found.update([*definition.primary, *definition.censoring])
        for group in (definition.additional, *(rule.group for rule in definition.rules)):
            found.update(_looked_at(group) if group else [])
    return found


def _looked_at(group: Group) -> list[int]:
    """The streams that a group's checks look at, as often as they do."""
    return [check.stream for check in group.checks] + [stream for one in group.groups for stream in _looked_at(one)]


@dataclass
class _Writer:
    plan: Plan
    steps: list[Step] = field(default_factory=list)
    phrases: Phrases = field(default_factory=Phrases)

    def __post_init__(self) -> None:
        (self.definition,) = self.plan.definitions
        self.uses = uses(self.plan)
        self.made: set[str] = set()

    def script(self) -> Script:
        given = [self._members()]
        self._qualified()
        self._make("cohort_row", exits.ROW, self._rows(self._included(self._judged(self._asked()))))
        given.append(Given("phrase", PHRASE, list(enumerate(self.phrases.patterns))))
        return Script(tuple(given), tuple(self.steps))

    def _make(self, name: str, columns: Mapping[str, Kind], query: Query) -> None:
        self.steps.append(Step(name, columns, query))
        self.made.add(name)

    def _members(self) -> Given:
        """Make `member` of the sets' lines; without any line the vocabulary is not asked."""
        rows: list[tuple[int | str, ...]] = [
            (number, item.concept, int(item.excluded), int(item.descendants), int(item.mapped))
            for number, one in enumerate(self.plan.sets)
            for item in one
        ]
        if not rows:
            return Given("member", vocabulary.MEMBER, ())
        mapped = any(item.mapped for one in self.plan.sets for item in one)
        self._make("member", vocabulary.MEMBER, vocabulary.members(mapped))
        return Given("set_item", vocabulary.SET_ITEM, rows)

    def _qualified(self) -> None:
        primary = [self._events(stream) for stream in self.definition.primary]
        self._make("qualified", entries.INDEX, entries.primary(self.definition, primary))

    def _who(self) -> str | None:
        """The table of the people to whom streams are limited: everybody before the primary events are known."""
        if "qualified" not in self.made:
            return None
        if "who" not in self.made:
            people = select({"person_id": column("q.person_id")}, table("qualified", "q"), distinct=True)
            self._make("who", PERSON, people)
        return "who"

    def _asked(self) -> str:
        """The index table after the additional criteria and the qualified limit."""
        given, limit = self.definition.additional, self.definition.qualified_limit
        if given is None and limit == "all":
            return "qualified"
        judged = None if given is None else judging.judged("qualified", "additional_match", [given])
        if judged is not None:
            self._match(judged)
        self._make("asked", entries.INDEX, entries.asked(judged, "qualified", limit))
        return "asked"

    def _judged(self, index: str) -> str:
        """The index table with the rules' verdicts."""
        rules = self.definition.rules
        if not rules:
            return index
        judged = judging.judged(index, "rule_match", [rule.group for rule in rules])
        self._match(judged)
        self._make("judged", {**entries.INDEX, **entries.VERDICT}, entries.verdicts(judged, len(rules)))
        return "judged"

    def _included(self, index: str) -> str:
        """The index table after the rules and the expression limit."""
        rules, limit = len(self.definition.rules), self.definition.limit
        if not rules and limit == "all":
            return index
        self._make("included", entries.INDEX, entries.included(index, rules, limit))
        return "included"

    def _match(self, judged: judging.Judged) -> None:
        if judged.matters:
            self._make(judged.match, judging.MATCH, judged.matches(self._beside, self.phrases))

    def _rows(self, included: str) -> Query:
        exit_by = self.definition.exit
        drugs = exits.drug_eras(exit_by, included) if isinstance(exit_by, DrugExit) else None
        censoring = [self._events(stream) for stream in self.definition.censoring]
        return exits.rows(self.definition, included, drugs, censoring)

    def _beside(self, stream: int) -> Tree:
        """A stream's events in FROM, called e."""
        return derived(self._events(stream), "e")

    def _events(self, number: int) -> Query:
        """A stream's events, from its table if it has one."""
        name = f"event_{number}"
        if name not in self.made:
            query = self._stream(number)
            if self.uses[number] < 2:
                return query
            self._make(name, events.layout(self.plan, number), query)
        return select(columns("o", events.NAMES), table(name, "o"))

    def _stream(self, number: int) -> Query:
        stream = self.plan.streams[number]
        if isinstance(stream, Scan):
            return events.scanned(stream, events.layout(self.plan, number)["counted"], self.phrases, self._who())
        if isinstance(stream, Eras):
            parts = [self._events(part) for part in sorted(set(stream.streams))]
            return events.eras(stream, parts, self.phrases)
        return self._kept(number, stream)

    def _kept(self, number: int, stream: Keep) -> Query:
        index = f"nested_{number}"
        inner = self._events(stream.stream)
        self._make(index, entries.NESTED, entries.nested_index(inner))
        judged = judging.judged(index, f"nested_match_{number}", [stream.group], copies=True)
        self._match(judged)
        return entries.kept(judged, inner, events.NAMES)
