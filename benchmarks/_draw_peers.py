"""Other software on the same hospital: cohortmatch, and OpenSAFELY's matching. `benchmarks.draw` runs this as a file.

python _draw_peers.py PEER DESIGN IN.parquet OUT.parquet RATIO: writes the pairs (case, control), prints CPU and wall seconds and
peak memory as JSON. It needs nothing of Naru, so that the interpreter of another environment can run it.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import resource
import sys
import tempfile
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

DISTRIBUTIONS = {"cohortmatch": "cohortmatch", "opensafely": "opensafely-matching"}
MODULES = {
    "cohortmatch": ("cohortmatch", "cohortmatch.risk_set"),
    "opensafely": ("osmatching", "osmatching.osmatching", "osmatching.utils"),
}


def cohortmatch(people: Any, design: str, ratio: int) -> Any:
    """Risk sets by the date of the event (it knows no entry into observation), or nearest neighbours on a propensity score."""
    frame = people.set_index("person_id")
    if design == "risk_set":
        from cohortmatch.risk_set import match_risk_set

        found = match_risk_set(
            frame,
            event_time="event_time",
            event="case",
            exact=["sex", "born"],
            ratio=ratio,
            replace=False,
            random_state=1,
        )
        controls = found.sets[found.sets.case == 0]
        return controls.rename(columns={"set_id": "case_id", "unit_id": "control"})[["case_id", "control"]]
    from cohortmatch import match

    covariates = [c for c in frame.columns if c != "case"]
    found = match(frame, treatment="case", covariates=covariates, caliper="auto", ratio=ratio, random_state=1)
    return found.pairs.rename(columns={"treatment_id": "case_id", "control_id": "control"})[["case_id", "control"]]


def opensafely(people: Any, design: str, ratio: int) -> Any:
    """Cases in the order of their dates, each with random controls of its sex and year who are not excluded by a date."""
    import pandas as pd
    from osmatching.osmatching import match
    from osmatching.utils import MatchConfig

    frame = people.set_index("person_id")
    days = ("free_from", "free_to", "event_time")
    frame = frame.assign(**{d: pd.Timestamp("1970-01-01") + pd.to_timedelta(frame[d], unit="D") for d in days})
    cases = frame[frame.case == 1][["sex", "born", "event_time", "free_from"]].rename(
        columns={"event_time": "indexdate"}
    )
    cases["free_to"] = cases["indexdate"]
    pool = frame if design == "risk_set" else frame[frame.case == 0]
    with tempfile.TemporaryDirectory() as folder:
        config = MatchConfig(
            matches_per_case=ratio,
            match_variables={"sex": "category", "born": "category"},
            index_date_variable="indexdate",
            date_exclusion_variables={"free_from": "after", "free_to": "before"},
            generate_match_index_date="no_offset",
            output_path=Path(folder),
        )
        with contextlib.redirect_stdout(io.StringIO()):
            _, matched = match(cases.copy(), pool[["sex", "born", "free_from", "free_to"]].copy(), config)
    return matched.reset_index()[["set_id", "person_id"]].rename(columns={"set_id": "case_id", "person_id": "control"})


PEERS = {"cohortmatch": cohortmatch, "opensafely": opensafely}


def main(peer: str, design: str, given: str, out: str, ratio: str) -> None:
    """Run one peer, everything imported before the clock starts."""
    warnings.simplefilter("ignore")
    import pandas as pd

    for module in MODULES[peer]:
        importlib.import_module(module)
    people = pd.read_parquet(given)
    cpu, wall = time.process_time(), time.perf_counter()
    pairs = PEERS[peer](people, design, int(ratio))
    spent = round(time.process_time() - cpu, 2), round(time.perf_counter() - wall, 2)
    pairs.astype("int64").to_parquet(out)
    package = DISTRIBUTIONS[peer]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"peer": f"{package} {version(package)}", "cpu_s": spent[0], "wall_s": spent[1], "peak_mb": peak}))


if __name__ == "__main__":
    main(*sys.argv[1:6])
