"""What a command imports: a start is paid at every call."""

from __future__ import annotations

import subprocess
import sys

from tests.flows.commands import ROOT, STARTS_NARU


def test_a_study_is_checked_without_pandas_and_arrows_functions() -> None:
    """Arrow imports both at the first careless conversion, more than a second of CPU; see `cdm.arrays`."""
    told = "print(*sorted({'pandas', 'pyarrow.compute', 'prefect'} & set(sys.modules)), file=sys.stderr)"
    code = f"import atexit, sys; atexit.register(lambda: {told}); {STARTS_NARU}"
    found = subprocess.run(
        [sys.executable, "-c", code, "study", "check", str(ROOT / "studies" / "gi_bleed" / "study.yaml")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stderr.strip() == ""
