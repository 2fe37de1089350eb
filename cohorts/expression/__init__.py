"""The Circe expression language as frozen models: `read` a file or `parse` a text."""

from cohorts.expression.cohort import Expression
from cohorts.expression.read import parse, read

__all__ = ["Expression", "parse", "read"]
