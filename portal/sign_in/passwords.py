"""Passwords: argon2id, and what is too weak (NIST SP 800-63B: length and guessing count, not kinds of characters)."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# RFC 9106's second recommendation (64 MiB, 3 passes), with the lanes of a small machine.
HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=2)
SHORTEST, LONGEST = 12, 200
_COMMON = ("password", "12345678", "qwerty", "hospital", "naru", "비밀번호", "데이터심의")
# Verified when there is no account, so that an answer takes as long for a stranger.
_NOBODY = HASHER.hash("nobody's password")


def hashed(password: str) -> str:
    """Hash a password for keeping."""
    return HASHER.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Compare; takes as long when there is nothing to compare with."""
    try:
        HASHER.verify(kept or _NOBODY, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def weak(password: str, person: str) -> str | None:
    """The key of the sentence that says what is wrong with a new password; None: nothing is."""
    if not SHORTEST <= len(password) <= LONGEST:
        return "error.weak.length"
    plain = password.lower()
    if person.lower() in plain or any(plain.startswith(word) and len(plain) < 16 for word in _COMMON):
        return "error.weak.common"
    return "error.weak.common" if len(set(password)) < 5 else None
