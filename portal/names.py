"""Names that templates ask for: of actions, states, rules and people, in the visitor's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from drb.evidence import PARTS, Point
from drb.form import SECTIONS
from drb.reasons import REASONS
from drb.states import CaseState, Choice, GrantState, ReleaseState, Route
from drb.views import OrganisationView
from portal.plots import love
from portal.words import catalogue, say

STATES: Mapping[str, Any] = {"case": CaseState, "release": ReleaseState, "grant": GrantState}


def known(lang: str, key: str) -> bool:
    """Whether the catalogue has a sentence."""
    return key in catalogue(lang)


def action_name(action: str, thing: str, lang: str) -> str:
    """What an event is called; a refused attempt says so."""
    refused = action.startswith("refused:")
    name = action.removeprefix("refused:")
    kind = thing.partition(":")[0]
    found = next((key for key in (f"action.{kind}.{name}", f"event.{name}", f"done.{name}") if known(lang, key)), None)
    words = say(lang, found) if found else name
    return say(lang, "event.refused", what=words) if refused else words


def state_name(thing: str, state: str, lang: str) -> str:
    """What a state of an object is called."""
    kind = STATES.get(thing.partition(":")[0])
    label: str = kind(state).label(lang) if kind is not None and state in {str(s) for s in kind} else state
    return label


def rule_name(code: str, lang: str) -> str:
    """Why something was refused: the rule's sentence without the particulars."""
    if code not in REASONS:
        return ""
    sentence = REASONS[code].ko if lang == "ko" else REASONS[code].en
    return sentence.partition("{")[0].rstrip(" :('") if "{" in sentence else sentence


def sum_of(counts: Mapping[str, int], states: Sequence[str]) -> int:
    """Add up some states."""
    return sum(counts.get(state, 0) for state in states)


def keys_of(counted: Mapping[int, Mapping[str, int]]) -> list[str]:
    """Every name in any year, the most frequent first."""
    names = {name for of_year in counted.values() for name in of_year}
    return sorted(names, key=lambda name: (-sum(of_year.get(name, 0) for of_year in counted.values()), name))


def decision_name(lang: str, states: Mapping[str, CaseState], t: Callable[..., str]) -> Callable[[str], str]:
    """Name decisions."""
    return lambda name: states[name].label(lang) if name in states else t("pending")


def route_name(lang: str, routes: Mapping[str, Route]) -> Callable[[str], str]:
    """Name routes."""
    return lambda name: routes[name].label(lang) if name in routes else "-"


def plain_name() -> Callable[[str], str]:
    """A name is shown as it is."""
    return str


def home_name(lang: str, homes: Mapping[str, OrganisationView]) -> Callable[[str], str]:
    """Name hospitals by their site."""
    return lambda site: (homes[site].name_ko if lang == "ko" else homes[site].name_en) if site in homes else site


def love_points(points: Sequence[Point]) -> list[tuple[str, float | None, float | None]]:
    """The points of a love plot, the largest difference first."""
    rows = [(point.name, point.before, point.after) for point in points]
    return sorted(rows, key=lambda row: -abs(row[2] if row[2] is not None else row[1] or 0))[:40]


GLOBALS: Mapping[str, Any] = {
    "known": known,
    "action_name": action_name,
    "state_name": state_name,
    "rule_name": rule_name,
    "sum_of": sum_of,
    "keys_of": keys_of,
    "decision_name": decision_name,
    "route_name": route_name,
    "plain_name": plain_name,
    "home_name": home_name,
    "love": love,
    "love_points": love_points,
    "sections": tuple(SECTIONS),
    "routes": tuple(Route),
    "choices": tuple(Choice),
    "choices_two": (Choice.APPROVE, Choice.REJECT),
    "parts": PARTS,
}
