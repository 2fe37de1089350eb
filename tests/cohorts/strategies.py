"""Generated definitions for Hypothesis; see tests/cohorts/generative."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.cohorts.generative.definitions import definition
from tests.cohorts.generative.dice import Dice


def expressions() -> st.SearchStrategy[dict[str, Any]]:
    """Whole definitions, as JSON objects."""
    return st.integers(0, 2**48).map(lambda number: definition(Dice(str(number))))
