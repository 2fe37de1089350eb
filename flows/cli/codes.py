"""What the end of a command says."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the command's end says. FAULT is for a mistake of ours (sysexits' EX_SOFTWARE)."""

    OK = 0
    FOUND = 1
    BAD_INPUT = 2
    REFUSED = 3
    FAULT = 70


class Found(Exception):
    """A check found something; what it found was printed already."""
