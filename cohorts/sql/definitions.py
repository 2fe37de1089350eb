"""What statements ask of a definition: a value written out where all definitions agree, else a column of `definition`.

Written out, it costs no join, and the optimizer sees what it is; a run of one definition never joins them at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

Value = int | bool | str | date | None
_NULL = {"from_date": "DATE", "to_date": "DATE"}


@dataclass(frozen=True)
class Definitions:
    """The columns of `definition` (called d in statements) that hold one value for all owners, with that value."""

    shared: Mapping[str, Value]

    @property
    def several(self) -> bool:
        """Whether there is more than one owner."""
        return "owner" not in self.shared

    def of(self, name: str) -> str:
        """A column's value as SQL."""
        return _literal(name, self.shared[name]) if name in self.shared else f"d.{name}"

    def join(self, owner: str, *names: str) -> str:
        """The join that these columns need, if any; `owner`: the owner as the statement calls it."""
        return "" if set(names) <= set(self.shared) else f" JOIN definition d ON d.owner = {owner}"


def definitions(names: Sequence[str], rows: Sequence[Sequence[Value]]) -> Definitions:
    """From the rows of `definition`."""
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    return Definitions({name: values[0] for name, values in columns.items() if len(set(values)) == 1})


def _literal(name: str, value: Value) -> str:
    if value is None:
        return f"CAST(NULL AS {_NULL.get(name, 'INTEGER')})"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, str):
        return f"'{value}'"  # a limit: all, first or last
    return str(value).upper()
