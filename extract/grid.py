"""features/hourly.parquet: measurements in the hours before the prediction time on a grid, with mask and delta (GRU-D).

| column | value |
|---|---|
| subject_id, hour | the person and the hour: -HOURS is the earliest, -1 ends at the prediction time |
| <concept_id> | the last value in the hour, NULL where none was measured: nothing is filled in |
| <concept_id>/mask | 1 where one was measured |
| <concept_id>/delta | hours since the one before (Che et al., Scientific Reports 8:6085, 2018), counted from the grid's first hour |

It is made where most measurements have a time of day; of others an hour cannot be told.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from extract.sql import figures, quote, stream, without_values
from extract.writer import write_parquet

HOURS = 48
LIMIT = 60
# At least this share of measurements before the prediction time must have a time of day.
TIMED = 0.5


def write_grid(con: duckdb.DuckDBPyConnection, smallest: int, out: Path) -> bool:
    """Write the grid to `out`; False where there is none to write. `con` holds known_rows and predicted.

    One line for each person and hour; concepts that at least `smallest` people have in these hours, by concept id.
    """
    with without_values("writing the hourly grid"):
        (timed,) = figures(
            con,
            "SELECT coalesce(avg((moment <> date_trunc('day', moment))::INT), 0) FROM known_rows "
            "WHERE source = 'measurement' AND value IS NOT NULL AND NOT late",
        )
        if timed < TIMED:
            return False
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE gridded AS SELECT r.subject_id, r.concept_id, "
            f"-1 - CAST(floor(epoch(p.moment - r.moment) / 3600) AS INTEGER) AS hour, arg_max(r.value, (r.moment, r.value)) AS value "
            f"FROM known_rows AS r JOIN predicted AS p USING (subject_id) "
            f"WHERE r.source = 'measurement' AND r.value IS NOT NULL AND r.concept_id > 0 AND NOT r.late "
            f"AND r.moment <> date_trunc('day', r.moment) AND r.moment > p.moment - INTERVAL {HOURS} HOUR GROUP BY ALL"
        )
        concepts = con.execute(
            "SELECT concept_id FROM (SELECT concept_id, count(DISTINCT subject_id) AS people FROM gridded GROUP BY concept_id "
            "HAVING people >= $1 ORDER BY people DESC, concept_id LIMIT $2) ORDER BY concept_id",
            [smallest, LIMIT],
        ).fetchall()
        if not concepts:
            return False
        out.parent.mkdir(parents=True, exist_ok=True)
        write_parquet(stream(con, _query([int(row[0]) for row in concepts])), out)
    return True


def _query(concepts: list[int]) -> str:
    values = ", ".join(f"max(g.value) FILTER (WHERE g.concept_id = {c}) AS {quote(f'v{c}')}" for c in concepts)
    # The hour of the last measurement before this one; the grid's first hour where there was none yet.
    before = ", ".join(
        f"coalesce(max(CASE WHEN {quote(f'v{c}')} IS NOT NULL THEN hour END) OVER earlier, {-HOURS}) AS {quote(f'b{c}')}"
        for c in concepts
    )
    told = ", ".join(
        f"CAST({quote(f'v{c}')} AS FLOAT) AS {quote(str(c))}, CAST({quote(f'v{c}')} IS NOT NULL AS TINYINT) AS {quote(f'{c}/mask')}, "
        f"CAST(hour - {quote(f'b{c}')} AS FLOAT) AS {quote(f'{c}/delta')}"
        for c in concepts
    )
    return f"""
        WITH frame AS (SELECT subject_id, CAST(hour AS INTEGER) AS hour FROM predicted, range({-HOURS}, 0) AS h(hour)),
        wide AS (SELECT f.subject_id, f.hour, {values} FROM frame AS f LEFT JOIN gridded AS g
                 ON g.subject_id = f.subject_id AND g.hour = f.hour GROUP BY f.subject_id, f.hour),
        since AS (SELECT *, {before} FROM wide
                  WINDOW earlier AS (PARTITION BY subject_id ORDER BY hour ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))
        SELECT subject_id, hour, {told} FROM since ORDER BY subject_id, hour
    """
