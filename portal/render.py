"""Templates and what they may call: everything is escaped, nothing is computed that a page could decide by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from drb.conditions import LABELS
from drb.form import SECTIONS
from drb.rights import KOREA
from drb.states import Named
from portal.names import GLOBALS
from portal.words import catalogue

TEMPLATES = Path(__file__).parent / "templates"
TONES: Mapping[str, str] = {
    **dict.fromkeys(("APPROVED", "RELEASED", "ACTIVE", "CHECKED", "DESTROYED", "CLOSED"), "good"),
    **dict.fromkeys(("REJECTED", "BLOCKED", "RECALLED", "REVOKED", "PUBLISH_FAILED", "SUSPENDED"), "bad"),
    **dict.fromkeys(("RETURNED", "CONDITIONAL", "DESTRUCTION_DUE", "PENDING_TERMS"), "warn"),
    **dict.fromkeys(("SUBMITTED", "SCREENING", "IN_REVIEW", "PARTIALLY_REVIEWED", "REVIEWED", "PUBLISHING"), "busy"),
}


def warm() -> None:
    """Compile every template, so that the first page of the morning need not."""
    for name in environment().list_templates():
        environment().get_template(name)


def day(at: datetime | date | None) -> str:
    """A day in Korea."""
    if at is None:
        return "-"
    return (at.astimezone(KOREA).date() if isinstance(at, datetime) else at).isoformat()


def minute(at: datetime | str | None) -> str:
    """A minute in Korea."""
    if at is None:
        return "-"
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return moment.astimezone(KOREA).strftime("%Y-%m-%d %H:%M")


def label(name: Any, lang: str) -> str:
    """What a person reads of a state, role, route or vote."""
    return name.label(lang) if isinstance(name, Named) else str(name if name is not None else "-")


def tone(state: Any) -> str:
    """The tone of a state's badge; the words say it as well."""
    return TONES.get(str(state), "calm")


def condition(name: str, lang: str) -> str:
    """The label of a condition."""
    return LABELS[name][lang != "ko"]


def section(name: str, lang: str) -> str:
    """The label of a section of the form."""
    return SECTIONS[name][lang != "ko"] if name in SECTIONS else name


def short(digest: str | None) -> str:
    """The first twelve digits of a digest."""
    return (digest or "-").removeprefix("sha256:")[:12]


def value(given: Any, lang: str) -> str:
    """A condition's value as a sentence."""
    if isinstance(given, bool):
        return catalogue(lang)["yes" if given else "no"]
    if isinstance(given, Mapping):
        return "; ".join(f"{table}: {', '.join(columns)}" for table, columns in given.items())
    if isinstance(given, tuple | list):
        return ", ".join(str(one) for one in given)
    return str(given)


@cache
def environment() -> Environment:
    """Templates with our filters; parsed once, however many portals a process has."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    env.filters.update(
        day=day,
        minute=minute,
        label=label,
        tone=tone,
        condition=condition,
        section=section,
        short=short,
        value=value,
    )
    env.globals.update({"Markup": Markup, **GLOBALS})
    return env
