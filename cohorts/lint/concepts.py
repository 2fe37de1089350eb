"""Concepts and concept sets against this hospital's vocabulary."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from cdm.vocabulary import Concept as Known
from cdm.vocabulary import concept_facts
from cohorts.columns.keys import Whole
from cohorts.criteria.domains import DOMAINS
from cohorts.expression import Expression
from cohorts.expression.base import Concept, spelling
from cohorts.expression.concept_sets import CodedConceptSet, ConceptSet, ConceptSetItem
from cohorts.expression.groups import Criterion
from cohorts.expression.paths import Steps, walk
from cohorts.expression.read import references
from cohorts.lint.called import english, korean, named, some
from cohorts.lint.findings import Finding, finding

# Which domain a table's standard concepts have (OMOP: a concept's domain says where its records go).
_DOMAIN: Mapping[str, str] = {
    "ConditionEra": "Condition",
    "ConditionOccurrence": "Condition",
    "DeviceExposure": "Device",
    "DoseEra": "Drug",
    "DrugEra": "Drug",
    "DrugExposure": "Drug",
    "Measurement": "Measurement",
    "ProcedureOccurrence": "Procedure",
    "Specimen": "Specimen",
    "VisitDetail": "Visit",
    "VisitOccurrence": "Visit",
}
_HAVE_TABLES = frozenset(_DOMAIN.values())


@dataclass(frozen=True)
class Use:
    """A criterion that selects by the (source) concept column of a table."""

    steps: Steps
    kind: str
    concept_set: int
    column: str
    standard: bool


def uses_of(steps: Steps, criterion: Criterion) -> list[Use]:
    """The concept sets that a criterion uses on its table's own concept columns; steps: where the criterion stands."""
    if criterion.kind not in DOMAINS:
        return []
    found, domain, event = [], DOMAINS[criterion.kind], criterion.event
    number = getattr(event, "codeset_id", None)
    if number is not None and domain.concept:
        here = (*steps, criterion.kind, "CodesetId")
        found.append(Use(here, criterion.kind, number, domain.concept, standard=True))
    source = getattr(event, domain.source[0], None) if domain.source else None
    if source is not None and domain.source:
        alias = spelling(type(event), domain.source[0])
        found.append(Use((*steps, criterion.kind, alias), criterion.kind, source, domain.source[1], standard=False))
    return found


def uses(expression: Expression) -> list[Use]:
    """Every use of a concept set on a table's own concept columns."""
    return [use for steps, part in walk(expression) if isinstance(part, Criterion) for use in uses_of(steps, part)]


def concepts(con: duckdb.DuckDBPyConnection, expression: Expression, empty: Collection[int]) -> Iterator[Finding]:
    """Concepts that the vocabulary lacks, calls invalid or non-standard, or puts into another domain.

    empty: positions of the concept sets that hold nothing here, of which that alone is told.
    """
    stand = [(steps, part) for steps, part in walk(expression) if isinstance(part, Concept)]
    facts = concept_facts(con, {part.concept_id for _, part in stand})
    together: dict[Steps, list[tuple[Steps, Concept]]] = {}
    for steps, part in stand:
        together.setdefault(steps[:2] if steps[0] == "ConceptSets" else steps[:-1], []).append((steps, part))
    for place, several in together.items():
        if place[0] != "ConceptSets" or place[1] not in empty:
            yield from _missing(expression, place, several, facts)
        yield from _invalid(expression, place, several, facts)
    yield from _misplaced(expression, facts)
    yield from _no_descendants(expression, facts)


Standing = tuple[Steps, Concept]


def _missing(
    expression: Expression, place: Steps, several: Sequence[Standing], facts: Mapping[int, Known]
) -> Iterator[Finding]:
    """One finding for each set (or list) with what it names in vain; what it takes out in vain does no harm."""
    gone = [(steps, part) for steps, part in several if part.concept_id not in facts]
    if not gone:
        return
    harmless = all(_is_excluded(expression, steps) for steps, _ in gone)
    ids = tuple(part.concept_id for _, part in gone)
    if len(gone) == 1:
        part = gone[0][1]
        en = f"This vocabulary has no concept {part.concept_id}{named(part.concept_name)}; it finds nothing here."
        ko = f"이 어휘에 개념 {part.concept_id}{named(part.concept_name)}이(가) 없어 아무것도 찾지 못합니다."
    else:
        what = _of(expression, place)
        every = len(gone) == len(several)
        which = f"all {len(gone)}" if every else f"{len(gone)} of {len(several)}"
        en = f"This vocabulary lacks {which} concepts{what[0]} ({some(ids)}); they find nothing here."
        ko = f"이 어휘에 {what[1]}개념 {len(several)}개{' 모두' if every else f' 중 {len(gone)}개'}가 없어({some(ids)}) 아무것도 "
        ko += "찾지 못합니다."
    yield finding("concept_missing", "note" if harmless else "warning", gone[0][0], en, ko, concepts=ids)


