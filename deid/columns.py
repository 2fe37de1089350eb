"""The SQL of each released column: what its rule makes of it. A policy's values are bound, not written in."""

from __future__ import annotations

from cdm.schema import Column
from cdm.source import CdmVersion
from deid.clip import clipped
from deid.dates import shifted
from deid.inputs import RawTable
from deid.policy import Policy, Rule

GONE = ("drop", "drop_table")
# What the people's own description becomes, column -> column of table `people`.
DESCRIBED = {"gender_concept_id": "sex", "year_of_birth": "birth_year"}

Bindings = dict[str, object]


def released(part: RawTable, policy: Policy) -> tuple[Column, ...]:
    """List the columns of a table that leave, in CDM order. A dropped column is not in the file at all."""
    return tuple(column for column in part.columns if policy.rule(part.name, column.name).action not in GONE)


def expression(part: RawTable, column: Column, policy: Policy) -> str:
    """Give the SQL of one released column, with the names of `bindings` for a policy's values.

    t is the extracted row, p its person in `people`, k_<column> the map of the table that a key points at.
    """
    rule = policy.rule(part.name, column.name)
    source = f't."{column.name}"'
    match rule.action:
        case "keep":
            return clipped(part, column) if policy.bounded(part.name, column.name) else source
        case "shift":
            precision = policy.settings.datetime_precision
            return shifted(source, part.types[column.name], precision, "p.offset_days")
        case "pseudonymise":
            return "p.subject_id" if column.name == part.table.person_key else f'"k_{column.name}".pseudonym'
        case "scrub":
            return (
                f"(SELECT s.text FROM scrubbed_{part.name}_{column.name} AS s "
                f"WHERE s.text_md5 = md5({source}) AND s.offset_days = p.offset_days)"
            )
        case "replace":
            return f"CAST(${column.name} AS {column.duckdb_type})"
        case "generalise":
            return _generalised(part, column, rule)
        case _:
            raise AssertionError(rule.action)


def _generalised(part: RawTable, column: Column, rule: Rule) -> str:
    source = f't."{column.name}"'
    match rule.by:
        case "quasi-identifier":
            return f"p.{DESCRIBED[column.name]}"
        case "own-days":
            return _own_days(part, column)
        case "rows":
            return f'"k_{column.name}".pseudonym'
        case "common":
            told = f"SELECT c.told FROM codes_{part.name}_{column.name} AS c WHERE c.concept = {source}"
            return f"CAST(coalesce(({told}), {source}) AS {part.types[column.name]})"
        case "year":
            return f"CAST(date_trunc('year', {source}) AS {part.types[column.name]})"
        case _:
            return f"CASE WHEN list_contains(${column.name}, trim({source})) THEN trim({source}) END"


def _own_days(part: RawTable, column: Column) -> str:
    """Give the SQL of a moved period's start or end; a day that many share becomes the person's own first or last day.

    A period never ends before it starts: one that lies beyond the person's own days shrinks to the end that is its own.
    """

    def choose(name: str, shared: str, own: str) -> str:
        return (
            f'CASE WHEN EXISTS (SELECT 1 FROM shared_{part.name}_{name} AS s WHERE s.day = t."{name}") '
            f"THEN {shared} ELSE {own} END"
        )

    start, end = str(part.table.start_date), str(part.table.end_date)
    if column.name == start:
        first = choose(end, "p.own_first", f'least(p.own_first, t."{end}")') if end in part.types else "p.own_first"
        return f"""{choose(start, first, f't."{start}"')} + p.offset_days"""
    last = (
        f"""greatest(p.own_last, {choose(start, "p.own_first", f't."{start}"')})"""
        if start in part.types
        else "p.own_last"
    )
    return f"""{choose(end, last, f't."{end}"')} + p.offset_days"""


def bindings(
    part: RawTable, columns: tuple[Column, ...], policy: Policy, site_id: str, version: CdmVersion
) -> Bindings:
    """Give the values for the SQL of these columns: constants and allow-lists, by column name."""
    constants = {"$site_id": site_id, "$cdm_version": f"v{version}"}
    found: Bindings = {}
    for column in columns:
        rule = policy.rule(part.name, column.name)
        if rule.action == "replace":
            found[column.name] = constants.get(str(rule.value), rule.value)
        elif rule.by == "allow-list":
            found[column.name] = list(rule.values)
    return found


def plain(part: RawTable, policy: Policy) -> tuple[Column, ...]:
    """List the released columns that follow from the row alone: kept, listed, or cut to the year."""

    def own(rule: Rule) -> bool:
        return rule.action == "keep" or rule.by in ("year", "allow-list")

    def as_it_is(column: Column) -> bool:
        return own(policy.rule(part.name, column.name)) and not policy.bounded(part.name, column.name)

    return tuple(column for column in released(part, policy) if as_it_is(column))
