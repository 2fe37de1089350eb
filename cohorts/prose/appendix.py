"""The concept sets, each with the concepts that it includes and excludes."""

from __future__ import annotations

from collections.abc import Iterator

from cohorts.expression import Expression
from cohorts.expression.base import Concept
from cohorts.expression.concept_sets import CodedConceptSet, ConceptSet, ConceptSetItem
from cohorts.expression.read import references
from cohorts.prose import values
from cohorts.prose.clauses import Clause, Section
from cohorts.prose.names import Names, one_line, single_concepts
from cohorts.prose.words import Lang


def sections(given: Expression, names: Names, lang: Lang) -> Iterator[Section]:
    """All concept sets, then the concepts that the definition names outside of sets."""
    used = {number for _, number in references(given)}
    clauses = tuple(_set(one, names, one.id in used, lang) for one in given.concept_sets or ())
    if clauses:
        yield Section({"en": "Appendix: concept sets", "ko": "부록: 개념 집합"}[lang], clauses=clauses)
    named = {one.concept_id: one for one in single_concepts(given)}
    if named:
        yield Section(
            {"en": "Appendix: single concepts", "ko": "부록: 낱개로 지정한 개념"}[lang],
            clauses=tuple(Clause(_concept(named[number], lang)) for number in sorted(named)), numbered=False,
        )  # fmt: skip


def _set(given: ConceptSet, names: Names, used: bool, lang: Lang) -> Clause:
    name = values.set_name(given.id, names, lang)
    unused = "" if used else {"en": " (used nowhere)", "ko": " (정의에서 쓰이지 않음)"}[lang]
    items = given.expression.items
    included = tuple(Clause(_item(item, lang)) for item in items if not item.is_excluded)
    excluded = tuple(Clause(_item(item, lang)) for item in items if item.is_excluded)
    codes = tuple(_codes(given, lang))
    if not items and not codes:
        return Clause(f"{name}{unused}: { ({'en': 'no concept', 'ko': '개념 없음'}[lang]) }")
    if not excluded:
        return Clause(f"{name}{unused}", (*included, *codes))
    heads = {
        "en": ("Included", "Excluded, also where included above"),
        "ko": ("포함", "제외(위에서 포함된 것이라도 뺌)"),
    }[lang]
    both = ((heads[0], included), (heads[1], excluded))
    return Clause(f"{name}{unused}", (*(Clause(head, parts) for head, parts in both if parts), *codes))


def _codes(given: ConceptSet, lang: Lang) -> Iterator[Clause]:
    """Source codes of the set, by code system and the tables in which they are looked for."""
    if not isinstance(given, CodedConceptSet):
        return
    systems: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for one in given.codes:
        systems.setdefault((one.vocabulary, one.tables), []).append(one.code)
    for (vocabulary, tables), codes in systems.items():
        said = f"{one_line(vocabulary)} {', '.join(codes)}"
        where = {"en": f" (in {' or '.join(tables)})", "ko": f" ({'·'.join(tables)})"}[lang] if tables else ""
        ending = any(code.endswith("*") for code in codes)
        any_ending = {"en": "; `*` is any ending", "ko": ". `*`는 뒤에 무엇이 와도 됨"}[lang] if ending else ""
        yield Clause(
            {
                "en": f"Also records with the source code {said}{where}, whatever their concept{any_ending}",
                "ko": f"개념과 관계없이 원천 코드가 다음과 같은 기록도 포함함: {said}{where}{any_ending}",
            }[lang]
        )


def _item(item: ConceptSetItem, lang: Lang) -> str:
    along = {
        (False, False): ("this concept alone", "이 개념만"),
        (True, False): ("with descendants", "하위 개념 포함"),
        (False, True): ("with codes mapped to it", "매핑된 코드 포함"),
        (True, True): ("with descendants and codes mapped to them", "하위 개념과 매핑된 코드 포함"),
    }[item.include_descendants, item.include_mapped][lang == "ko"]
    return f"{_concept(item.concept, lang)}: {along}"


def _concept(given: Concept, lang: Lang) -> str:
    said = [given.vocabulary_id and given.concept_code and f"{given.vocabulary_id} {given.concept_code}"]
    said.append({"en": f"concept {given.concept_id}", "ko": f"개념 번호 {given.concept_id}"}[lang])
    if given.standard_concept is not None and given.standard_concept != "S":
        said.append({"en": "not a standard concept", "ko": "비표준 개념"}[lang])
    if given.invalid_reason not in (None, "V"):
        said.append({"en": "no longer valid", "ko": "폐기된 개념"}[lang])
    name = given.concept_name or {"en": "(no name given)", "ko": "(이름 없음)"}[lang]
    return f"{name} ({', '.join(part for part in said if part)})"
