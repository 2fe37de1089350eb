"""The mistakes a person can mend: each carries one sentence that says what, where, what was expected, what to do.

Their text is shown to people and may be logged, so it never holds a value read from a patient's row.
"""


class BadInput(Exception):
    """A file, option, specification or database is not what it has to be. The command ends with 2."""


class DefinitionRefused(BadInput):
    """A cohort definition asks for what cannot be answered. definition: its name in the run; said: what, and where in it."""

    def __init__(self, definition: str, said: str) -> None:
        super().__init__(definition, said)
        self.definition, self.said = definition, said

    def __str__(self) -> str:
        return f"definition {self.definition}: {self.said}"


class UnfitValues(BadInput):
    """A column holds values that its type in the CDM cannot. table, column: which; count: how many at least."""

    def __init__(self, said: str, table: str, column: str, count: int) -> None:
        super().__init__(said, table, column, count)
        self.said, self.table, self.column, self.count = said, table, column, count

    def __str__(self) -> str:
        return self.said


class SourceUnavailable(BadInput):
    """A hospital's database cannot be reached, refuses us, or went away in the middle."""


class GateRefused(Exception):
    """A gate (quality, disclosure, permission) says no. The command ends with 3."""
