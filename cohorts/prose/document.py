"""A whole definition, section by section."""

from __future__ import annotations

from cohorts.expression.cohort import DateOffset, Expression, ResultLimit
from cohorts.expression.concept_sets import CodedConceptSet, ConceptSet, ConceptSetItem
from cohorts.prose import phrases
from cohorts.prose.events import Speaker
from cohorts.prose.words import HEADINGS, Lang


def explain(expression: Expression, lang: Lang = "en") -> str:
    """Say in plain Korean ('ko') or English ('en') what a definition asks for.

    Markdown: a heading per part (who enters, further conditions, inclusion rules, when a person leaves,
    concept sets), nested lists for nested groups. Every attribute that is given is said.
    """
    sets = {s.id: _line(s.name) or str(s.id) for s in expression.concept_sets or ()}
    speaker = Speaker(lang, sets, {"en": "the index date", "ko": "기준일"}[lang])
    parts = [
        [f"# {_line(expression.title) or _head('untitled', lang)}"],
        _entry(expression, speaker),
        _additional(expression, speaker),
        _rules(expression, speaker),
        _exit(expression, speaker),
        _sets(expression.concept_sets or (), lang),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _head(key: str, lang: Lang) -> str:
    return HEADINGS[key][lang == "ko"]


def _line(name: str | None) -> str:
    """A name on one line: authors leave line breaks in them, which would end a heading or a list."""
    return " ".join((name or "").split())


def _entry(expression: Expression, speaker: Speaker) -> list[str]:
    lang, primary = speaker.lang, expression.primary_criteria
    one = len(primary.criteria_list) == 1
    out = [f"## {_head('enters', lang)}", "", _head("entry_one" if one else "entry", lang), ""]
    for criterion in primary.criteria_list:
        out.append(f"- {speaker.event(criterion)}")
        out += speaker.lines(criterion, 1)
    out += ["", _head("index", lang)]
    before, after = primary.observation_window.prior_days, primary.observation_window.post_days
    if before or after:
        out.append(
            {
                "en": f"The person is under observation for at least {before} days before it and {after} days after it.",
                "ko": f"기준일 전 {before}일 이상, 후 {after}일 이상 관찰되어야 합니다.",
            }[lang]
        )
    return out + _said(phrases.limit(primary.primary_criteria_limit, lang))


def _said(text: str | None) -> list[str]:
    return [text] if text else []


def _later_limit(given: ResultLimit, earlier: list[ResultLimit], speaker: Speaker) -> list[str]:
    """Say a later limit, unless an earlier one has left a single event already."""
    if any(limit.type in ("First", "Last") for limit in earlier):
        return []
    return _said(phrases.limit(given, speaker.lang, qualified=True))


def _additional(expression: Expression, speaker: Speaker) -> list[str]:
    group = expression.additional_criteria
    if group is None:
        return []
    out = [f"## {_head('additional', speaker.lang)}", ""]
    if not group.is_empty:
        out += speaker.group(group, 0)
    limit = _later_limit(expression.qualified_limit, [expression.primary_criteria.primary_criteria_limit], speaker)
    if group.is_empty and not limit:
        return []
    return out + ([""] if limit and not group.is_empty else []) + limit


def _rules(expression: Expression, speaker: Speaker) -> list[str]:
    lang = speaker.lang
    earlier = [expression.primary_criteria.primary_criteria_limit]
    if expression.additional_criteria is not None:
        earlier.append(expression.qualified_limit)
    limit = _later_limit(expression.expression_limit, earlier, speaker)
    if not expression.inclusion_rules:
        return limit
    out = [f"## {_head('rules', lang)}"]
    for n, rule in enumerate(expression.inclusion_rules, 1):
        out += ["", f"### {_head('rule', lang)} {n}. {_line(rule.name)}".rstrip(), ""]
        if rule.description:
            out += [rule.description, ""]
        if rule.expression.is_empty:
            out.append({"en": "- No condition.", "ko": "- 조건 없음."}[lang])
        else:
            out += speaker.group(rule.expression, 0)
    return out + ([""] if limit else []) + limit


def _exit(expression: Expression, speaker: Speaker) -> list[str]:
    lang, strategy = speaker.lang, expression.end_strategy
    out = [f"## {_head('leaves', lang)}", ""]
    if strategy is None:
        out.append({"en": "At the end of the observation period.", "ko": "관찰 기간이 끝날 때 나갑니다."}[lang])
    elif strategy.date_offset is not None:
        out.append(_offset(strategy.date_offset, lang))
    elif (era := strategy.custom_era) is not None:
        name = phrases.set_name(era.drug_codeset_id, speaker.sets, lang)
        out.append(
            {
                "en": f"When exposure to {name} ends (gaps of up to {era.gap_days} days are bridged, {era.offset} days "
                "are added), at the latest at the end of the observation period.",
                "ko": f"{name} 약물 사용이 끝날 때 나갑니다({era.gap_days}일 이내 공백은 이어진 것으로 보고, {era.offset}일을 "
                "더함). 늦어도 관찰 기간이 끝날 때 나갑니다.",
            }[lang]
        )
        if era.days_supply_override is not None:
            days = era.days_supply_override
            out.append(
                {"en": f"Every supply counts as {days} days.", "ko": f"처방 일수는 모두 {days}일로 봅니다."}[lang]
            )
    return out + _cut(expression, speaker)


def _offset(given: DateOffset, lang: Lang) -> str:
    from_end = given.date_field == "EndDate"
    if lang == "en":
        side = "end" if from_end else "start"
        return (
            f"{given.offset} days after the entry event's {side}, at the latest at the end of the observation period."
        )
    side = "종료일" if from_end else "시작일"
    return f"진입 사건 {side}부터 {given.offset}일 후에 나갑니다. 늦어도 관찰 기간이 끝날 때 나갑니다."


def _cut(expression: Expression, speaker: Speaker) -> list[str]:
    """Say what ends an entry early, joins entries, or clips them to calendar time."""
    lang, out = speaker.lang, list[str]()
    if expression.censoring_criteria:
        out += ["", _head("censoring", lang), ""]
        for criterion in expression.censoring_criteria:
            out.append(f"- {speaker.event(criterion)}")
            out += speaker.lines(criterion, 1)
    if pad := expression.collapse_settings.era_pad:
        joined = f"Entries of a person that lie at most {pad} days apart become one."
        out += ["", {"en": joined, "ko": f"{pad}일 이내로 떨어진 구간은 하나로 합칩니다."}[lang]]
    clip = expression.censor_window
    if clip and (clip.start_date or clip.end_date):
        said = phrases.period(clip, lang)
        out += ["", {"en": f"Only time {said} counts.", "ko": f"다음 기간만 인정합니다: {said}"}[lang]]
    return out


def _sets(sets: tuple[ConceptSet, ...], lang: Lang) -> list[str]:
    if not sets:
        return []
    out = [f"## {_head('sets', lang)}", ""]
    if any(isinstance(one, CodedConceptSet) for one in sets):
        out += [_head("coded", lang), ""]
    for one in sets:
        out.append(f"- {phrases.set_name(one.id, {one.id: _line(one.name) or str(one.id)}, lang)}")
        out += [f"  - {_item(item, lang)}" for item in one.expression.items]
        out += [f"  - {said}" for said in _codes(one, lang)]
    return out


def _codes(given: ConceptSet, lang: Lang) -> list[str]:
    """Source codes of the set, by code system and the tables in which they are looked for."""
    if not isinstance(given, CodedConceptSet):
        return []
    systems: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for one in given.codes:
        systems.setdefault((one.vocabulary, one.tables), []).append(one.code)
    out = []
    for (vocabulary, tables), codes in systems.items():
        where = {"en": " or ".join(tables), "ko": "·".join(tables)}[lang]
        said = f"{_line(vocabulary)} {', '.join(codes)}"
        out.append(
            {
                "en": f"also records whose source code is {said}{where and f' (in {where})'}",
                "ko": f"원천 코드가 다음과 같은 기록도 포함: {said}{where and f' ({where})'}",
            }[lang]
        )
    return out


def _item(item: ConceptSetItem, lang: Lang) -> str:
    c = item.concept
    marks = [
        word[lang == "ko"]
        for flag, word in (
            (item.include_descendants, ("with descendants", "하위 개념 포함")),
            (item.include_mapped, ("with mapped codes", "매핑된 코드 포함")),
            (item.is_excluded, ("excluded", "제외")),
        )
        if flag
    ]
    code = f"{c.vocabulary_id} {c.concept_code}, " if c.vocabulary_id and c.concept_code else ""
    return f"{c.concept_name or c.concept_id} ({', '.join([f'{code}{c.concept_id}', *marks])})"
