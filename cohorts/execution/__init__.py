"""A plan carried out: DuckDB reads the streams, columns in memory become cohorts."""
