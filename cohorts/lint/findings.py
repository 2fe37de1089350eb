"""Findings: what was found where, in both languages."""

from __future__ import annotations

from dataclasses import dataclass

from cohorts.expression.paths import Steps, json_path
from cohorts.lint.kinds import KINDS, Severity


@dataclass(frozen=True)
class Finding:
    """One finding. code: its kind in `KINDS`.

    error: the definition cannot run, or finds nobody. warning: it likely does not do what is meant. note: what is
    really evaluated. path: the place in the definition's JSON. ids: concepts that the finding is about, all of them.
    """

    code: str
    severity: Severity
    path: str
    en: str
    ko: str
    ids: tuple[tuple[str, tuple[int, ...]], ...] = ()

    def to_json(self) -> dict[str, object]:
        """Plain JSON; a list of ids under its name."""
        said = {"code": self.code, "severity": self.severity, "path": self.path, "en": self.en, "ko": self.ko}
        return {**said, **{name: list(ids) for name, ids in self.ids}}


def finding(code: str, severity: Severity, steps: Steps, en: str, ko: str, **ids: tuple[int, ...]) -> Finding:
    """A finding at a place given by its steps; `ids`: named lists of the concepts that it is about."""
    assert severity in KINDS[code].severities, f"{code} is not known to be an {severity}"
    return Finding(code, severity, json_path("$", steps), en, ko, tuple(ids.items()))
