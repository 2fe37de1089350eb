"""A specification of the gate: each fault alone makes exactly its checks fail, and every check has such a fault."""

from pathlib import Path

import pytest

from quality.checks import CATALOGUE
from quality.gate import judge_release
from tests.quality.faults import FAULTS, Fault
from tests.quality.runs import clean


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_a_fault_fails_its_checks_and_no_other(fault: Fault, tmp_path: Path) -> None:
    result = judge_release(fault.make(clean()).write(tmp_path, fault.expectations))
    assert {finding.check for finding in result.failures} == fault.fails
    assert result.passed == all(CATALOGUE[name].severity == "warn" for name in fault.fails)


def test_every_check_is_failed_by_a_fault() -> None:
    reached = {name for fault in FAULTS for name in fault.fails}
    assert set(CATALOGUE) - reached == set()
