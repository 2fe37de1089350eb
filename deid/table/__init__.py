"""One flat table, k-anonymous: read it, find the least coarse description, write what may leave; or measure its risk."""

from deid.table.risk import risk
from deid.table.run import run

__all__ = ["risk", "run"]
