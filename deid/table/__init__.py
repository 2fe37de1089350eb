"""One flat table, k-anonymous: read it, find the least coarse description, write what may leave."""

from deid.table.run import run

__all__ = ["run"]
