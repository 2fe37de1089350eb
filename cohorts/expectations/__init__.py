"""Made-up people who show what a definition means: who enters when, and who stays out by which rule."""

from cohorts.expectations.check import Case, Outcome, check
from cohorts.expectations.model import People
from cohorts.expectations.wrong import Misfit, Misfits

__all__ = ["Case", "Misfit", "Misfits", "Outcome", "People", "check"]
