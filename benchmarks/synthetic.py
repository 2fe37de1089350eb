"""How fast a synthetic hospital is made: python -m benchmarks.synthetic [PERSONS] [--json]."""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

from cdm.synthetic import hospital, materialise


def run(persons: int) -> dict[str, float]:
    """Seconds, CPU seconds, people a CPU minute, size and peak memory of one making."""
    with tempfile.TemporaryDirectory() as home:
        wall, cpu = time.perf_counter(), time.process_time()
        folder = materialise("benchmark", persons, 1, Path(home))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        size = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
    return {
        "people": persons,
        "threads": hospital.THREADS,
        "wall_s": round(wall, 1),
        "cpu_s": round(cpu, 1),
        "people_a_cpu_minute": round(persons / cpu * 60),
        "size_mb": round(size),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    """Print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("persons", metavar="PERSONS", nargs="?", type=int, default=50_000)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    figures = run(given.persons)
    print(json.dumps(figures) if given.json else "\n".join(f"{name:20} {value:,}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
