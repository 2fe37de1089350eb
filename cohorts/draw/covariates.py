"""What people were like before their index date: one pass over each table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cdm.source import Need, Source

LOOKBACK = 365


@dataclass(frozen=True)
class History:
    """A count of a person's rows in the year before the index date.

    column: what is counted, different
    values.
    """

    name: str
    table: str
    date: str
    column: str
    where: str = "true"
    extra: tuple[str, ...] = ()


HISTORIES = (
    History("visits", "visit_occurrence", "visit_start_date", "visit_occurrence_id"),
    History(
        "inpatient_visits",
        "visit_occurrence",
        "visit_start_date",
        "visit_occurrence_id",
        "visit_concept_id IN (9201, 262, 8717)",
        ("visit_concept_id",),
    ),
    History("conditions", "condition_occurrence", "condition_start_date", "condition_concept_id"),
    History("drugs", "drug_exposure", "drug_exposure_start_date", "drug_concept_id"),
)

Columns = dict[str, npt.NDArray[np.float64]]


def measure(con: duckdb.DuckDBPyConnection, source: Source, people: pa.Table) -> Columns:
    """Covariates of `people` (person_id, index_date), row by row: name -> one float per row.

    age (years), sex (concept id), index_year, prior_observation and follow_up (days; 0 outside observation),
    and the `HISTORIES` that the source has tables for, over the `LOOKBACK` days before the index date.
    """
    tables = source.tables()
    histories = [h for h in HISTORIES if h.table in tables and {h.date, h.column, *h.extra} <= set(tables[h.table])]
    con.register("given_people", people)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE roster AS SELECT DISTINCT person_id, index_date FROM given_people ORDER BY ALL"
    )
    ids: pa.Table = con.sql("SELECT DISTINCT person_id FROM roster ORDER BY 1").to_arrow_table()
    source.attach(con, Need(_columns(histories), ids))
    parts = {h.table: [x for x in histories if x.table == h.table] for h in histories}
    joins = "".join(
        f" LEFT JOIN ({_counts(table, some)}) USING (person_id, index_date)" for table, some in parts.items()
    )
    names = "".join(f", coalesce({h.name}, 0)::DOUBLE AS {h.name}" for h in histories)
    con.execute(f"CREATE OR REPLACE TEMP TABLE looks AS SELECT b.*{names} FROM ({_basics()}) b{joins}")
    con.register("numbered", people.append_column("nth", pa.array(np.arange(people.num_rows))))
    got = con.sql(
        "SELECT l.* EXCLUDE (person_id, index_date) FROM numbered "
        "JOIN looks l USING (person_id, index_date) ORDER BY nth"
    ).to_arrow_table()
    con.unregister("given_people")
    con.unregister("numbered")
    return {name: got[name].to_numpy().astype(np.float64) for name in got.column_names}


def _columns(histories: list[History]) -> Mapping[str, tuple[str, ...]]:
    columns: dict[str, tuple[str, ...]] = {
        "person": ("person_id", "gender_concept_id", "year_of_birth"),
        "observation_period": ("person_id", "observation_period_start_date", "observation_period_end_date"),
    }
    for h in histories:
        read = (*columns.get(h.table, ()), "person_id", h.date, h.column, *h.extra)
        columns[h.table] = tuple(dict.fromkeys(read))
    return columns


def _basics() -> str:
    return """
        SELECT r.person_id, r.index_date, (year(r.index_date) - any_value(p.year_of_birth))::DOUBLE AS age,
            coalesce(any_value(p.gender_concept_id), 0)::DOUBLE AS sex,
            year(r.index_date)::DOUBLE AS index_year,
            coalesce(max(r.index_date - o.observation_period_start_date), 0)::DOUBLE AS prior_observation,
            coalesce(max(o.observation_period_end_date - r.index_date), 0)::DOUBLE AS follow_up
        FROM roster r JOIN cdm.person p ON p.person_id = r.person_id
        LEFT JOIN cdm.observation_period o ON o.person_id = r.person_id
            AND r.index_date BETWEEN o.observation_period_start_date AND o.observation_period_end_date
        GROUP BY 1, 2"""


def _counts(table: str, histories: list[History]) -> str:
    counts = ", ".join(f"count(DISTINCT t.{h.column}) FILTER ({h.where}) AS {h.name}" for h in histories)
    date = histories[0].date
    return f"""
        SELECT r.person_id, r.index_date, {counts}
        FROM roster r JOIN cdm.{table} t ON t.person_id = r.person_id
            AND t.{date} BETWEEN r.index_date - {LOOKBACK} AND r.index_date - 1
        GROUP BY 1, 2"""
