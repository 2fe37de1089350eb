"""Counts that may leave: small numbers withheld, and whatever would give them away by subtraction."""

from cohorts.disclosure.cells import MARK, NOTES, Count, Tables
from cohorts.disclosure.ledger import Answered
from cohorts.disclosure.release import Released, suppress_release
from cohorts.disclosure.suppress import DEFAULT_THRESHOLD, stricter, suppress
from cohorts.disclosure.tables import (
    Step,
    add_attrition,
    suppress_attrition,
    suppress_table,
    suppress_table1,
    text,
)
from cohorts.disclosure.unmatched import Reached

__all__ = [
    "DEFAULT_THRESHOLD",
    "MARK",
    "NOTES",
    "Answered",
    "Count",
    "Reached",
    "Released",
    "Step",
    "Tables",
    "add_attrition",
    "stricter",
    "suppress",
    "suppress_attrition",
    "suppress_release",
    "suppress_table",
    "suppress_table1",
    "text",
]
