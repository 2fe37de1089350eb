"""Notes of nobody stay as they are, but for the few that are known and told in the documentation."""

from __future__ import annotations

from tests.deid.text.clean import NOTES
from tests.deid.text.tools import clean

# Doses at three meals, written like a day with two digits of its year.
KNOWN = ["Insulin glargine 20 units hs, lispro 10-12-10 units with meals"]


def test_values_doses_scores_and_times_stay() -> None:
    after = clean(*NOTES)
    assert [before for before, note in zip(NOTES, after, strict=True) if note != before] == KNOWN
