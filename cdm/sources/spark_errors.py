"""What went wrong with Spark, in our words: its own quote values of rows, in exceptions and in what it logs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from cdm.errors import BadInput, SourceUnavailable

MISSING = (
    "this Naru has no Spark; install it with its extra: pip install --require-hashes -r constraints-spark.txt (in a checkout), "
    "or pip install 'naru[spark]'"
)
# PySpark writes the text of each failed query to the standard error through these, the cell that failed included
# (pyspark.errors.exceptions.base, `_log_exception`).
_TALKERS = ("SQLQueryContextLogger", "DataFrameQueryContextLogger")
_OURS = ("pyspark.", "py4j.", "grpc.")
_STATES: tuple[tuple[str, type[BadInput], str], ...] = (
    ("22", BadInput, "a column holds a value that its type in the CDM cannot hold; check the types of the tables"),
    ("42501", SourceUnavailable, "this user may not read what the step needs; grant SELECT on the tables of the CDM"),
    ("42", SourceUnavailable, "a table or column that was there is gone, or changed its type; run again"),
    ("53", SourceUnavailable, "Spark is out of memory or disk; allow more (memory= of the address), or run again later"),
    ("08", SourceUnavailable, "the connection was lost; run again when the server is up"),
)  # fmt: skip
LOST = "Spark ended in the middle, nothing of it was kept; run again, with more memory if it happens again"


def hushed() -> None:
    """Silence what PySpark writes by itself; once more before each session, since a logger may be set up anew."""
    for name in _TALKERS:
        logger = logging.getLogger(name)
        logger.disabled, logger.propagate = True, False
        logger.setLevel(logging.CRITICAL + 1)


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Say what went wrong in our words; errors that are not Spark's pass."""
    try:
        yield
    except Exception as error:
        if not (f"{type(error).__module__}.".startswith(_OURS) or isinstance(error, ConnectionError)):
            raise
        raise refused(url, error) from None


def refused(url: str, error: Exception) -> BadInput:
    """Say why a statement failed, by its SQLSTATE or the name of its condition; both are words of Spark's own."""
    from pyspark.errors import PySparkException

    if not isinstance(error, PySparkException):
        return SourceUnavailable(f"{url}: {LOST}")
    state, named = error.getSqlState() or "", error.getCondition() or type(error).__name__
    for prefix, kind, words in _STATES:
        if state.startswith(prefix):
            return kind(f"{url}: {words}")
    return SourceUnavailable(f"{url}: Spark could not compute it ({named.split('.')[0]}); ask its administrator")
