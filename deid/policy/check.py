"""What no policy may do, whoever wrote it: name what the CDM has not, or let an identifier through."""

from __future__ import annotations

from collections.abc import Iterator

from cdm.errors import BadInput
from cdm.schema import VERSIONS, Column, Table, tables
from cdm.source import CdmVersion
from deid.policy.model import Bounds, Policy, Rule

GONE = ("drop", "drop_table")
# About no person, and safe to follow from the rows that are released.
ABOUT_PLACES = ("care_site", "location", "cdm_source")


def check(policy: Policy) -> None:
    """Raise BadInput naming the first table or column whose rule cannot be."""
    known = {name for version in VERSIONS for name in tables(version)}
    for table in (*policy.columns, *policy.dropped):
        if table not in known:
            raise BadInput(
                f"policy: '{table}' is no table of CDM {' or '.join(VERSIONS)}; correct its name or remove it"
            )
    for table, rule in policy.dropped.items():
        if rule.action != "drop_table":
            raise BadInput(f"policy: {table}: a whole table's rule is drop_table, not {rule.action}; name its columns")
    for table, rules in policy.columns.items():
        if not any(_tells_whose(table, version) for version in VERSIONS):
            raise BadInput(f"policy: {table}: nothing tells whose rows it holds, so it cannot leave; drop the table")
        for column, rule in rules.items():
            _check_column(table, column, rule)
    for bounds in policy.bounds:
        _check_bounds(policy, bounds)


def _check_bounds(policy: Policy, bounds: Bounds) -> None:
    table, _, column = bounds.column.partition(".")
    for of_table, of_column in _versions(table, column):
        if of_column.family == "number" and of_table.main_concept and policy.rule(table, column).action == "keep":
            return
    raise BadInput(
        f"policy: bounds of {bounds.column}: only a number that is kept, of a table whose rows are about a concept, has bounds"
    )


def _check_column(table: str, column: str, rule: Rule) -> None:
    where = f"policy: {table}.{column}"
    found = list(_versions(table, column))
    if not found:
        raise BadInput(f"{where} is no column of CDM {' or '.join(VERSIONS)}; correct its name or remove it")
    if rule.action == "drop_table":
        raise BadInput(f"{where}: drop_table is a rule for a whole table; say drop")
    for of_table, of_column in found:
        fault = _fault(of_table, of_column, rule)
        if fault:
            raise BadInput(f"{where}: {fault}")


def _tells_whose(table: str, version: CdmVersion) -> bool:
    found = tables(version).get(table)
    if found is None:
        return False
    return bool(found.person_key or found.person_through) or found.vocabulary or table in ABOUT_PLACES


def _versions(table: str, column: str) -> Iterator[tuple[Table, Column]]:
    for version in VERSIONS:
        found = tables(version).get(table)
        if found is not None and column in found.names:
            yield found, found.column(column)


def _fault(table: Table, column: Column, rule: Rule) -> str | None:
    """Say what is wrong with this rule for this column, or None."""
    if rule.action in GONE or table.vocabulary:
        return None
    return _not_enough(table, column, rule) or _not_possible(table, column, rule)


def _not_enough(table: Table, column: Column, rule: Rule) -> str | None:
    """Say where a rule would show the hospital's own key, date or text."""
    if column.name == table.person_key and rule.action != "pseudonymise":
        return "the person's number may only be pseudonymised"
    if is_key(table, column, rule) and rule.action == "keep":
        return "a key follows the hospital's order; pseudonymise or drop it"
    if column.family in ("date", "datetime") and rule.action == "keep":
        return "an unmoved date tells by how much the others were moved; shift or drop it"
    if column.family == "text" and rule.action not in ("generalise", "replace", "scrub"):
        return "text of the hospital may hold names; drop it, replace it, scrub it, or generalise it by an allow-list"
    return None


def _not_possible(table: Table, column: Column, rule: Rule) -> str | None:
    """Say where an action means nothing for this kind of column."""
    if rule.action == "shift" and (column.family not in ("date", "datetime") or table.person_key is None):
        return "only a date of a table with a person can be shifted"
    if rule.action == "scrub" and (column.family != "text" or table.person_key is None):
        return "only the text of a table with a person can be scrubbed"
    if rule.action == "pseudonymise" and not is_key(table, column, rule):
        return "only a key can be pseudonymised; say with 'of' which table it points at, or take another action"
    if rule.action == "generalise" and not _can_generalise(table, column, rule):
        return f"this column cannot be generalised by {rule.by}"
    return None


def is_key(table: Table, column: Column, rule: Rule | None = None) -> bool:
    """Tell whether the column numbers rows of this table or of another one that is no vocabulary."""
    return target(table, column, rule) is not None


def target(table: Table, column: Column, rule: Rule | None = None) -> str | None:
    """Find the table whose rows the column numbers; None for what is no key, or a vocabulary's."""
    if rule is not None and rule.of is not None:
        return rule.of
    if column.name == table.person_key:
        return "person"
    if (column.name,) == table.primary_key:
        return table.name
    if column.references is None or column.family != "integer" or column.is_concept:
        return None
    return column.references[0]


def _can_generalise(table: Table, column: Column, rule: Rule) -> bool:
    match rule.by:
        case "quasi-identifier":
            return (table.name, column.name) in {("person", "gender_concept_id"), ("person", "year_of_birth")}
        case "own-days":
            return table.name.endswith("_period") and column.name in (table.start_date, table.end_date)
        case "year":
            return column.family in ("date", "datetime") and table.person_key is None
        case "allow-list":
            return column.family == "text"
        case "rows":
            return (table.name, column.name) == ("location", "location_id")
        case "common":
            return column.is_concept and table.person_key is not None
        case _:
            return False
