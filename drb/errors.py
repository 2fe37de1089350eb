"""What the board says no to. Their text is one sentence and may be shown and logged: it never quotes a comment or a name."""

from __future__ import annotations


class BadInput(Exception):
    """A call or file that is not what it has to be. A command ends with 2. ko: the same sentence for a page in Korean."""

    def __init__(self, reason: str, ko: str | None = None) -> None:
        super().__init__(reason)
        self.ko = ko


class NotFound(BadInput):
    """There is no such object."""


class Refused(Exception):
    """The board's rules say no; the attempt stands in the ledger. A command ends with 3.

    reason: one sentence, ko: the same in Korean. code: the machine-readable name of the rule (`drb.reasons.REASONS`).
    """

    def __init__(self, reason: str, code: str = "refused", ko: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.ko = ko or reason
