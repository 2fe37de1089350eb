"""Which of two rules or settings protects more: the one table that composition asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from deid.policy.model import Action, Bounds, Precision, RolePrivacy, Rule

# Actions of one rank do different things, and neither is stricter than the other.
STRICTNESS: Mapping[Action, int] = {
    "keep": 0,
    "shift": 1,
    "pseudonymise": 1,
    "generalise": 1,
    "scrub": 1,
    "replace": 2,
    "drop": 3,
    "drop_table": 4,
}

_PRECISION = get_args(Precision)

# The settings that decide among how many offsets a person's is drawn; there may never be fewer than before.
OFFSETS = ("shift_days", "keep_weekday", "keep_season")

# setting -> whether `new` protects at least as much as `old`.
NOT_LOOSER: Mapping[str, Callable[[Any, Any], bool]] = {
    "k": lambda new, old: new >= old,
    "suppression_limit": lambda new, old: new <= old,
    "quasi_identifiers": lambda new, old: set(new) >= set(old),
    "birth_year_band": lambda new, old: new >= old,
    "top_age": lambda new, old: new <= old,
    "shift_days": lambda new, old: new >= old,
    "keep_weekday": lambda new, old: True,  # together with shift_days: OFFSETS
    "keep_season": lambda new, old: True,
    "shared_day_limit": lambda new, old: new <= old,
    "linkage_limit": lambda new, old: new <= old,
    "attack_limit": lambda new, old: new <= old,
    "role_privacy": lambda new, old: _role_not_looser(RolePrivacy.model_validate(new), RolePrivacy.model_validate(old)),
    "importance": lambda new, old: True,  # what to keep finest protects neither more nor less
    "datetime_precision": lambda new, old: _PRECISION.index(new) >= _PRECISION.index(old),
}


def _role_not_looser(new: RolePrivacy, old: RolePrivacy) -> bool:
    """Whether `new` protects at least as much; two models that are not the same cannot be compared."""
    if old.model == "none":
        return True
    if new.model != old.model:
        return False
    return (new.l or 0) >= (old.l or 0) and (new.c or 0) <= (old.c or 0) and (new.t or 0) <= (old.t or 0)


def bounds_not_looser(new: Bounds, old: Bounds) -> bool:
    """Whether `new` clips at least what `old` clips."""
    low = old.low is None or (new.low is not None and new.low >= old.low)
    return low and (old.high is None or (new.high is not None and new.high <= old.high))


def not_looser(new: Rule, old: Rule) -> bool:
    """Whether `new` protects at least as much as `old`.

    The same action protects as much when its parameters are the same, or its allow-list is shorter.
    """
    if new.action != old.action:
        return STRICTNESS[new.action] > STRICTNESS[old.action]
    if new.by == old.by == "allow-list":
        return set(new.values) <= set(old.values)
    return (new.by, new.value, new.of) == (old.by, old.value, old.of)
