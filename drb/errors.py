"""What the board says no to. Their text is one sentence and may be shown and logged: it never quotes a comment or a name."""

from __future__ import annotations


class BadInput(Exception):
    """A call or file that is not what it has to be. A command ends with 2."""


class Refused(Exception):
    """The board's rules say no; the attempt stands in the ledger. A command ends with 3.

    reason: one sentence. code: the machine-readable name of the rule (`drb.reasons.REASONS`).
    """

    def __init__(self, reason: str, code: str = "refused") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
