"""From figures to a verdict."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.checks import CATALOGUE, READINESS
from quality.checks.declaration import Check
from quality.spec import GateSpec
from quality.verdict import Metric, judge, number, passed

COUNT = "reconciliation.rows"
PERCENT = "plausibility.start_not_after_end"
LEAST = "study.min_cases"


def _status(metric: Metric, spec: GateSpec | None = None) -> str:
    return judge([metric], spec)[0].status


def test_a_count_above_its_threshold_fails() -> None:
    assert _status(Metric(COUNT, "death", "", 0, 10)) == "passed"
    assert _status(Metric(COUNT, "death", "", 1, 10)) == "failed"


def test_a_share_is_compared_in_percent_and_may_equal_its_threshold() -> None:
    assert _status(Metric(PERCENT, "death", "", 1, 1000)) == "passed"
    assert _status(Metric(PERCENT, "death", "", 2, 1000)) == "failed"


def test_a_minimum_is_met_from_below() -> None:
    assert _status(Metric(LEAST, "cohort", "role", 99, 200, threshold=100)) == "failed"
    assert _status(Metric(LEAST, "cohort", "role", 100, 200, threshold=100)) == "passed"


def test_nothing_to_look_at_is_not_applicable_but_something_wrong_in_nothing_fails() -> None:
    assert _status(Metric(COUNT, "death", "", 0, 0)) == "not_applicable"
    assert _status(Metric(COUNT, "death", "", 3, 0)) == "failed"
    assert _status(Metric(PERCENT, "death", "", 0, 0)) == "not_applicable"


def test_a_failing_block_stops_the_release_and_a_failing_warning_does_not() -> None:
    blocking, warning = Metric(COUNT, "death", "", 1, 10), Metric(PERCENT, "death", "", 5, 10)
    assert not passed(judge([blocking, warning]))
    assert passed(judge([warning]))


def test_a_study_may_adjust_a_threshold_and_raise_a_warning_to_a_block() -> None:
    metric = Metric(PERCENT, "death", "", 5, 100)
    assert _status(metric, GateSpec(thresholds={PERCENT: 5})) == "passed"
    assert not passed(judge([metric], GateSpec(block=(PERCENT,))))


@pytest.mark.parametrize("name", [check.id for check in CATALOGUE.values() if not check.adjustable])
def test_what_protects_people_has_no_threshold_of_a_study(name: str) -> None:
    with pytest.raises(ValueError, match="fixed"):
        GateSpec(thresholds={name: 100})


def test_an_unknown_check_in_a_study_is_named_with_what_is_accepted() -> None:
    with pytest.raises(ValueError, match="no check 'plausibility.mood'"):
        GateSpec(thresholds={"plausibility.mood": 1})
    with pytest.raises(ValueError, match="no check 'all'"):
        GateSpec(block=("all",))


def test_a_small_count_of_what_stays_in_the_hospital_is_not_shown() -> None:
    few, many = (
        judge([Metric(PERCENT, "death", "", n, 1000, private=True)], GateSpec(small_cell=10))[0] for n in (9, 10)
    )
    assert few.to_json()["measured"] is None
    assert few.to_json()["value"] is None
    assert few.to_json()["below"] == 10
    assert "<10" in few.message()
    assert many.to_json()["measured"] == 10


def test_a_message_says_where_what_and_by_which_figure() -> None:
    finding = judge([Metric(PERCENT, "visit_occurrence", "visit_end_date", 5, 100)])[0]
    assert finding.message() == "visit_occurrence.visit_end_date: Nothing ends before it starts. (5 %; ≤ 0.1 %)"
    assert finding.message("ko").startswith("visit_occurrence.visit_end_date: 시작일이")


@given(
    st.sampled_from(sorted(CATALOGUE)),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.floats(0, 100, allow_nan=False),
)
@settings(max_examples=200, derandomize=True, deadline=None)
def test_status_agrees_with_a_plain_reading_of_the_rule(name: str, measured: int, all_of: int, limit: float) -> None:
    check: Check = CATALOGUE[name]
    status = _status(Metric(name, "t", "c", measured, all_of, threshold=limit))
    if check.unit == "percent" and not all_of:
        assert status == ("failed" if measured and check.bound == "at_most" else "not_applicable")
        return
    value = 100 * measured / all_of if check.unit == "percent" else measured
    if check.bound == "at_least":
        assert (status == "failed") == (value < limit)
    elif status == "not_applicable":
        assert (measured, all_of) == (0, 0)
    else:
        assert (status == "failed") == (value > limit)


@pytest.mark.parametrize(
    ("value", "written"), [(1.0, "1"), (0.1 + 0.2, "0.3"), (2e-9, "0"), (1234567.25, "1234567.25")]
)
def test_figures_are_written_the_same_way_everywhere(value: float, written: str) -> None:
    assert str(number(value)) == written


@pytest.mark.parametrize("check", [*CATALOGUE.values(), *READINESS.values()], ids=lambda check: check.id)
def test_every_check_speaks_both_languages(check: Check) -> None:
    for korean in (check.ko, check.why_ko):
        assert any("가" <= letter <= "힣" for letter in korean)
        assert korean.endswith(".")
    for english in (check.en, check.why_en):
        assert english.isascii()
        assert english.endswith(".")


def test_what_is_conformance_or_protection_blocks() -> None:
    for check in CATALOGUE.values():
        if check.group in ("deidentification", "reconciliation"):
            assert check.severity == "block"
            assert not check.adjustable
