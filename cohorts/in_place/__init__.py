"""The same plan where the data lie: PostgreSQL, Spark, and DuckDB to check the others by. Written to be read, not to be fast."""
