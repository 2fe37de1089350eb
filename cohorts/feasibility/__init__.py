"""Could the study be done here: counts that a hospital may give away before any approval."""

from cohorts.feasibility.answer import Feasibility, Level
from cohorts.feasibility.count import assess, feasibility

__all__ = ["Feasibility", "Level", "assess", "feasibility"]
