"""A draw on its own, outside of any study's run: what `naru draw` does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cdm
from cdm.engine import Limits, connect
from cdm.errors import BadInput
from cohorts.disclosure import Released, stricter
from cohorts.draw import draw
from cohorts.draw.cohort_file import COLUMNS
from cohorts.draw.spec import DrawSpec
from flows import progress, site, yaml_file
from flows.faults import guarded
from flows.files import appearing, checked_output
from flows.home import Home
from flows.stages.tables_of_counts import released

ROLE = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class Place:
    """Where is drawn: the CDM's address, the smallest count that it gives away, what the engine may use."""

    url: str
    threshold: int
    limits: Limits | None = None

    @classmethod
    def of(cls, home: Home, url: str | None, site_id: str | None) -> Place:
        """A registered hospital, or an address. Raises BadInput where neither or both are given."""
        if (url is None) == (site_id is None):
            raise BadInput("say where to draw: --source URL, or --site ID of a registered hospital (one of the two)")
        if site_id is not None:
            known = site.read(home, site_id)
            return cls(known.source, stricter(known.threshold), known.limits(home))
        assert url is not None
        return cls(url, stricter())


@dataclass(frozen=True)
class Drawn:
    """What was drawn.

    released: all counts after disclosure control; exact: the draw's own report, for inside the hospital.
    """

    out: Path
    spec: DrawSpec
    threshold: int
    released: Released
    exact: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON of what may be told; a suppressed count is {"count": null, "reason": "suppressed"}."""
        people = next(row for row in self.released.table1 if row["covariate"] == "people")
        return {
            "out": str(self.out),
            "spec": self.spec.model_dump(mode="json"),
            "threshold": self.threshold,
            "wanted": {"cases": self.spec.cases, "controls": self.spec.controls},
            "eligible": {f"{role}s": count.to_json() for role, count in self.released.eligible.items()},
            "drawn": {"cases": people["cases"], "controls": people["controls"]},
            "matched_fraction": self.matched,
            "max_smd": max(
                (abs(r["smd_after"]) for r in self.released.balance if r["smd_after"] is not None), default=None
            ),
            "table1": self.released.table1,
            "balance": self.released.balance,
            "unmatched": self.released.unmatched,
            "notes": self.exact["notes"],
        }

    @property
    def matched(self) -> float | None:
        """Drawn controls to those that the drawn cases want; None where a number of people is withheld."""
        people = next(row for row in self.released.table1 if row["covariate"] == "people")
        cases, controls = (people[side]["count"] for side in ("cases", "controls"))
        if not cases or controls is None or not self.spec.ratio:
            return None
        return round(float(controls / (cases * self.spec.ratio)), 4)


def read_spec(path: Path) -> DrawSpec:
    """The draw that a file declares: a study file's `draw`, or a file of its keys alone. Raises BadInput with file and line."""
    document = yaml_file.read(path, "draw specification")
    if isinstance(document.data, dict) and "draw" in document.data:
        inner = {where[1:]: line for where, line in document.lines.items() if where[:1] == ("draw",)}
        document = yaml_file.Document(path, document.data["draw"], inner)
    return yaml_file.validate(document, DrawSpec, "draw specification")


def run(
    place: Place, home: Home, cohorts: Sequence[str], spec_file: Path, out: Path, report: Path | None = None
) -> Drawn:
    """Draw, and write `out` (and the exact report). cohorts: one file with roles, or ROLE=FILE for each. Raises BadInput."""
    for path, suffix in ((out, ".parquet"), (report, ".json")):
        if path is not None:
            checked_output(path, suffix)
    spec = read_spec(spec_file)
    progress.tell("draw", "begun")
    with cdm.open_source(place.url, home.data) as source, _one_file(cohorts) as cohort, appearing(out) as fresh:
        found = guarded(
            "draw", out, lambda: draw(source, cohort, spec, fresh, place.limits, weight_unit=place.threshold)
        ).to_json()
    if report is not None:
        with appearing(report) as fresh:
            fresh.write_text(json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8")
    progress.tell("draw", "done")
    return Drawn(out, spec, place.threshold, released({}, found, spec, place.threshold), found)


@contextmanager
def _one_file(given: Sequence[str]) -> Iterator[Path]:
    """One Parquet file with roles: the only one given, or those of single cohorts put together."""
    if len(given) == 1 and "=" not in given[0]:
        yield Path(given[0])
        return
    files = dict(_named(one) for one in given)
    if len(files) < len(given):
        raise BadInput("a role is given twice: name each cohort once, such as case=a.parquet control=b.parquet")
    with TemporaryDirectory(prefix="draw-") as folder, connect() as con:
        whole = Path(folder) / "cohort.parquet"
        parts = " UNION ALL ".join(
            f"SELECT '{role}' AS role, {', '.join(COLUMNS[1:])} FROM read_parquet(${role})" for role in files
        )
        _refuse_others(con, files)
        con.execute(f"COPY ({parts}) TO '{whole}' (FORMAT parquet)", {role: str(path) for role, path in files.items()})
        yield whole


def _named(given: str) -> tuple[str, Path]:
    role, equals, path = given.partition("=")
    if not equals or not ROLE.fullmatch(role) or not path:
        raise BadInput(
            f"{given}: of several cohort files each needs its role: write case=FILE and control=FILE "
            "(or the pool's name: small letters, digits, _)"
        )
    return role, Path(path)


def _refuse_others(con: Any, files: Mapping[str, Path]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for role, path in files.items():
        try:
            found = pq.read_schema(path).names
        except (OSError, pa.ArrowInvalid):
            raise BadInput(
                f"{role}={path}: this is no Parquet file that can be read; give what `naru cohort run` wrote"
            ) from None
        if missing := [c for c in COLUMNS[1:] if c not in found]:
            raise BadInput(f"{role}={path}: lacks {', '.join(missing)}; a cohort has {', '.join(COLUMNS[1:])}")
