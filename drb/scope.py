"""Is a package within what its case approved: tables, columns, k?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from drb.facts import CaseFacts

# Who is in, in which role, from when: every package has it, and it shows nothing that the case did not ask for.
INHERENT = frozenset({"cohort"})


def beyond(case: CaseFacts, tables: Mapping[str, Sequence[str]], smallest_class: int | None) -> tuple[str, ...]:
    """Name what a package holds beyond the approval: tables, `table.column`s, a smaller equivalence class."""
    return tuple(_beyond(case, tables, smallest_class))


def _beyond(case: CaseFacts, tables: Mapping[str, Sequence[str]], smallest_class: int | None) -> Iterator[str]:
    for table, columns in sorted(tables.items()):
        if table in INHERENT:
            continue
        if table not in case.tables:
            yield f"table {table}"
            continue
        for limit in (case.tables[table], case.conditions.columns.get(table)):
            # An empty list on the form means all columns; an empty list in a condition means none.
            if limit is not None and (limit or limit is not case.tables[table]):
                yield from (f"column {table}.{column}" for column in sorted(set(columns) - set(limit)))
    least = case.conditions.min_k
    if least is not None and smallest_class is None:
        yield f"no k is stated, at least {least} is required"
    elif least is not None and smallest_class is not None and smallest_class < least:
        yield f"k is {smallest_class}, at least {least} is required"