def _invalid(
    expression: Expression, place: Steps, several: Sequence[Standing], facts: Mapping[int, Known]
) -> Iterator[Finding]:
    old = [(steps, facts[part.concept_id]) for steps, part in several if part.concept_id in facts]
    old = [(steps, known) for steps, known in old if known.is_invalid]
    if not old:
        return
    ids = tuple(known.concept_id for _, known in old)
    if len(old) == 1:
        name = f"{ids[0]}{named(old[0][1].concept_name)}"
        en = f"Concept {name} is no longer valid; it still counts, its invalid descendants do not."
        ko = f"개념 {name}은(는) 더 이상 유효하지 않습니다. 그 자체는 쓰이지만 유효하지 않은 하위 개념은 빠집니다."
    else:
        what = _of(expression, place)
        en = f"{len(old)} of {len(several)} concepts{what[0]} are no longer valid ({some(ids)}); they still count, their "
        en += "invalid descendants do not."
        ko = f"{what[1]}개념 {len(several)}개 중 {len(old)}개({some(ids)})는 더 이상 유효하지 않습니다. 그 자체는 쓰이지만 "
        ko += "유효하지 않은 하위 개념은 빠집니다."
    yield finding("concept_invalid", "note", old[0][0], en, ko, concepts=ids)


def _of(expression: Expression, place: Steps) -> tuple[str, str]:
    if place[0] != "ConceptSets" or not isinstance(place[1], int):
        return "", ""
    given = (expression.concept_sets or ())[place[1]]
    return f" of {english(given)}", f"{korean(given)}의 "


def _item(expression: Expression, steps: Steps) -> ConceptSetItem | None:
    if steps[0] != "ConceptSets" or not (isinstance(steps[1], int) and isinstance(steps[4], int)):
        return None
    return (expression.concept_sets or ())[steps[1]].expression.items[steps[4]]


def _is_excluded(expression: Expression, steps: Steps) -> bool:
    item = _item(expression, steps)
    return item is not None and item.is_excluded


def _no_descendants(expression: Expression, facts: Mapping[int, Known]) -> Iterator[Finding]:
    """Descendants asked of concepts that cannot have any: neither standard nor a classification.

    Of sets that are looked for among standard concepts `_misplaced` has told already.
    """
    told = {use.concept_set for use in uses(expression) if use.standard}
    for position, given in enumerate(expression.concept_sets or ()):
        barren = [
            (nth, item.concept.concept_id)
            for nth, item in enumerate(given.expression.items)
            if item.include_descendants
            and (given.id not in told or item.include_mapped or item.is_excluded)
            and item.concept.concept_id in facts
            and facts[item.concept.concept_id].standard_concept is None
        ]
        if barren:
            ids = tuple(number for _, number in barren)
            yield finding(
                "descendants_of_nothing", "note", ("ConceptSets", position, "expression", "items", barren[0][0]),
                f"Descendants are asked of concepts of {english(given)} that can have none, being not standard: {some(ids)}. Name the "
                "standard concept whose descendants are meant.",
                f"{korean(given)}에서 하위 개념을 포함하도록 한 개념 {len(ids)}개({some(ids)})는 표준 개념이 아니어서 하위 개념이 "
                "없습니다. 하위 개념까지 뜻한 것이면 표준 개념을 쓰십시오.",
                concepts=ids,
            )  # fmt: skip


def _misplaced(expression: Expression, facts: Mapping[int, Known]) -> Iterator[Finding]:
    sets = {one.id: one for one in expression.concept_sets or ()}
    seen: set[tuple[str, int]] = set()
    asked: dict[int, set[str]] = {}  # one set may serve several tables: then each takes what is its own
    for use in uses(expression):
        asked.setdefault(use.concept_set, set()).add(_DOMAIN.get(use.kind, use.kind))
    for use in uses(expression):
        if not use.standard or (use.kind, use.concept_set) in seen:
            continue
        seen.add((use.kind, use.concept_set))
        given = sets[use.concept_set]
        plain = [item for item in given.expression.items if not item.is_excluded and item.concept.concept_id in facts]
        known = [facts[item.concept.concept_id] for item in plain]
        yield from _other_domain(use, given, known, asked[use.concept_set])
        loose = [
            facts[item.concept.concept_id] for item in plain
            if facts[item.concept.concept_id].standard_concept is None and not item.include_mapped
        ]  # fmt: skip
        if loose:
            ids = tuple(one.concept_id for one in loose)
            yield finding(
                "concept_not_standard", "warning" if len(loose) == len(known) else "note", use.steps,
                f"{_share(len(loose), len(known), given)} not standard ({some(ids)}); {use.column} holds standard concepts only. "
                "Name the standard concept, or use the criterion's source concept.",
                f"{_korean_share(len(loose), len(known), given)} 표준 개념이 아닙니다({some(ids)}). {use.column}에는 "
                "표준 개념만 있습니다. 표준 개념을 쓰거나 원본 개념 조건을 쓰십시오.",
                concepts=ids,
            )  # fmt: skip


