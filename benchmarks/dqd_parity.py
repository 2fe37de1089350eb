"""Our figures against OHDSI DataQualityDashboard's own SQL, check by check: numerator, denominator, status.

    python -m benchmarks.dqd_parity FOLDER --source URL [--json]

FOLDER holds what the dashboard publishes under inst/: csv/OMOP_CDMv*_{Check_Descriptions,Table,Field,Concept}_Level.csv and
sql/sql_server/*.sql. It is not kept here. duckcdm's SqlRender turns its SQL into DuckDB's, one statement for each check.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
from duckcdm import sqlrender

from cdm import open_source
from cdm.engine import connect
from cdm.errors import BadInput
from cdm.source import Need, Source
from quality.baseline.declared import Check, catalogue
from quality.baseline.declared.structure import VOCABULARY
from quality.baseline.measure import Database, Figure, measure
from quality.baseline.status import judge

Row = Mapping[str, str]
# Kept in the schema of results, not in the CDM that a source shows.
ELSEWHERE = frozenset({"cohort", "cohort_definition"})


@dataclass(frozen=True)
class Theirs:
    """One check as the dashboard publishes it. sql: in DuckDB's words."""

    check: Check
    sql: str


def published(folder: Path, version: str) -> Iterator[Theirs]:
    """Every check of a CDM version that the dashboard runs by default, rendered."""
    levels = {
        level.upper(): _rows(folder / "csv" / f"OMOP_CDMv{version}_{level}_Level.csv")
        for level in ("Table", "Field", "Concept")
    }
    for kind in _rows(folder / "csv" / f"OMOP_CDMv{version}_Check_Descriptions.csv"):
        template = (folder / "sql" / "sql_server" / kind["sqlFile"]).read_text(encoding="utf-8")
        for row in levels[kind["checkLevel"]]:
            if row["cdmTableName"].lower() in VOCABULARY | ELSEWHERE or not _applies(kind["evaluationFilter"], row):
                continue
            check = Check(
                kind["checkName"],
                row["cdmTableName"].lower(),
                row.get("cdmFieldName", "").lower(),
                row.get("conceptId", ""),
                float(row.get(f"{kind['checkName']}Threshold") or 0),
            )
            yield Theirs(check, _sql(template, row))


def _rows(path: Path) -> list[Row]:
    if not path.is_file():
        raise BadInput(f"{path}: no such file; name the dashboard's inst/ folder, which holds csv/ and sql/sql_server/")
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def _applies(condition: str, row: Row) -> bool:
    """Read a filter such as isForeignKey=='Yes' & fkDomain!=''; R's NA, an empty cell, fulfils neither."""
    for part in condition.split("&"):
        found = re.fullmatch(r"\s*(\w+)\s*(==|!=)\s*'(.*)'\s*", part)
        if found is None:
            raise ValueError(f"a filter that is not understood: {condition}")
        name, sign, text = found.groups()
        value = row.get(name, "")
        if not value or (value == text) != (sign == "=="):
            return False
    return True


def _sql(template: str, row: Row) -> str:
    schemas = {"cdmDatabaseSchema": "cdm", "vocabDatabaseSchema": "cdm", "schema": "cdm", "cohort": "FALSE"}
    # The dashboard's R code spells names in capitals before it asks, and its SQL compares with capitals.
    names = {name: row[name].upper() for name in ("cdmTableName", "cdmFieldName") if name in row}
    return str(sqlrender.translate(sqlrender.render(template, **{**row, **names, **schemas}), "duckdb"))


def theirs(con: duckdb.DuckDBPyConnection, checks: list[Theirs]) -> dict[Check, Figure]:
    """Run every statement by itself, as the dashboard does."""
    found = {}
    for one in checks:
        try:
            violated, _, rows = con.execute(one.sql.strip().rstrip(";")).fetchall()[0]
            found[one.check] = Figure(int(violated), int(rows))
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            missing = one.check.type in ("cdmTable", "cdmField")
            found[one.check] = Figure(1, 1) if missing else Figure(0, 0, type(error).__name__)
        except duckdb.Error as error:
            found[one.check] = Figure(0, 0, type(error).__name__)
    return found


