"""How the CDM's tables hang together: what a row points at, what it hangs on, which concept it is about."""

from __future__ import annotations

from cdm import schema
from cdm.source import CdmVersion


def references(table: schema.Table, version: CdmVersion) -> dict[str, tuple[str, str]]:
    """Column -> (table, key column) of its clinical references other than the person.

    The CDM's foreign keys, and columns that bear the name of another table's key where the CDM forgot to
    declare one.
    """
    known = schema.tables(version)
    by_key = {
        t.primary_key[0]: t.name for t in known.values() if t.primary_key and not t.vocabulary and t.name != table.name
    }
    found: dict[str, tuple[str, str]] = {}
    for column in table.columns:
        target = column.references or ((by_key[column.name], column.name) if column.name in by_key else None)
        if target and target[0] != "person" and not known[target[0]].vocabulary:
            found[column.name] = target
    return found


def parent_of(table: schema.Table, version: CdmVersion) -> tuple[str, str] | None:
    """Give, for a table without a person key, its required column and the people's table it points at."""
    if table.person_key is not None or table.vocabulary:
        return None
    known = schema.tables(version)
    for column, (target, _) in references(table, version).items():
        if column in table.required and known[target].person_key is not None:
            return column, target
    return None


def main_concept(table: schema.Table) -> str | None:
    """Find the first required concept column that is not the record's type (drug_concept_id ...)."""
    if table.person_key is None or table.start_date is None:
        return None
    asked = (c for c in table.concept_columns if c in table.required and not c.endswith("_type_concept_id"))
    return next(asked, None)


def targets(version: CdmVersion) -> tuple[str, ...]:
    """Tables about nobody that rows of people point at, each before the ones that it points at itself."""
    known = schema.tables(version)
    waiting = [table for table in known.values() if table.person_key is not None]
    found: list[str] = []
    while waiting:
        table = waiting.pop(0)
        for target, _ in references(table, version).values():
            if known[target].person_key is None:
                if target in found:
                    found.remove(target)
                found.append(target)
                waiting.append(known[target])
    return tuple(found)
