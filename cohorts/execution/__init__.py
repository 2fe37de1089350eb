"""A plan carried out in a DuckDB engine, statement by statement."""
