"""Attrition counted from the tables that a run leaves behind."""

from __future__ import annotations

import duckdb

from cohorts.attrition import Attrition, Combination, Step
from cohorts.plan.nodes import Plan

Counts = dict[int, tuple[int, int]]

# By people first: the engine counts distinct values of an owner much slower.
_BY_OWNER = """SELECT owner, count(*) AS people, CAST(sum(entries) AS BIGINT) AS entries
FROM (SELECT owner, person_id, count(*) AS entries FROM {table} GROUP BY owner, person_id) GROUP BY owner"""

# Rules in turn: a row is left after rule n if its lowest n bits are set. `lead` is how many rules it keeps in a row.
_LEAD = """SELECT owner, lead, count(*) AS entries, count(*) FILTER (WHERE best) AS people FROM (
    SELECT owner, lead, row_number() OVER (PARTITION BY owner, person_id ORDER BY lead DESC) = 1 AS best FROM (
        SELECT owner, person_id, bit_count(mask & ~(mask + 1)) AS lead FROM judged WHERE all_rules IS NOT NULL
    )
) GROUP BY owner, lead"""

# ATLAS: by the set of rules kept; `best` is a person's event with the most rules, the lowest first rule, the first date.
_COMBINATION = """SELECT owner, mask, count(*) FILTER (WHERE best) AS people, count(*) AS entries FROM (
    SELECT owner, mask, row_number() OVER (PARTITION BY owner, person_id
        ORDER BY bit_count(mask) DESC, mask & -mask, start_date, event_id) = 1 AS best
    FROM judged WHERE all_rules IS NOT NULL
) GROUP BY owner, mask"""


def attrition(con: duckdb.DuckDBPyConnection, plan: Plan) -> dict[str, Attrition]:
    """The attrition of every definition of a finished run."""
    first = _counts(con, "primary_count")
    asks = any(d.additional is not None or d.qualified_limit != "all" for d in plan.definitions)
    asked = _counts(con, "asked_count") if asks else {}
    final = _by_owner(con, "cohort_row")
    leads: dict[int, dict[int, tuple[int, int]]] = {}
    if any(d.rules for d in plan.definitions):
        for owner, lead, entries, people in con.execute("SELECT * FROM lead_count").fetchall():
            leads.setdefault(owner, {})[lead] = (people, entries)
    combined = _combinations(con) if leads else {}
    found = {}
    for owner, definition in enumerate(plan.definitions):
        steps = [_step("primary events", first.get(owner))]
        if definition.additional is not None or definition.qualified_limit != "all":
            steps.append(_step("additional criteria", asked.get(owner)))
        for number, rule in enumerate(definition.rules, 1):
            left = [counts for lead, counts in leads.get(owner, {}).items() if lead >= number]
            steps.append(Step(rule.name, sum(people for people, _ in left), sum(entries for _, entries in left)))
        steps.append(_step("cohort", final.get(owner)))
        found[definition.name] = Attrition(definition.name, tuple(steps), tuple(combined.get(owner, ())))
    return found


def _step(name: str, counted: tuple[int, int] | None) -> Step:
    people, entries = counted or (0, 0)
    return Step(name, people, entries)


def count_into(con: duckdb.DuckDBPyConnection, table: str, name: str) -> None:
    """Keep the people and rows per owner of a table that will go."""
    con.execute(f"CREATE TEMP TABLE {name} AS {_BY_OWNER.format(table=table)}")


def count_leads(con: duckdb.DuckDBPyConnection) -> None:
    """Keep how many rules in turn the events of `judged` keep, and which ones."""
    con.execute(f"CREATE TEMP TABLE lead_count AS {_LEAD}")
    con.execute(f"CREATE TEMP TABLE combination_count AS {_COMBINATION}")


def _combinations(con: duckdb.DuckDBPyConnection) -> dict[int, list[Combination]]:
    found: dict[int, list[Combination]] = {}
    rows = con.execute("SELECT * FROM combination_count ORDER BY owner, bit_count(mask) DESC, mask").fetchall()
    for owner, mask, people, entries in rows:
        rules = tuple(number + 1 for number in range(mask.bit_length()) if mask >> number & 1)
        found.setdefault(owner, []).append(Combination(rules, people, entries))
    return found


def _counts(con: duckdb.DuckDBPyConnection, table: str) -> Counts:
    return {owner: (people, rows) for owner, people, rows in con.execute(f"SELECT * FROM {table}").fetchall()}


def _by_owner(con: duckdb.DuckDBPyConnection, table: str) -> Counts:
    found = con.execute(_BY_OWNER.format(table=table)).fetchall()
    return {owner: (people, rows) for owner, people, rows in found}
