"""One criterion as a sentence: how often which event has to lie in which days, or must not."""

from __future__ import annotations

from cohorts.criteria.domains import DOMAINS
from cohorts.expression.groups import CorrelatedCriteria, CriteriaGroup, Criterion, Occurrence
from cohorts.prose import attributes, values
from cohorts.prose.korean import josa
from cohorts.prose.names import Names
from cohorts.prose.windows import Index, going_on, spans
from cohorts.prose.words import COUNTED, KINDS, Lang, pick


def noun(criterion: Criterion, plural: bool, names: Names, lang: Lang) -> str:
    """'diagnosis of “Stroke”', '「뇌졸중」 진단'."""
    one, many, korean, _ = KINDS[criterion.kind]
    number: int | None = getattr(criterion.event, "codeset_id", None)
    if number is None:
        return korean if lang == "ko" else many if plural else one
    name = values.set_name(number, names, lang)
    return f"{name} {korean}" if lang == "ko" else f"{many if plural else one} of {name}"


def details(criterion: Criterion, names: Names, lang: Lang) -> list[str]:
    """What the event is like: of any kind, the first ever, then its attributes."""
    event, said = criterion.event, list[str]()
    if is_any(criterion):
        cause = criterion.kind == "Death"
        said.append({"en": f"of any {'cause' if cause else 'kind'}", "ko": f"{'원인' if cause else '종류'} 불문"}[lang])
    if getattr(event, "first", False):
        said.append({"en": "the first in the person's whole record", "ko": "전체 기록 중 최초의 것"}[lang])
    said += attributes.of_event(event, names, lang)
    group = event.correlated_criteria
    if criterion.kind == "CustomEra" and group is not None and not group.is_empty:
        said.append(
            {"en": "its nested criteria are not applied by ATLAS", "ko": "딸린 조건은 ATLAS가 적용하지 않음"}[lang]
        )
    return said


def is_any(criterion: Criterion) -> bool:
    """Whether no concept set chooses among the events of its kind."""
    domain = DOMAINS.get(criterion.kind)
    if domain is None or domain.concept is None or getattr(criterion.event, "codeset_id", None) is not None:
        return False
    return not (domain.source and getattr(criterion.event, domain.source[0], None) is not None)


def bracketed(said: list[str]) -> str:
    """Details in brackets, after a noun."""
    return f" ({'; '.join(said)})" if said else ""


def having(group: CriteriaGroup | None, lang: Lang) -> str:
    """How a nested group qualifies its event: '다음을 모두 갖춘 ', ' that meets all of these'; nothing: no group."""
    if group is None or group.is_empty:
        return ""
    many = len(group.criteria_list) + len(group.demographic_criteria_list) + len(group.groups) > 1
    n = group.count or 0
    said = {
        "ALL": ("all of these", "다음을 모두 갖춘"),
        "ANY": ("at least one of these", "다음 중 하나 이상을 갖춘"),
        "AT_LEAST": (f"at least {n} of these", f"다음 중 {n}가지 이상을 갖춘"),
        "AT_MOST": (f"at most {n} of these", f"다음 중 {n}가지 이하만 갖춘"),
    }[group.type]
    if group.type == "AT_MOST" and n == 0:
        said = ("none of these", "다음에 하나도 해당하지 않는")
    elif not many and group.type in ("ALL", "ANY"):
        said = ("this", "다음을 갖춘")
    return f"{said[1]} " if lang == "ko" else f" that meets {said[0]}"


def sentence(given: CorrelatedCriteria, index: Index, names: Names, lang: Lang) -> str:
    """The whole criterion, without the clauses below it."""
    return (_korean if lang == "ko" else _english)(given, index, names)


def _nested(given: CorrelatedCriteria) -> CriteriaGroup | None:
    group = given.criteria.event.correlated_criteria
    return None if group is None or group.is_empty or given.criteria.kind == "CustomEra" else group


def _english(given: CorrelatedCriteria, index: Index, names: Names) -> str:
    occurrence, criterion = given.occurrence, given.criteria
    one, many = noun(criterion, False, names, "en"), noun(criterion, True, names, "en")
    when = spans(given, criterion.kind, index, "en")
    said = bracketed(details(criterion, names, "en"))
    nested = having(_nested(given), "en")
    tail = f"{nested}, {when}" if nested else f" {when}"
    if given.restrict_visit:
        tail += f", in the same visit as {index.itself('en')}"
    if given.ignore_observation_period:
        tail += ", also outside the observation period"
        if nested:
            tail += " (ATLAS drops those outside it all the same, because of what they have to meet)"
    return f"{_amount_en(occurrence, one, many, said)}{tail}"


def _amount_en(given: Occurrence, one: str, many: str, said: str) -> str:
    n, distinct = (
        given.count,
        pick(COUNTED[given.count_column or "DOMAIN_CONCEPT"], "en") if given.is_distinct else None,
    )
    if given.type == 2 and n < 0:
        return f"At least 1 {one}{said}"
    if n < 0:
        return f"Fewer than no {one}{said} (which never holds)"
    if given.type == 2 and n == 0:
        by = f", counted by different {distinct}" if distinct else ""
        return f"Any number of {many}{said}{by}, or none (which always holds)"
    if n == 0:
        return f"No {one}{said}" + (f" with any {distinct}" if distinct and given.type != 2 else "")
    how = ("Exactly", "At most", "At least")[given.type]
    if distinct:
        return f"{how} {values.times(n, one, many)}{said}, counted by different {distinct},"
    return f"{how} {values.times(n, one, many)}{said}"


def _korean(given: CorrelatedCriteria, index: Index, names: Names) -> str:
    criterion = given.criteria
    front = josa(index.itself("ko"), "과/와") + " 같은 방문에서 " if given.restrict_visit else ""
    what = noun(criterion, False, names, "ko")
    said = bracketed(details(criterion, names, "ko")).lstrip()
    when, nested = spans(given, criterion.kind, index, "ko"), having(_nested(given), "ko")
    free = ""
    if given.ignore_observation_period:
        free = "(관찰 기간 밖의 기록도 포함)"
        if nested:
            free = "(관찰 기간 밖의 기록도 포함하도록 적혀 있으나, 딸린 조건이 있어 ATLAS는 이를 제외함)"
    when = going_on(when) if nested or given.occurrence.is_distinct else when
    return f"{front}{when} {nested}{_amount_ko(given.occurrence, what, said)}{free}"


def _amount_ko(given: Occurrence, what: str, said: str) -> str:
    n, whole = given.count, f"{what}{said}"
    column = pick(COUNTED[given.count_column or "DOMAIN_CONCEPT"], "ko")
    if given.type == 2 and n < 0:
        return f"{josa(whole, '이/가')} 1회 이상 있음"
    if n < 0:
        return f"{josa(whole, '이/가')} 0회 미만임(성립할 수 없음)"
    if n == 0 and given.is_distinct and given.type != 2:
        recorded = f"{josa(column, '이/가')} 기록된 {whole}"
        return f"{josa(recorded, '이/가')} 없음"
    if n == 0 and given.type != 2:
        return f"{josa(whole, '이/가')} 없음"
    if given.is_distinct:
        whole = f"{josa(column, '이/가')} 서로 다른 {whole}"
    if n == 0:
        return f"{josa(whole, '이/가')} 0회 이상임(항상 성립함)"
    return josa(whole, "이/가") + (f" 정확히 {n:,}회 있음", f" {n:,}회 이하임", f" {n:,}회 이상 있음")[given.type]
