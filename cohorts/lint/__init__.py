"""What an author should know of a definition before it runs in this hospital: `lint(source, expression)`."""

from cohorts.lint.findings import Finding
from cohorts.lint.run import lint

__all__ = ["Finding", "lint"]
