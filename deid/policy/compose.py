"""Programme, hospital, study: three files, one policy, the stricter wins and nothing loosens."""

from __future__ import annotations

from collections.abc import Mapping

from cdm.errors import BadInput
from deid.dates import choices
from deid.policy.check import check
from deid.policy.model import (
    Bounds,
    HospitalPolicy,
    Policy,
    PolicyPart,
    Programme,
    Rule,
    Sensitive,
    Settings,
    StudyPolicy,
    TableRules,
)
from deid.policy.strictness import NOT_LOOSER, OFFSETS, bounds_not_looser, not_looser

Tables = dict[str, TableRules]
Categories = dict[str, Sensitive]
Clipped = dict[tuple[str, int, int | None], Bounds]


def compose(programme: Programme, hospital: HospitalPolicy | None = None, study: StudyPolicy | None = None) -> Policy:
    """Make the policy of one release.

    Raises BadInput where a hospital or a study loosens what stands before it, asks for a tier that is not
    offered, names a table or column that no CDM version has, or where a rule would let an identifier
    through.
    """
    hospital, study = hospital or HospitalPolicy(), study or StudyPolicy()
    if study.tier not in hospital.allowed_tiers:
        offered = ", ".join(hospital.allowed_tiers) or "none"
        raise BadInput(
            f"the study's policy asks for tier '{study.tier}', the hospital offers {offered}; change the tier"
        )
    tables: Tables = dict(programme.tables) | _asked(programme, study)
    sensitive = dict(programme.sensitive)
    bounds = {one.of: one for one in programme.bounds}
    settings = programme.settings.model_dump(exclude_none=True)
    tier = programme.tiers.get(study.tier, PolicyPart())
    for name, part in (
        (f"the programme's tier '{study.tier}'", tier),
        ("the hospital's policy", hospital),
        ("the study's policy", study),
    ):
        tables = _tighten_tables(tables, part.tables, name)
        sensitive = _tighten_sensitive(sensitive, part.sensitive, name)
        bounds = _tighten_bounds(bounds, part.bounds, name)
        settings = _tighten_settings(settings, part.settings.model_dump(exclude_none=True), name)
    missing = sorted(set(Settings.model_fields) - set(settings))
    if missing:
        raise BadInput(f"the programme's policy gives no {missing[0]}; add it under settings")
    unknown = sorted(set(study.sensitive_asked) - set(sensitive))
    if unknown:
        known = ", ".join(sorted(sensitive)) or "none"
        raise BadInput(f"the study's policy asks for the sensitive category '{unknown[0]}'; there are {known}")
    policy = Policy(
        tier=study.tier,
        layers=((programme.name, programme.version), (hospital.name, hospital.version)),
        settings=Settings.model_validate(settings),
        columns={name: dict(rules) for name, rules in sorted(tables.items()) if not isinstance(rules, Rule)},
        dropped={name: rules for name, rules in sorted(tables.items()) if isinstance(rules, Rule)},
        sensitive=dict(sorted(sensitive.items())),
        sensitive_approved=tuple(sorted(set(study.sensitive_asked))),
        text_approved=tuple(sorted(set(study.text_asked))),
        text=hospital.text,
        bounds=tuple(sorted(bounds.values(), key=lambda one: (one.column, one.concept, one.unit or 0))),
        reasons={**programme.reasons, **tier.reasons, **hospital.reasons, **study.reasons},  # type: ignore[dict-item]  # language keys
    )
    check(policy)
    withheld = [table for table in policy.text_approved if table in policy.dropped]
    if withheld:
        raise BadInput(
            f"the study's policy asks for the text of '{withheld[0]}', which the hospital's policy drops; leave it out"
        )
    return policy


def _asked(programme: Programme, study: StudyPolicy) -> Tables:
    """Give the rules of the tables of free text that the study asks for."""
    unknown = sorted(set(study.text_asked) - set(programme.on_request))
    if unknown:
        known = ", ".join(sorted(programme.on_request)) or "none"
        raise BadInput(f"the study's policy asks for the text of '{unknown[0]}'; tables that can be asked for: {known}")
    return {table: dict(programme.on_request[table]) for table in study.text_asked}


def _tighten_tables(base: Tables, new: Mapping[str, TableRules], who: str) -> Tables:
    out = dict(base)
    for table, rules in new.items():
        old = base.get(table)
        if isinstance(rules, Rule):
            out[table] = rules
        elif old is None or isinstance(old, Rule):
            raise _looser(who, table, "gives rules for its columns", "the whole table is dropped")
        else:
            out[table] = {
                **old,
                **{c: _tighten(old.get(c), r, who, f"{table}.{c}") for c, r in rules.items()},
            }
    return out


def _tighten(old: Rule | None, new: Rule, who: str, where: str) -> Rule:
    old = old or Rule(action="drop")
    if not_looser(new, old):
        return new
    if new.action == old.action:
        raise BadInput(
            f"{who}: {where}: {new.action} stands there with other parameters than before; "
            "leave the rule out, or take a stricter action"
        )
    raise _looser(who, where, f"says {new.action}", f"it is {old.action}")


def _tighten_sensitive(base: Categories, new: Categories, who: str) -> Categories:
    """Further categories, and further codes of those there are."""
    for name, category in new.items():
        for vocabulary, codes in base[name].codes.items() if name in base else ():
            lacking = sorted(set(codes) - set(category.codes.get(vocabulary, ())))
            if lacking:
                raise _looser(who, f"sensitive.{name}", f"leaves out {vocabulary} {lacking[0]}", "it is listed")
    return {**base, **new}


def _tighten_bounds(base: Clipped, new: tuple[Bounds, ...], who: str) -> Clipped:
    """Further bounds, and narrower ones."""
    for one in new:
        old = base.get(one.of)
        if old is not None and not bounds_not_looser(one, old):
            where = f"bounds of {one.column}, concept {one.concept}"
            raise _looser(who, where, f"says {one.low} to {one.high}", f"it is {old.low} to {old.high}")
    return {**base, **{one.of: one for one in new}}


def _tighten_settings(base: dict[str, object], new: Mapping[str, object], who: str) -> dict[str, object]:
    for name, value in new.items():
        if name in base and not NOT_LOOSER[name](value, base[name]):
            raise _looser(who, f"settings.{name}", f"says {_shown(value)}", f"it is {_shown(base[name])}")
    together = {**base, **new}
    chosen = [name for name in OFFSETS if name in new and new[name] != base.get(name)]
    if chosen and set(OFFSETS) <= set(base):
        before, after = _offsets(base), _offsets(together)
        if after < before:
            says = f"leaves {after} offsets of dates"
            raise _looser(who, f"settings.{chosen[-1]}", says, f"there are {before}")
    return together


def _offsets(settings: Mapping[str, object]) -> int:
    """Count the offsets among which a person's is drawn."""
    weekday, season = bool(settings["keep_weekday"]), bool(settings["keep_season"])
    return choices(int(str(settings["shift_days"])), keep_weekday=weekday, keep_season=season).size


def _shown(value: object) -> str:
    return ", ".join(str(v) for v in value) if isinstance(value, tuple) else str(value)


def _looser(who: str, where: str, says: str, stands: str) -> BadInput:
    return BadInput(
        f"{who}: {where}: {says} where {stands} so far; a policy may only tighten what stands before it, "
        "so remove this or make it stricter"
    )