def _other_domain(use: Use, given: ConceptSet, known: Sequence[Known], asked: Collection[str]) -> Iterator[Finding]:
    """Concepts whose records stand in another table; some of many is a note, all of them a warning."""
    expected = _DOMAIN.get(use.kind)
    others = [
        one for one in known if expected and _elsewhere(one.domain_id, expected) and one.domain_id not in asked
    ]  # fmt: skip
    if not others:
        return
    ids = tuple(one.concept_id for one in others)
    domains = ", ".join(sorted({one.domain_id for one in others}))
    yield finding(
        "concept_domain", "warning" if len(others) == len(known) else "note", use.steps,
        f"{_share(len(others), len(known), given)} not of the domain {expected} but of {domains} ({some(ids)}); their records "
        f"stand elsewhere than in {use.kind}.",
        f"{_korean_share(len(others), len(known), given)} {expected} 영역이 아니라 {domains} 영역입니다({some(ids)}). 그 기록은 "
        f"{use.kind}가 아닌 곳에 있습니다.",
        concepts=ids,
    )  # fmt: skip


def _share(some_: int, every: int, given: ConceptSet) -> str:
    """'All 3 concepts of concept set 1 are', '1 of 4 concepts of concept set 1 is'."""
    if some_ == every:
        return f"{'The one concept' if every == 1 else f'All {every} concepts'} of {english(given)} {'is' if every == 1 else 'are'}"
    return f"{some_} of {every} concepts of {english(given)} {'is' if some_ == 1 else 'are'}"


def _korean_share(some_: int, every: int, given: ConceptSet) -> str:
    if some_ == every:
        return f"{korean(given)}의 개념 {f'{every}개가 모두' if every > 1 else '하나가'}"
    return f"{korean(given)}의 개념 {every}개 중 {some_}개가"


def _elsewhere(domain: str, expected: str) -> bool:
    """Whether records of this domain go to another table; mixed domains ('Condition/Device') may go to either."""
    return expected not in domain and any(one in domain for one in _HAVE_TABLES | {"Observation"})


def concept_sets(expression: Expression, members: Sequence[Whole]) -> Iterator[Finding]:
    """Concept sets that nothing uses, that hold nothing here, or that hold what another one holds.

    members: what each set of the definition, in their order, holds by this vocabulary.
    """
    used, empty = {number for _, number in references(expression)}, empty_sets(expression, members)
    first: dict[object, ConceptSet] = {}
    for position, given in enumerate(expression.concept_sets or ()):
        codes = given.codes if isinstance(given, CodedConceptSet) else ()
        same = first.setdefault((frozenset(given.expression.items), codes), given)
        if same is not given:
            yield finding(
                "concept_set_duplicate", "note", ("ConceptSets", position),
                f"C{english(given)[1:]} lists the same as {english(same)}; one of them will do.",
                f"{korean(given)}은(는) {korean(same)}과(와) 내용이 같습니다. 하나만 있으면 됩니다.",
            )  # fmt: skip
        if given.id not in used:
            yield finding(
                "concept_set_unused", "note", ("ConceptSets", position),
                f"Nothing in the definition uses {english(given)}.", f"정의 어디에서도 {korean(given)}을(를) 쓰지 않습니다.",
            )  # fmt: skip
        elif position in empty:
            ids = tuple(item.concept.concept_id for item in given.expression.items if not item.is_excluded)
            yield finding(
                "concept_set_empty", "warning", ("ConceptSets", position),
                f"C{english(given)[1:]} holds no concept of this vocabulary; what asks for it finds nothing.",
                f"{korean(given)}에 이 어휘의 개념이 하나도 없어 이를 찾는 조건은 아무것도 찾지 못합니다.",
                concepts=ids,
            )  # fmt: skip


def empty_sets(expression: Expression, members: Sequence[Whole]) -> frozenset[int]:
    """The positions of sets that hold no concept here, and no source code."""
    return frozenset(
        position
        for position, given in enumerate(expression.concept_sets or ())
        if not len(members[position]) and not isinstance(given, CodedConceptSet)
    )
