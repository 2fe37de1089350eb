"""Figures of re-identification: is the release as anonymous as the record of its de-identification says?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from quality.measure.engine import quote, row
from quality.measure.opened import Opened, TableView
from quality.verdict import Metric

# Quasi-identifier -> the released column that tells it. The index date moves with the person: no quasi-identifier of files.
TELLS = {"sex": "gender_concept_id", "birth_year": "year_of_birth"}
GATED = ("shifted", 3)


def metrics(opened: Opened) -> list[Metric]:
    """Measure k-anonymity of the files, and the recorded linkage curve and attacks against their limits.

    What the record does not tell counts as not reached: nothing leaves because a figure is missing.
    """
    recorded = _recorded(opened)
    alone, people = _alone(opened, recorded)
    curve = {(point.get("knowledge"), point.get("known")): point for point in recorded["curve"]}
    share = curve.get(GATED, {}).get("share", 1.0)
    return [
        Metric("deidentification.k_anonymous", "person", "", alone, people),
        Metric("deidentification.linkage_limited", "", "", share, people, recorded["linkage_limit"]),
        Metric("deidentification.attacks_limited", "", "", recorded["gain"], people, recorded["attack_limit"]),
        *(metric for view in opened.released if view.person for metric in _rare_codes(opened, view, recorded["k"])),
    ]


def _rare_codes(opened: Opened, view: TableView, k: int | None) -> Iterator[Metric]:
    """Count the codes of each generalised column of codes that fewer than k people carry; 0 is no code."""
    if view.name == "person" or k is None:
        return
    for name in view.acted("generalise"):
        if view.table.column(name).is_concept:
            yield Metric("deidentification.codes_common", view.name, name, *_codes_below(opened, view, name, k))


def _codes_below(opened: Opened, view: TableView, name: str, k: int) -> tuple[int, int]:
    """Count the codes that fewer than k people carry, and all.

    People fall into 64 boxes: a code with people in k boxes has k people, and only of the few others people are counted.
    """
    code, person, table = quote(name), quote(view.person or ""), f"deid.{quote(view.name)}"
    box = f"bit_or(1::UBIGINT << (hash({person}) % 64)::UTINYINT)"
    below, codes = row(
        opened.con,
        f"WITH boxes AS (SELECT {code} AS code, bit_count({box}) AS filled FROM {table} WHERE {code} <> 0 GROUP BY code), "
        "few AS (SELECT code FROM boxes WHERE filled < $1), "
        f"people AS (SELECT {code} AS code, count(DISTINCT {person}) AS n FROM {table} WHERE {code} IN (FROM few) GROUP BY code) "
        "SELECT (SELECT count(*) FROM people WHERE n < $1), (SELECT count(*) FROM boxes)",
        f"the table {view.name}",
        [k],
    )
    return int(below), int(codes)


def _alone(opened: Opened, recorded: Mapping[str, Any]) -> tuple[int, int]:
    """Count the people of the release whom fewer than k share a description with, and all."""
    if recorded["k"] is None:
        return opened.people, opened.people
    person = opened.views.get("person")
    shown = [f"t.{quote(TELLS[name])}" for name in recorded["quasi_identifiers"] if _shows(person, name)]
    if "region" in recorded["quasi_identifiers"] and _shows_region(opened):
        shown.append("(SELECT any_value(l.state) FROM deid.location l WHERE l.location_id = t.location_id)")
    if not shown:
        return 0, opened.people
    described = ", ".join(f"{expression} AS q{number}" for number, expression in enumerate(shown))
    names = ", ".join(f"q{number}" for number in range(len(shown)))
    found = row(
        opened.con,
        f"SELECT coalesce(sum(n) FILTER (WHERE n < ?), 0), coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM "
        f"(SELECT {described} FROM deid.person t) GROUP BY {names})",
        "the table person",
        [recorded["k"]],
    )
    return int(found[0]), int(found[1])


def _shows(person: TableView | None, name: str) -> bool:
    return person is not None and TELLS.get(name) in person.sound


def _shows_region(opened: Opened) -> bool:
    person, location = opened.views.get("person"), opened.views.get("location")
    return (
        person is not None
        and location is not None
        and "location_id" in person.sound
        and {"location_id", "state"} <= set(location.sound)
    )


def _recorded(opened: Opened) -> dict[str, Any]:
    """Read k, the quasi-identifiers, the linkage curve, the attacks and their limits from risk.json."""
    try:
        found = json.loads((opened.inputs.deid / "risk.json").read_text(encoding="utf-8"))
        return {
            "k": int(found["k"]),
            "quasi_identifiers": [str(one["name"]) for one in found["quasi_identifiers"]],
            "curve": list(found["linkage"]["curve"]),
            "linkage_limit": float(found["linkage"]["limit"]),
            "gain": max((float(one["risk"]) for one in found["attacks"]["made"]), default=0.0),
            "attack_limit": float(found["attacks"]["limit"]),
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {"k": None, "quasi_identifiers": [], "curve": [], "linkage_limit": 0.0, "gain": 1.0, "attack_limit": 0.0}
