"""Notes: how fast they are scrubbed beside a bare regex pass, what is found of planted identifiers, what is replaced in error.

python -m benchmarks.text [--mb 64] [--names 20000] [--each 100] [--json]

The planted identifiers and the notes of nobody are those of the tests, from a checkout.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from deid.text import TextSettings
from deid.text.scrub import scrub
from tests.deid.text.clean import NOTES
from tests.deid.text.variants import FORMS, known_names, leaks, plant

FAMILY = "김이박최정강조윤장임한오서신권황안송류홍"
# How a ward writes: a date in one line of eight, an identifier in one of fifty.
LINES = (
    "환자 2020-10-11 내원하여 상복부 통증 호소함. BP 120-80 mmHg, HR 72, BT 36.5. HbA1c 6.5 %, glucose 110 mg/dL.\n",
    "CT 상 특이 소견 없음. 아스피린 100 mg 1일 1회 경구 투여 유지. 2주 후 외래 추적 관찰 예정.\n",
    "Patient denies chest pain. Plan: continue metformin 500 mg bid, recheck Cr 1.2, eGFR 60.\n",
    "보호자 연락처 010-1234-5678, 주민번호 901010-1234567\n",
    "POD#3 drain 120 cc, wound clean, no fever. WBC 8,900 Hb 12.3 PLT 250k\n",
    "수술 후 상태 안정적이며 통증 조절 양호함. 식이 진행하고 이상 소견 없으면 퇴원 고려.\n",
)
SHARES = (0.12, 0.30, 0.25, 0.02, 0.15, 0.16)


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def ward(megabytes: int) -> pa.Table:
    """Notes of 15 lines, about so many bytes together."""
    random = np.random.default_rng(1)
    count = megabytes * 1_000_000 // 1_550
    picks = random.choice(len(LINES), (count, 15), p=SHARES)
    notes = ["".join(LINES[line] for line in pick) for pick in picks]
    return pa.table({"note": notes, "offset_days": random.integers(1, 365, count)})


def staff_and_patients(count: int, random: np.random.Generator) -> pa.Table:
    """Names of three syllables, the given ones out of 200."""
    syllables = [chr(0xAC00 + 11 * int(place)) for place in random.integers(0, 1000, 200)]
    names = [random.choice(list(FAMILY)) + "".join(random.choice(syllables, 2)) for _ in range(count)]
    return pa.table({"person_id": np.arange(count), "name": names})


def speed(megabytes: int, count: int) -> dict[str, float]:
    """The whole pipeline, with labels and with moved dates, and one bare regex pass over the same bytes."""
    table, names = ward(megabytes), staff_and_patients(count, np.random.default_rng(2))
    text = pl.Series(table.column("note"))
    size = int(text.str.len_bytes().sum()) / 1e6
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    floor = seconds(lambda: text.str.count_matches("[0-9]{6}-[0-9]{7}"))
    bare = seconds(lambda: scrub(table, "note", None, TextSettings()))
    named = seconds(lambda: scrub(table, "note", names, TextSettings()))
    moved = seconds(lambda: scrub(table, "note", names, TextSettings(dates="shift")))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "mb": size,
        "names": count,
        "floor_mb_per_cpu_s": size / floor,
        "patterns_mb_per_cpu_s": size / bare,
        "with_names_mb_per_cpu_s": size / named,
        "with_moved_dates_mb_per_cpu_s": size / moved,
        "ratio_to_floor": named / floor,
        "peak_mb": after // 1024,
        "peak_above_input_mb": (after - before) // 1024,
    }


def recall(each: int) -> dict[str, dict[str, float]]:
    """The share of planted identifiers that cannot be read afterwards, by kind and form, and of all forms together."""
    planted = plant(each, seed=7)
    names = known_names(planted)
    known = pa.table({"person_id": pa.nulls(len(names), pa.int64()), "name": names})
    after = scrub(pa.table({"note": [canary.note for canary in planted]}), "note", known, TextSettings())
    total: Counter[tuple[str, str]] = Counter()
    left: Counter[tuple[str, str]] = Counter()
    for canary, note in zip(planted, after.text.to_pylist(), strict=True):
        for form in (canary.form, "all"):
            total[canary.kind, form] += 1
            left[canary.kind, form] += leaks(canary, note)
    kinds = dict.fromkeys(canary.kind for canary in planted)
    return {
        kind: {form: 1 - left[kind, form] / total[kind, form] for form in (*FORMS, "all") if total[kind, form]}
        | {"planted": total[kind, "all"]}
        for kind in kinds
    }


def false_positives() -> dict[str, Any]:
    """What is replaced in notes of nobody, by kind, with 20,000 names that are nobody's there."""
    names = staff_and_patients(20_000, np.random.default_rng(3))
    counts = scrub(pa.table({"note": NOTES}), "note", names, TextSettings()).counts
    return {
        "notes": len(NOTES),
        "characters": sum(len(note) for note in NOTES),
        **{kind: count for kind, count in counts.items() if count},
    }


def main() -> None:
    """Run all of it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=int, default=64)
    parser.add_argument("--names", type=int, default=20_000)
    parser.add_argument("--each", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = {"speed": speed(asked.mb, asked.names), "recall": recall(asked.each), "false_positives": false_positives()}
    if asked.json:
        print(json.dumps(found))
        return
    print({name: round(value, 1) for name, value in found["speed"].items()})
    columns = (*FORMS, "all", "planted")
    print(f"{'recall':24}" + "".join(f"{column:>14}" for column in columns))
    for kind, shares in found["recall"].items():
        print(f"{kind:24}" + "".join(f"{round(shares[c], 3) if c in shares else '-':>14}" for c in columns))
    print("false positives", found["false_positives"])


if __name__ == "__main__":
    main()