def show(con: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Make every table of the database visible as cdm.<table>."""
    for table, columns in source.tables().items():
        source.attach(con, Need({table: columns}))


def compare(folder: Path, url: str, home: Path, *, refuse_negative: bool = False) -> dict[str, object]:
    """Both sides on the same engine in one run: what is equal, what differs, who asks what the other does not, CPU seconds."""
    today = date.today()  # noqa: DTZ011  # their SQL asks the database for today
    with open_source(url, home) as source, connect() as con:
        show(con, source)
        asked = list(published(folder, source.version))
        cpu, wall = time.process_time(), time.perf_counter()
        their_figures = theirs(con, asked)
        their_cpu, their_wall = time.process_time() - cpu, time.perf_counter() - wall
        known = catalogue(source.version)
        with connect() as own:
            cpu, wall = time.process_time(), time.perf_counter()
            our_figures = measure(Database(own, source, today), known, refuse_negative=refuse_negative)
            our_cpu, our_wall = time.process_time() - cpu, time.perf_counter() - wall
    ours = {result.check.key: result for result in judge(our_figures)}
    others = {result.check.key: result for result in judge(their_figures)}
    different, equal = [], 0
    for key in sorted(ours.keys() & others.keys()):
        one, other = ours[key], others[key]
        mine = (one.figure.violated, one.figure.rows, one.status, one.check.threshold)
        their = (other.figure.violated, other.figure.rows, other.status, other.check.threshold)
        if bool(one.figure.error) != bool(other.figure.error) or (mine != their):
            different.append({"check": key, "ours": [*mine, one.reason], "theirs": [*their, other.reason]})
        else:
            equal += 1
    return {
        "source": url,
        "types": len({check.type for check in known}),
        "compared": equal + len(different),
        "equal": equal,
        "different": different,
        "only_ours": sorted(ours.keys() - others.keys()),
        "only_theirs": sorted(others.keys() - ours.keys()),
        "ours_s": {"cpu": round(our_cpu, 2), "wall": round(our_wall, 2)},
        "theirs_s": {"cpu": round(their_cpu, 2), "wall": round(their_wall, 2)},
        "ratio_cpu": round(their_cpu / max(our_cpu, 1e-9), 1),
    }


def main() -> None:
    """Compare and print; ends with 1 where anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the dashboard's inst/ folder: csv/ and sql/sql_server/")
    parser.add_argument("--source", required=True, help="the address of a CDM, as naru takes it")
    parser.add_argument("--home", type=Path, default=Path.home() / ".naru", help="where samples are kept")
    parser.add_argument(
        "--refuse-negative",
        action="store_true",
        help="negative whole numbers violate cdmDatatype (as older SqlRenders had it)",
    )
    parser.add_argument("--json", action="store_true", help="everything, as JSON")
    given = parser.parse_args()
    found = compare(given.folder, given.source, given.home, refuse_negative=given.refuse_negative)
    if given.json:
        sys.stdout.write(json.dumps(found, indent=1) + "\n")
    else:
        different = found["different"]
        assert isinstance(different, list)
        for one in different:
            sys.stdout.write(f"{one['check']}: ours {one['ours']}, theirs {one['theirs']}\n")
        shown = {name: value for name, value in found.items() if name not in ("different", "only_ours", "only_theirs")}
        for name in ("only_ours", "only_theirs"):
            listed = found[name]
            assert isinstance(listed, list)
            shown[name] = len(listed)
        sys.stdout.write(json.dumps(shown, indent=1) + "\n")
    sys.exit(1 if found["different"] else 0)


if __name__ == "__main__":
    main()
