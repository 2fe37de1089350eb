"""Marks of a test that Spark itself runs in: `make test-spark`."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import TypeVar

import pytest

NEEDS_SPARK = (
    pytest.mark.slow,
    pytest.mark.spark,
    pytest.mark.skipif(find_spec("pyspark") is None, reason="the extra 'spark' is not installed"),
)
Test = TypeVar("Test", bound=Callable[..., object])


def needs_spark(test: Test) -> Test:
    """Mark a test so."""
    for mark in NEEDS_SPARK:
        test = mark(test)
    return test
