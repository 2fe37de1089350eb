"""Every check of a baseline database, declared once for each version of the CDM."""

from __future__ import annotations

from functools import cache

from cdm.source import CdmVersion
from quality.baseline.declared import concepts, people, sexes, sources, structure, time, units, values
from quality.baseline.declared.check import Check, CheckType
from quality.baseline.declared.types import TYPES

_MODULES = (structure, people, concepts, sources, values, time, sexes, units)

__all__ = ["TYPES", "Check", "CheckType", "catalogue"]


@cache
def catalogue(version: CdmVersion) -> tuple[Check, ...]:
    """Every check of a CDM version, in the order of their types, then of table and field in CDM order."""
    order = {name: position for position, name in enumerate(TYPES)}
    found = [check for module in _MODULES for check in module.declared(version)]
    return tuple(sorted(found, key=lambda check: order[check.type]))
