"""What a model may see: rows of the packed tables before a person's prediction time, as one view."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from cdm import schema
from cdm.source import CdmVersion
from extract.meds.write import Prediction
from extract.plan import main_concept
from extract.sql import quote
from extract.tables import COHORT, Packed

# Derived from the others; they would count everything twice.
LEFT_OUT = ("condition_era", "drug_era", "dose_era", "observation_period", "payer_plan_period", "death")


def show_rows(
    con: duckdb.DuckDBPyConnection, packed: Sequence[Packed], version: CdmVersion, prediction: Prediction
) -> bool:
    """Make view `known_rows` (subject_id, source, concept_id, day, at, value, late) and table `predicted`; False where nothing is dated.

    day: the row's date; at: its moment, midnight where no time of day is known; value: value_as_number; late: whether
    the row stands at or after the prediction time (of a row without a time of day: whether its day does).
    predicted: subject_id, is_case, at (the prediction time), index_date.
    """
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE predicted AS SELECT CAST(subject_id AS BIGINT) AS subject_id, "
        f"bool_or(role = 'case') AS is_case, min(CAST(index_date AS DATE)) AS index_date, "
        f"min(CAST(index_date AS TIMESTAMP)) - INTERVAL {int(prediction.gap_hours)} HOUR - INTERVAL 1 SECOND AS at "
        f"FROM {quote(COHORT)} GROUP BY subject_id ORDER BY subject_id"
    )
    parts = [part for p in packed if (part := _rows(p, version)) is not None]
    if not parts:
        return False
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW known_rows AS SELECT r.subject_id, r.source, r.concept_id, r.day, r.at, r.value, "
        f"r.at + (CASE WHEN r.at = date_trunc('day', r.at) THEN INTERVAL 86399 SECOND ELSE INTERVAL 0 SECOND END) > p.at AS late "
        f"FROM ({' UNION ALL '.join(parts)}) AS r JOIN predicted AS p USING (subject_id)"
    )
    return True


def _rows(packed: Packed, version: CdmVersion) -> str | None:
    table = schema.tables(version).get(packed.name)
    if table is None or packed.name in LEFT_OUT or table.person_key is None or table.start_date is None:
        return None
    columns = {name for name, _ in packed.written.schema}
    if not {table.person_key, table.start_date} <= columns:
        return None
    main = main_concept(table)
    exact = f"CAST({quote(table.start_datetime)} AS TIMESTAMP)" if table.start_datetime in columns and table.start_datetime else "NULL"
    return (
        f"SELECT CAST({quote(table.person_key)} AS BIGINT) AS subject_id, '{packed.name}' AS source, "
        f"CAST({quote(main) if main in columns and main else 'NULL'} AS BIGINT) AS concept_id, CAST({quote(table.start_date)} AS DATE) AS day, "
        f"coalesce({exact}, CAST({quote(table.start_date)} AS TIMESTAMP)) AS at, "
        f"CAST({'value_as_number' if 'value_as_number' in columns else 'NULL'} AS DOUBLE) AS value "
        f"FROM {quote(packed.name)} WHERE {quote(table.start_date)} IS NOT NULL"
    )
