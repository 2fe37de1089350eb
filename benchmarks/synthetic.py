"""How fast a synthetic hospital is made: `python -m benchmarks.synthetic [PERSONS]`."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from cdm.synthetic import hospital, materialise


def main(persons: int = 50_000) -> None:
    """Print seconds, CPU seconds, people a minute, rows, size and peak memory of one making."""
    print(f"{persons:,} people, {hospital.THREADS} threads")
    with tempfile.TemporaryDirectory() as home:
        wall, cpu = time.perf_counter(), time.process_time()
        folder = materialise("benchmark", persons, 1, Path(home))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        size = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{wall:.1f} s wall, {cpu:.1f} s CPU, {persons / cpu * 60:,.0f} people a CPU minute, {size:.0f} MB, peak {peak:.0f} MB"
    )


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
