"""Could the study be done here: counts that a hospital may give away before any approval."""

from cohorts.feasibility.answer import Feasibility, Level, Stratum
from cohorts.feasibility.count import assess, feasibility

__all__ = ["Feasibility", "Level", "Stratum", "assess", "feasibility"]
