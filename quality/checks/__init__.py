"""The catalogues: every check of the release gate and of the readiness of a source, declared once."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from quality.checks import (
    completeness,
    contract,
    deidentification,
    draw,
    fidelity,
    plausibility,
    readiness,
    reconciliation,
    study,
)
from quality.checks.declaration import Check

_MODULES = (contract, reconciliation, deidentification, draw, completeness, plausibility, fidelity, study)

CATALOGUE: Mapping[str, Check] = MappingProxyType({check.id: check for module in _MODULES for check in module.CHECKS})
READINESS: Mapping[str, Check] = MappingProxyType({check.id: check for check in readiness.CHECKS})

__all__ = ["CATALOGUE", "READINESS", "Check"]
