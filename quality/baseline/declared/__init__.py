"""Every check of a baseline database, declared once for each version of the CDM."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from cdm.source import CdmVersion
from quality.baseline.declared import concepts, own, people, sexes, sources, structure, time, units, values
from quality.baseline.declared.check import Check, CheckType
from quality.baseline.declared.types import TYPES

_MODULES = (structure, people, concepts, sources, values, time, sexes, units)

__all__ = ["TYPES", "Check", "CheckType", "catalogue", "everything"]


@cache
def catalogue(version: CdmVersion) -> tuple[Check, ...]:
    """Every check that DataQualityDashboard makes of a CDM version, in the order of types, then of table and field."""
    return _in_order(check for module in _MODULES for check in module.declared(version))


@cache
def everything(version: CdmVersion) -> tuple[Check, ...]:
    """Those, and what the dashboard does not ask."""
    return _in_order([*catalogue(version), *own.declared(version)])


def _in_order(checks: Iterable[Check]) -> tuple[Check, ...]:
    order = {name: position for position, name in enumerate(TYPES)}
    return tuple(sorted(checks, key=lambda check: order[check.type]))
