"""A cohort definition in plain Korean and English."""

from cohorts.prose.clauses import Clause, Document, Section
from cohorts.prose.document import document, explain

__all__ = ["Clause", "Document", "Section", "document", "explain"]
