"""What a model may see: rows of the packed tables before a person's prediction time, as one view."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from cdm import schema
from cdm.source import CdmVersion
from extract.meds.write import Prediction
from extract.relations import main_concept
from extract.sql import quote
from extract.tables import COHORT, Packed

# Derived from the others; they would count everything twice.
LEFT_OUT = ("condition_era", "drug_era", "dose_era", "observation_period", "payer_plan_period", "death")


def show_rows(
    con: duckdb.DuckDBPyConnection, packed: Sequence[Packed], version: CdmVersion, prediction: Prediction
) -> bool:
    """Make view `known_rows` and table `predicted`; False where nothing is dated.

    known_rows: subject_id, source, concept_id, day, moment, value, late.

    day: the row's date; moment: of the row, midnight where no time of day is known; value: value_as_number; late: whether
    the row stands at or after the prediction time (of a row without a time of day: whether its day does).
    predicted: subject_id, is_case, moment (the prediction time), index_date.
    """
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE predicted AS SELECT CAST(subject_id AS BIGINT) AS subject_id, "
        f"bool_or(role = 'case') AS is_case, min(CAST(index_date AS DATE)) AS index_date, "
        f"min(CAST(index_date AS TIMESTAMP)) - INTERVAL {int(prediction.gap_hours)} HOUR - INTERVAL 1 SECOND AS moment "
        f"FROM {quote(COHORT)} GROUP BY subject_id ORDER BY subject_id"
    )
    parts = [part for p in packed if (part := _rows(p, version)) is not None]
    if not parts:
        return False
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW known_rows AS SELECT r.subject_id, r.source, r.concept_id, r.day, r.moment, r.value, "
        "r.moment + (CASE WHEN r.moment = date_trunc('day', r.moment) THEN INTERVAL 86399 SECOND ELSE INTERVAL 0 SECOND END) "
        "> p.moment AS late "
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
    exact = table.start_datetime if table.start_datetime in columns else None
    moment = f"CAST({quote(table.start_date)} AS TIMESTAMP)"
    if exact is not None:
        moment = f"coalesce(CAST({quote(exact)} AS TIMESTAMP), {moment})"
    concept = quote(main) if main is not None and main in columns else "NULL"
    return (
        f"SELECT CAST({quote(table.person_key)} AS BIGINT) AS subject_id, '{packed.name}' AS source, "
        f"CAST({concept} AS BIGINT) AS concept_id, CAST({quote(table.start_date)} AS DATE) AS day, {moment} AS moment, "
        f"CAST({'value_as_number' if 'value_as_number' in columns else 'NULL'} AS DOUBLE) AS value "
        f"FROM {quote(packed.name)} WHERE {quote(table.start_date)} IS NOT NULL"
    )
