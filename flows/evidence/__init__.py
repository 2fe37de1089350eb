"""The evidence pack of a release, out of the reports that its package already holds, and of the hospital's person sets."""

from flows.evidence.build import build
from flows.evidence.differencing import differencing

__all__ = ["build", "differencing"]
