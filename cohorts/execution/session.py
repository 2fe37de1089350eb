"""The engine of one run, and the plan's small tables in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from cohorts.plan.nodes import Plan
from cohorts.sql.conditions import Bound
from cohorts.sql.rounds import CHECK_COLUMNS

Progress = Callable[[str, float], None]

_KINDS: dict[str, pa.DataType] = {
    "int": pa.int32(),
    "long": pa.int64(),
    "flag": pa.bool_(),
    "text": pa.string(),
    "date": pa.date32(),
}
_SQL = {
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.bool_(): "BOOLEAN",
    pa.string(): "VARCHAR",
    pa.date32(): "DATE",
}
_BOUND_ROWS = 200  # a short list is bound in a third of the time that registering an Arrow table takes


def schema(text: str) -> pa.Schema:
    """The schema of `name kind, name kind ...`; kinds int, long, flag, text, date."""
    pairs = [item.split() for item in text.split(",")]
    return pa.schema([pa.field(name, _KINDS[kind]) for name, kind in pairs])


def _check_kind(name: str) -> str:
    if name == "value":
        return "text"
    return "flag" if name.endswith(("same_visit", "opens", "closes")) else "int"


SET_ITEM = schema("set_id int, concept_id long, excluded flag, descendants flag, mapped flag")
STREAM_SET = schema("branch text, stream int, set_id int")
STREAM_CODE = schema("branch text, stream int, code text, prefix flag")
DEFINITION = schema(
    "owner int, prior_days int, post_days int, primary_limit text, qualified_limit text, last_limit text, "
    "offset_days int, offset_from_end flag, exit_id int, era_pad int, single flag, from_date date, to_date date"
)
OWNER_STREAM = schema("owner int, nth int, stream int")
CHECK = schema(", ".join(f"{name} {_check_kind(name)}" for name in CHECK_COLUMNS))
PERSON = schema("number int, owner int, root int, parent int")
GROUP = schema(
    "number int, owner int, root int, parent int, height int, low int, high int, base int, empties int, initial flag"
)
ROOT = schema("owner int, root int, initial flag")
RULE_MASK = schema("owner int, initial long, all_rules long")
KEEP = schema("owner int, stream int")


@dataclass(frozen=True)
class Session:
    """A plan and the engine in which schema `cdm` shows what the plan needs.

    keep: whether tables stay after their last use in a run.
    """

    con: duckdb.DuckDBPyConnection
    plan: Plan
    keep: bool = False

    def execute(self, sql: str, bound: Bound | None = None) -> duckdb.DuckDBPyConnection:
        """Run one statement."""
        return self.con.execute(sql, bound.values) if bound and bound.values else self.con.execute(sql)

    def drop(self, *tables: str) -> None:
        """Give back the memory of tables that the run does not read again."""
        if not self.keep:
            self.con.execute("; ".join(f"DROP TABLE IF EXISTS {table}" for table in tables))

    def load(self, name: str, kinds: pa.Schema, rows: Iterable[Sequence[object]]) -> None:
        """A small table of the plan as a temporary table, so that the optimizer knows its size."""
        columns = list(zip(*rows, strict=True)) or [()] * len(kinds)
        if len(columns[0]) <= _BOUND_ROWS:
            lists = {f"c{number}": list(values) for number, values in enumerate(columns)}
            items = ", ".join(
                f"unnest(CAST($c{number} AS {_SQL[kind.type]}[])) AS {kind.name}" for number, kind in enumerate(kinds)
            )
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {items}", lists)
            return
        arrays = [pa.array(values, kind) for values, kind in zip(columns, kinds.types, strict=True)]
        self.con.register("given", pa.table(arrays, schema=kinds))
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM given")
        self.con.unregister("given")
