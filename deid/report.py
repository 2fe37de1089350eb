"""What de-identification tells of itself: counts, levels and risks; no person, no key, no value of a row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cdm.schema import tables
from cdm.source import CdmVersion
from deid.attacks import Attack
from deid.clip import Clipped
from deid.codes import RareCodes
from deid.exposure import SharedDay
from deid.linkage import Point
from deid.notes import ScrubbedColumn
from deid.people.describe import People
from deid.policy import Policy
from deid.sensitive import LeftOut
from deid.tables import ReleasedTable


@dataclass(frozen=True)
class DeidReport:
    """One de-identification. people: drawn, described, left out. tables: those written, in CDM order.

    shared_days: for each shifted date column, how many people share its commonest day. rare_codes: what became of rare
    concepts. left_out: what stays because of sensitive codes. text: what was replaced in texts. clipped: values
    beyond bounds. linkage: whom known events single out. attacks: what they gain; none where too few people were released.
    """

    policy: Policy
    people: People
    tables: tuple[ReleasedTable, ...]
    shared_days: tuple[SharedDay, ...]
    rare_codes: tuple[RareCodes, ...]
    left_out: LeftOut
    text: tuple[ScrubbedColumn, ...]
    clipped: tuple[Clipped, ...]
    linkage: tuple[Point, ...]
    attacks: tuple[Attack, ...]

    def to_json(self) -> dict[str, object]:
        """Give it as plain JSON. Exact counts, for inside the hospital."""
        counted = [
            {
                "table": table.name,
                "extracted": table.extracted,
                "released": table.released,
                "unresolved": dict(table.unresolved),
            }
            for table in self.tables
        ]
        return {
            "policy": self.policy.digest,
            "tables": counted,
            **risk_record(self),
        }


def risk_record(report: DeidReport) -> dict[str, object]:
    """Give what risk.json holds: settings, what was made coarser, how many were left out, the risk."""
    policy, people = report.policy, report.people
    solution, settings = people.solution, policy.settings
    drawn = people.table.num_rows
    return {
        "tier": policy.tier,
        "policy": policy.digest,
        "k": settings.k,
        "k_reached": people.after.smallest,
        "people": {
            "drawn": drawn,
            "released": drawn - solution.suppressed,
            "suppressed": solution.suppressed,
        },
        "suppression": {"share": solution.suppressed / drawn, "limit": settings.suppression_limit},
        "sets": {
            "drawn": people.sets.drawn,
            "released": people.sets.released,
            "without_control": people.sets.without_control,
            "rule": "A matched set that loses its last case is left out; one that loses its controls stays.",
        },
        "quasi_identifiers": [
            {"name": name, "level": level, "levels": quasi.hierarchy.levels}
            for (name, quasi), level in zip(people.quasi.items(), solution.levels, strict=True)
        ],
        "information_loss": solution.loss,
        "combinations": solution.combinations,
        "year_of_birth": {
            "band_years": people.band,
            "shows": "middle year of the band",
            "top_age": settings.top_age,
            "top_band_year": people.top_year,
        },
        "dates": {
            "largest_shift_days": settings.shift_days,
            "weekday_kept": settings.keep_weekday,
            "season_kept": settings.keep_season,
            # Who knows the day that many people share knows by how much each of them was moved.
            "shared_days": [day.to_json() for day in report.shared_days],
        },
        "rare_codes": [one.to_json() for one in report.rare_codes],
        "sensitive": {
            "categories": sorted(policy.sensitive),
            "approved": list(policy.sensitive_approved),
            "codes_not_told": dict(report.left_out.codes),
        },
        "rows_removed": dict(report.left_out.rows),
        "text": [one.to_json() for one in report.text],
        "linkage": {
            "limit": settings.linkage_limit,
            "curve": [point.to_json() for point in report.linkage],
        },
        "attacks": {
            "limit": settings.attack_limit,
            "made": [one.to_json() for one in report.attacks],
        },
        "roles": {"model": str(settings.role_privacy), **people.roles.to_json()},
        "clipped": [one.to_json() for one in report.clipped],
        "before": people.before.to_json(),
        "after": people.after.to_json(),
    }


def column_record(policy: Policy, version: CdmVersion) -> list[dict[str, str]]:
    """Give what columns.json holds: action and reason of every column of the CDM version, in CDM order."""
    record = []
    for table in tables(version).values():
        for column in table.names:
            rule = policy.rule(table.name, column)
            reason = policy.sentence(rule)
            action = "clip" if policy.bounded(table.name, column) else rule.action
            record.append({"table": table.name, "column": column, "action": action, "reason": reason})
    return record


def write_json(content: dict[str, object] | Sequence[object], path: Path) -> None:
    """Write plain JSON, the same bytes for the same content."""
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
