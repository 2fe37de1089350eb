"""The released texts of an extract, scrubbed: each distinct text of a person's days once, in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from cdm.errors import BadInput
from deid.inputs import RawTable
from deid.policy import Policy
from deid.text.scrub import scrub

# Rows read at a time; deid.text bounds the bytes it works on by itself.
_BATCH = 50_000
_SCHEMA = "(text_md5 VARCHAR, offset_days INTEGER, text VARCHAR)"


@dataclass(frozen=True)
class ScrubbedColumn:
    """One released column of text. texts: distinct texts. counts: what was replaced, by kind."""

    table: str
    column: str
    texts: int
    counts: Mapping[str, int]

    def to_json(self) -> dict[str, object]:
        """Give it as plain JSON; kinds of which nothing was found are left out."""
        found = {kind: count for kind, count in sorted(self.counts.items()) if count}
        return {"table": self.table, "column": self.column, "texts": self.texts, "replaced": found}


def columns(raw: Mapping[str, RawTable], policy: Policy) -> Iterator[tuple[RawTable, str]]:
    """The columns of text that leave scrubbed."""
    for part in raw.values():
        for column in part.columns:
            if policy.released(part.name) and policy.rule(part.name, column.name).action == "scrub":
                yield part, column.name


def scrub_texts(
    con: duckdb.DuckDBPyConnection, raw: Mapping[str, RawTable], policy: Policy, names: pa.Table | None
) -> list[ScrubbedColumn]:
    """Make table `scrubbed_<table>_<column>` (text_md5, offset_days, text) for every column of text that leaves.

    names: (person_id or null, name), the hospital's patients and staff. Table `people` stands already. Raises BadInput
    where text leaves and no names are given: a name that is in no list is not found.
    """
    found = list(columns(raw, policy))
    if found and names is None:
        part, column = found[0]
        raise BadInput(
            f"{part.name}.{column} is to leave scrubbed, and this hospital has no list of its patients' and staff's names; "
            "give one with naru site add ID ... --known-names FILE --replace"
        )
    return [_scrub(con, part, column, policy, names) for part, column in found]


def _scrub(
    con: duckdb.DuckDBPyConnection, part: RawTable, column: str, policy: Policy, names: pa.Table | None
) -> ScrubbedColumn:
    made = f"scrubbed_{part.name}_{column}"
    con.execute(f"CREATE TABLE {made} {_SCHEMA}")
    reading = con.cursor()  # the engine refuses new work on a connection whose result is unfinished
    batches = reading.sql(
        f'SELECT DISTINCT t."{column}" AS text, p.offset_days FROM {part.view} AS t '
        f'JOIN people AS p ON p.person_id = t."{part.table.person_key}" AND p.kept WHERE t."{column}" IS NOT NULL'
    ).to_arrow_reader(_BATCH)
    counts: Counter[str] = Counter()
    texts = 0
    for batch in batches:
        given = pa.Table.from_batches([batch])
        done = scrub(given, "text", names, policy.text)
        counts.update(done.counts)
        texts += given.num_rows
        con.register("given_texts", given.append_column("scrubbed", done.text))
        con.execute(f"INSERT INTO {made} SELECT md5(text), offset_days, scrubbed FROM given_texts")
        con.unregister("given_texts")
    reading.close()
    return ScrubbedColumn(part.name, column, texts, counts)
