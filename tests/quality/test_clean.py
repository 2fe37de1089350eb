from pathlib import Path

from quality.gate import judge_release
from tests.quality.runs import clean


def test_nothing_fails_in_a_release_that_is_as_promised(tmp_path: Path) -> None:
    result = judge_release(clean().write(tmp_path))
    assert [(f.check, f.place, f.measured, f.denominator) for f in result.failures] == []
    assert result.passed
