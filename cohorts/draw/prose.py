"""A draw in Korean and English sentences: whom it takes, alike in what, how many, in which order."""

from __future__ import annotations

from collections.abc import Sequence

from cohorts.draw.declared import SCALES, Caliper
from cohorts.draw.spec import DrawSpec
from cohorts.draw.words import FACTORS

_SCALES = {
    "en": {"birth": "in date of birth", "index_date": "in index date", "prior_observation": "in observation before the index date"},
    "ko": {"birth": "출생일", "index_date": "기준일", "prior_observation": "기준일 이전 관찰 기간"},
}  # fmt: skip
_UNITS = {"ko": {"years": "년", "months": "개월", "days": "일"}}


def describe(spec: DrawSpec, lang: str) -> str:
    """One paragraph. lang: 'en' or 'ko'."""
    parts = [_numbers(spec, lang)]
    if spec.controls:
        parts += [_design(spec, lang), _alike(spec, lang)]
    parts.append(_observed(spec, lang))
    if spec.controls:
        parts.append(_serving(spec, lang))
    return " ".join(part for part in (*parts, _quota(spec, lang), _compared(spec, lang)) if part)


def _numbers(spec: DrawSpec, lang: str) -> str:
    pool = (
        ""
        if spec.pool == "control"
        else {"en": f", out of the cohort '{spec.pool}'", "ko": f"(코호트 '{spec.pool}'에서)"}[lang]
    )
    if not spec.controls:
        return {
            "en": f"Up to {spec.cases:,} cases, and no controls.",
            "ko": f"환자군 최대 {spec.cases:,}명(대조군 없음).",
        }[lang]
    if lang == "ko":
        return f"환자군 최대 {spec.cases:,}명과 대조군 최대 {spec.controls:,}명{pool}, 1:{spec.ratio}."
    return f"Up to {spec.cases:,} cases and {spec.controls:,} controls (1:{spec.ratio}){pool}."


def _design(spec: DrawSpec, lang: str) -> str:
    if spec.design == "risk_set":
        later = {
            "en": "whoever becomes a case later may be a control until then"
            if spec.until_own_event
            else "future cases are no controls",
            "ko": "나중에 환자가 될 사람도 그 전까지는 대조군이 될 수 있음"
            if spec.until_own_event
            else "나중에 환자가 될 사람은 제외",
        }[lang]
        return {
            "en": f"Incidence-density (risk-set) sampling: a control is at risk and under observation on its case's index date; {later}.",
            "ko": f"발생밀도(위험집합) 추출: 대조군은 짝이 된 환자의 기준일에 위험 상태이며 관찰 중인 사람; {later}.",
        }[lang]
    if spec.design == "propensity":
        near = f"{spec.score.caliper:g}"
        target = spec.score.target
        exchange = {
            "en": f", exchanged until no standardised mean difference exceeds {target:g} where that can be had"
            if target
            else "",
            "ko": f", 표준화 평균 차이가 {target:g} 이하가 되도록 가능한 만큼 교체" if target else "",
        }[lang]
        return {
            "en": f"Propensity-score matching: a control is never a case, keeps its own index date, and lies within {near} standard "
            f"deviations of its case's score (logit){exchange}.",
            "ko": "성향점수 매칭: 대조군은 환자가 된 적이 없는 사람으로 자신의 기준일을 지니며, "
            f"점수(로짓)가 짝과 표준편차의 {near}배 안에 있음{exchange}.",
        }[lang]
    if spec.index_from_case:
        return {
            "en": "A control is never a case, and takes its case's index date, on which it is under observation.",
            "ko": "대조군은 환자가 된 적이 없는 사람으로, 짝이 된 환자의 기준일을 쓰며 그날 관찰 중임.",
        }[lang]
    return {
        "en": "A control is never a case, and keeps its own index date.",
        "ko": "대조군은 환자가 된 적이 없는 사람으로, 자신의 기준일을 지님.",
    }[lang]


