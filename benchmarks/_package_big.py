"""A release of more than two gigabytes: build, publish, verify, deliver, receive, each in a process of its own.

python -m benchmarks._package_big STEP FOLDER: what `benchmarks.package --big ROWS` runs, to tell each step's peak memory.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from benchmarks._package_meds import measured

PEOPLE = 100_000
# What a site file gives a hospital of this size; DuckDB spills what is more.
MEMORY, THREADS = "1GB", 2
STEPS = ("build", "publish", "verify", "deliver", "receive")
RELEASE = "bench-1.0.0"
# Made-up values that no compression makes smaller, so that the release has its size.
_VALUES = {
    "measurement_datetime": "TIMESTAMP '2015-01-01' + to_seconds(CAST(hash(i) % 47304000 AS INTEGER))",
    "measurement_date": "DATE '2015-01-01' + CAST(hash(i) % 47304000 // 86400 AS INTEGER)",
    "value_as_number": "hash(i + 1) / 1.8446744073709552e19",
    "range_low": "hash(i + 2) / 1.8446744073709552e19",
    "range_high": "hash(i + 3) / 1.8446744073709552e19",
}


def big(
    folder: Path, rows: int, prepare: Callable[[Path, int, int, Mapping[str, str]], None]
) -> dict[str, dict[str, float]]:
    """Figures of each step: cpu_s, peak_mb, gb (of the release), gb_s (of CPU); sha256sum over the same files beside them.

    prepare: makes folder/deid of so many people and rows.
    """
    folder.mkdir()
    prepare(folder, PEOPLE, rows, _VALUES)
    (folder / "hospital.duckdb").unlink()
    found: dict[str, dict[str, float]] = {}
    size = 0.0
    for step in STEPS:
        told = measured([sys.executable, "-m", "benchmarks._package_big", step, str(folder)])
        told["peak_mb"] = float((folder / "peak_mb").read_text())
        if step == "build":
            shutil.rmtree(folder / "deid")
            size = sum(path.stat().st_size for path in (folder / "built").rglob("*") if path.is_file()) / 1e9
        found[f"big {step}"] = {**told, "gb": size, "gb_s": size / told["cpu_s"]}
        if step == "publish":
            shutil.rmtree(folder / "built")
    files = [str(path) for path in sorted((folder / "signed").rglob("*")) if path.is_file()]
    floor = measured(["sha256sum", *files])["cpu_s"]
    found["big sha256sum"] = {"cpu_s": floor, "gb": size, "gb_s": size / floor}
    shutil.rmtree(folder)
    return found


def _build(folder: Path) -> None:
    from benchmarks.package import inputs
    from cdm.engine import Limits
    from extract.package import build

    (folder / "spill").mkdir()
    limits = Limits(threads=THREADS, memory=MEMORY, spill=folder / "spill")
    build(inputs(folder / "deid", RELEASE), folder / "built", limits)


def _publish(folder: Path) -> None:
    from extract import sign
    from extract.package import seal_approval

    hospital, board = (sign.create(folder / f"{name}.key") for name in ("hospital", "board"))
    seal_approval(folder / "built", {"case": "2026-1"}, hospital, board, folder / "signed")


def _verify(folder: Path) -> None:
    from extract.verify import verify

    assert verify(folder / "signed").ok


def _deliver(folder: Path) -> None:
    from extract import seal
    from extract.delivery.objects import open_objects
    from extract.delivery.send import deliver

    me = seal.create(folder / "startup.key")
    deliver(folder / "signed", open_objects(str(folder / "store")), [me.public], folder / "work")


def _receive(folder: Path) -> None:
    from extract import seal
    from extract.delivery.objects import open_objects
    from extract.delivery.receive import Receipt, receive

    asked = Receipt(RELEASE, seal.load(folder / "startup.key"), date(2026, 1, 1))
    assert receive(open_objects(str(folder / "store")), asked, folder / "pulled").ok


def _peak_mb() -> float:
    """Peak memory of this program alone: what wait4 tells begins with the memory of whoever started it."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    work = {"build": _build, "publish": _publish, "verify": _verify, "deliver": _deliver, "receive": _receive}
    place = Path(sys.argv[2])
    work[sys.argv[1]](place)
    (place / "peak_mb").write_text(f"{_peak_mb():.1f}")
