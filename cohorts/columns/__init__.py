"""Columns in memory, sorted by person and day, and the arithmetic of cohorts on them.

DuckDB reads and filters the tables of the CDM (cohorts/sql); what comes after has an order that a database forgets
between two statements: events of one person, by day. Kept in that order, a window is two binary searches, an era one
running maximum, a limit the first row of a person (docs/adr/0009).
"""