def _alike(spec: DrawSpec, lang: str) -> str:
    equal = [_factor(name, spec, lang) for name in spec.match]
    near = [_caliper(caliper, lang) for caliper in spec.calipers]
    if lang == "ko":
        told = [*([f"{_listed(equal)} 같음"] if equal else []), *near]
        return f"짝짓기 기준: {', '.join(told) or '없음'}."
    told = [*([f"equal in {_listed(equal)}"] if equal else []), *near]
    return f"A control is, to its case, {', '.join(told)}." if told else "Matched on nothing further."


def _factor(name: str, spec: DrawSpec, lang: str) -> str:
    word = FACTORS[lang].get(name, name)
    if name == "birth_year" and spec.birth_year_band > 1:
        return {"en": f"{word} (bands of {spec.birth_year_band})", "ko": f"{word}({spec.birth_year_band}년 구간)"}[lang]
    return word


def _caliper(caliper: Caliper, lang: str) -> str:
    on = _SCALES[lang].get(caliper.on, {"en": f"in {caliper.on}", "ko": caliper.on}[lang])
    unit = caliper.counted_in if caliper.on in SCALES else ""
    if lang == "ko":
        return f"{on} 차이 {caliper.within:g}{_UNITS['ko'].get(unit, '')} 이내"
    one = unit.removesuffix("s") if caliper.within == 1 else unit
    return f"within {caliper.within:g}{f' {one}' if unit else ''} {on}"


def _observed(spec: DrawSpec, lang: str) -> str:
    if not spec.prior_observation_days:
        return ""
    days = spec.prior_observation_days
    who = {
        "en": "Cases and controls have" if spec.controls else "Cases have",
        "ko": "환자군과 대조군 모두" if spec.controls else "환자군은",
    }[lang]
    return {
        "en": f"{who} at least {days} days of observation before the index date.",
        "ko": f"{who} 기준일 이전 관찰 기간 {days}일 이상.",
    }[lang]


def _serving(spec: DrawSpec, lang: str) -> str:
    out = {
        "en": "Drawn with replacement: a control may serve several cases."
        if spec.replacement
        else "Drawn without replacement.",
        "ko": "복원 추출(한 대조군이 여러 환자와 짝이 될 수 있음)." if spec.replacement else "비복원 추출.",
    }[lang]
    if spec.ratio == 1:
        return out
    if spec.objective == "most_full_sets":
        more = {
            "en": f"Where controls are short, whole 1:{spec.ratio} sets come first.",
            "ko": f"대조군이 모자라면 1:{spec.ratio}를 다 채우는 짝이 먼저.",
        }
    else:
        more = {
            "en": "Where controls are short, as many cases as possible get one before any gets a second.",
            "ko": "대조군이 모자라면 되도록 많은 환자가 한 명씩 먼저 받음.",
        }
    return f"{out} {more[lang]}"


def _quota(spec: DrawSpec, lang: str) -> str:
    refuse = spec.shortfall == "refuse"
    if lang == "ko":
        short = " 원하는 수보다 적으면 추출하지 않음." if refuse else ""
        again = "다시 돌려도 같은 사람, 자료가 늘어도 대부분 같은 사람"
        return f"추출 가능한 환자가 더 많으면 층마다 그 비율만큼, 시드 {spec.seed}의 임의 순서로 추출({again}).{short}"
    short = " If fewer exist than are wanted, nothing is drawn." if refuse else ""
    return (
        f"Of more eligible cases than are wanted each stratum gives its share, in a random order (seed {spec.seed}) that a rerun "
        f"repeats and a grown database mostly keeps.{short}"
    )


def _compared(spec: DrawSpec, lang: str) -> str:
    names = [c.name for c in spec.covariates]
    return (
        {"en": f"Also compared: {_listed(names)}.", "ko": f"추가 비교 변수: {_listed(names)}."}[lang] if names else ""
    )


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words)
