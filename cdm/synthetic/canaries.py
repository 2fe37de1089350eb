"""Canaries: tokens that must never leave a hospital, one per text column and group of people.

A token is `ZQX` and six characters of base 32, nine in all, so that it fits every text column of the CDM that can
hold a word. It is unique to hospital, table, column and group (person_id modulo 8), so that a leak names its source.

Where they stand
- free text and names (note_text, note_title, provider_name, value_as_string, sig ...): in every row that has a value;
- codes (`*_source_value`, units ...): after the code, one blank between, in one row of `SHARE`: `I63.9 ZQXABCDEFG`; the
  first word is always the code as the hospital writes it, so codes stay usable;
- columns that a real hospital mostly leaves empty (measurement_time, stop_reason, lot_number ...): as the only content
  of one row of `SHARE`.
Not in vocabulary codes, not in `cdm_source` names and versions (they describe the database and travel in a manifest),
and not in columns shorter than a token (location.state, note_nlp.term_exists).
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

GROUPS = 8
LENGTH = 9
SHARE = 32  # one row of so many carries the token of a code column


def token(hospital: str, table: str, column: str, group: int) -> str:
    """The token of one column for the people of one group; `hospital` is any text that names the hospital."""
    digest = hashlib.sha256(f"{hospital}|{table}.{column}|{group}".encode()).digest()
    return "ZQX" + base64.b32encode(digest).decode()[: LENGTH - 3]


@dataclass(frozen=True)
class Canaries:
    """Writes tokens into SQL expressions; with `planted` false every expression stays as it is."""

    hospital: str
    planted: bool = True

    def tokens(self, table: str, column: str) -> tuple[str, ...]:
        """The tokens of one column, by group."""
        return tuple(token(self.hospital, table, column, group) for group in range(GROUPS))

    def always(self, table: str, column: str, text: str, row: str = "person_id") -> str:
        """`text` and the token, in every row whose text is not NULL."""
        return f"({text}) || ' ' || {self._token(table, column, row)}" if self.planted else text

    def sometimes(self, table: str, column: str, text: str, key: str, row: str = "person_id") -> str:
        """`text`, and in one row of SHARE (by the row's `key`, an SQL key for draws) the token after it."""
        if not self.planted:
            return text
        chosen = f"{self._chosen(table, column, key)} AND ({text}) IS NOT NULL"
        return f"CASE WHEN {chosen} THEN ({text}) || ' ' || {self._token(table, column, row)} ELSE {text} END"

    def alone(self, table: str, column: str, key: str, row: str = "person_id") -> str:
        """The token alone in one row of SHARE, else NULL: for columns that stay empty otherwise."""
        if not self.planted:
            return "NULL"
        return f"CASE WHEN {self._chosen(table, column, key)} THEN {self._token(table, column, row)} END"

    def bare(self, table: str, column: str, row: str = "person_id") -> str:
        """The token alone, in every row."""
        return self._token(table, column, row) if self.planted else "NULL"

    def _token(self, table: str, column: str, row: str) -> str:
        listed = ", ".join(f"'{text}'" for text in self.tokens(table, column))
        return f"([{listed}])[1 + ({row} % {GROUPS})::INTEGER]"

    def _chosen(self, table: str, column: str, key: str) -> str:
        """A draw of its own for every column: five bits of the key at a place that the column's name chooses."""
        place = int.from_bytes(hashlib.sha256(f"{table}.{column}".encode()).digest()[:4], "big")
        return f"(({key}) >> {place % 27}) & {SHARE - 1} = {place // 27 % SHARE}"
