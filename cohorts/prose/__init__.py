"""A cohort definition in plain Korean and English."""

from cohorts.prose.document import explain

__all__ = ["explain"]
