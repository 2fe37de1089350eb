"""The evidence pack of a release, out of the reports that its package already holds: nothing is computed from rows."""

from flows.evidence.build import build

__all__ = ["build"]
