"""The draw: CPU, memory, pairs against the exact optimum, balance, and a check of every pair by a query of its own.

python -m benchmarks.draw [--people 1000000] [--cases 10000] [--ratio 4] [--design risk_set|exact|caliper|propensity] \
[--peers cohortmatch,opensafely] [--python PATH] [--json]

The hospital is made for the design: for risk-set, exact and caliper designs one of few old people and many cases among them, so
that controls run short; for the propensity design one with conditions, drugs and visits, whose cases differ from everybody else (1:1
unless --ratio says otherwise). The optimum comes from another algorithm (earliest deadline first); in risk sets, people who become a
case later are controls until the day before their event. Peers run on the same people; `--python` names the interpreter of
another environment for those that are not installed in this one.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import multiprocessing
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import _draw_checks as checks
from benchmarks._draw_hospitals import PRIOR, short_of_controls, unlike_cases
from benchmarks._draw_measure import measure
from benchmarks._draw_peers import MODULES
from cdm.errors import BadInput
from cohorts.draw.spec import DrawSpec

PEERS = {"cohortmatch": ("risk_set", "propensity"), "opensafely": ("risk_set", "exact")}
DESIGNS: dict[str, dict[str, Any]] = {
    "risk_set": {"design": "risk_set", "birth_year_band": 1},
    "exact": {"index_date": "case", "birth_year_band": 1},
    "caliper": {"design": "risk_set", "match": ["sex"], "calipers": [{"on": "birth", "within": 1}]},
    "propensity": {"design": "propensity", "match": []},
}


def spec(design: str, cases: int, ratio: int) -> DrawSpec:
    """One of the designs measured."""
    common = {"cases": cases, "controls": cases * ratio, "prior_observation_days": PRIOR}
    return DrawSpec.model_validate({**common, **DESIGNS[design]})


class Judge:
    """Checks of the draws from one hospital, our own and the peers'."""

    def __init__(self, database: Path, cohort: Path, design: str, asked: DrawSpec) -> None:
        self.con = checks.reader(database, cohort)
        self._cohort, self._design, self._later = cohort, design, asked.until_own_event
        self._scale = checks.scored_scale(database, cohort, asked) if design == "propensity" else None
        if self._scale:
            self.optimum: int | None = checks.scored_optimum(*self._scale, asked.ratio)
        else:
            self.optimum = checks.most_dated_pairs(self.con, asked.ratio, self._later) if design != "caliper" else None

    def of(self, drawn: Path, pairs: int, own: bool) -> dict[str, Any]:
        """Pairs against the optimum, broken ones, for a propensity draw also the differences that a query of its own finds."""
        found: dict[str, Any] = {"pairs_optimum": self.optimum}
        if self.optimum:
            found["matched_of_optimum"] = round(pairs / self.optimum, 4)
        if not self._scale:
            return {
                **found,
                "broken_pairs": checks.broken_dated_pairs(self.con, drawn, int(self._design == "caliper"), self._later),
            }
        broken = checks.broken_scored_pairs(self.con, drawn, self._cohort)
        # A peer has a score, and so a caliper, of its own.
        broken += checks.outside_caliper(self.con, *self._scale) if own else 0
        return {**found, "broken_pairs": broken, "max_smd_by_query": checks.largest_difference(self.con)}


def ask_peer(peer: str, design: str, folder: Path, ratio: int, python: str, judge: Judge) -> dict[str, Any]:
    """Run a peer in a process of its own and check its pairs."""
    if design not in PEERS[peer]:
        return {"peer": peer, "why_not": f"has no such design; it is measured on {', '.join(PEERS[peer])}"}
    given, out = folder / "people.parquet", folder / f"{peer}.parquet"
    here = importlib.util.find_spec(MODULES[peer][0]) is not None
    code = [
        sys.executable if here else python,
        str(Path(__file__).with_name("_draw_peers.py")),
        peer,
        design,
        str(given),
        str(out),
        str(ratio),
    ]
    ended = subprocess.run(code, capture_output=True, text=True, check=False)
    if ended.returncode:
        return {"peer": peer, "why_not": (ended.stderr.strip().splitlines() or ["it ended without a word"])[-1]}
    pairs = folder / f"{peer}-draw.parquet"
    n = checks.as_draw(judge.con, out, folder / "cohort.parquet", design, pairs)
    return {
        **json.loads(ended.stdout),
        "pairs": n,
        **judge.of(pairs, n, own=False),
        **checks.balance_of(judge.con, given, out, design),
    }


def run(people: int, cases: int, ratio: int, design: str, peers: list[str], python: str) -> dict[str, Any]:
    """Make a hospital, draw from it, check the draw, do the same with the peers."""
    with tempfile.TemporaryDirectory() as name, multiprocessing.get_context("spawn").Pool(1) as worker:
        folder = Path(name)
        database, cohort = (unlike_cases if design == "propensity" else short_of_controls)(folder, people, cases)
        asked = spec(design, cases, ratio)
        measured = worker.apply(measure, (str(database), str(cohort), asked))
        judge = Judge(database, cohort, design, asked)
        found = {"design": design, "people": people, "cases": cases, "ratio": ratio, **measured}
        found |= judge.of(folder / "draw.parquet", measured["pairs"], own=True)
        if peers:
            checks.write_people(judge.con, database, cohort, asked, folder / "people.parquet")
            found["peers"] = [ask_peer(peer, design, folder, ratio, python, judge) for peer in peers]
        return found


def shown(found: dict[str, Any]) -> str:
    """Lines for people; each peer with its CPU in multiples of ours."""
    lines = [f"{key:20} {value}" for key, value in found.items() if key != "peers"]
    for peer in found.get("peers", ()):
        times = f"  ({peer['cpu_s'] / found['cpu_s']:.1f} times our CPU)" if "cpu_s" in peer else ""
        lines.append(f"{peer['peer']}{times}: " + ", ".join(f"{k} {v}" for k, v in peer.items() if k != "peer"))
    return "\n".join(lines)


def main() -> None:
    """Print one measured design."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--people", type=int, default=1_000_000)
    options.add_argument("--cases", type=int, default=10_000)
    options.add_argument("--ratio", type=int, default=None, help="controls for each case; 4, for propensity 1")
    options.add_argument("--design", choices=tuple(DESIGNS), default="risk_set")
    options.add_argument("--peers", default="", help=f"with commas between: {', '.join(PEERS)}")
    options.add_argument(
        "--python", default=sys.executable, help="an interpreter that has the peers which this one lacks"
    )
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    peers = [peer for peer in given.peers.split(",") if peer]
    if unknown := [peer for peer in peers if peer not in PEERS]:
        raise BadInput(f"--peers {unknown[0]}: known are {', '.join(PEERS)}")
    if not 1 <= given.cases <= given.people // 2:
        raise BadInput(f"--cases {given.cases}: from 1 to half of the people ({given.people // 2:,}) are expected")
    ratio = given.ratio or (1 if given.design == "propensity" else 4)
    result = run(given.people, given.cases, ratio, given.design, peers, given.python)
    print(json.dumps(result) if given.json else shown(result))


if __name__ == "__main__":
    main()
