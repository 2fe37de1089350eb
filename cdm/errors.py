"""The mistakes a person can mend: each carries one sentence that says what, where, what was expected, what to do.

Their text is shown to people and may be logged, so it never holds a value read from a patient's row.
"""


class BadInput(Exception):
    """A file, option, specification or database is not what it has to be. The command ends with 2."""


class SourceUnavailable(BadInput):
    """A hospital's database cannot be reached, refuses us, or went away in the middle."""


class GateRefused(Exception):
    """A gate (quality, disclosure, permission) says no. The command ends with 3."""
