"""The second factor: time-based codes (RFC 6238), the secret sealed with the portal's key, each code good for once."""

from __future__ import annotations

import os
import time

import pyotp
import segno
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

STEP = 30
ISSUER = "Naru"


def fresh() -> str:
    """A new secret."""
    return pyotp.random_base32()


def seal(key: bytes, secret: str, person: str) -> bytes:
    """Seal a secret for one person: it opens for nobody else."""
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, secret.encode(), person.encode())


def unseal(key: bytes, sealed: bytes, person: str) -> str | None:
    """Open it; None when it was sealed with another key or for another person."""
    try:
        return AESGCM(key).decrypt(sealed[:12], sealed[12:], person.encode()).decode()
    except InvalidTag:
        return None


def step_of(secret: str, code: str, now: float | None = None) -> int | None:
    """The time step whose code this is: now, or the one before or after (clocks differ); None: a wrong code."""
    at = time.time() if now is None else now
    if not (code.isdecimal() and len(code) == 6):
        return None
    current = int(at // STEP)
    totp = pyotp.TOTP(secret)
    for step in (current, current - 1, current + 1):
        if pyotp.utils.strings_equal(totp.at(step * STEP), code):
            return step
    return None


def address(secret: str, person: str) -> str:
    """What an authenticator app reads."""
    return str(pyotp.TOTP(secret).provisioning_uri(name=person, issuer_name=ISSUER))


def picture(text: str) -> str:
    """The same as a QR code: SVG without any style of its own."""
    made: str = segno.make(text, error="m").svg_inline(scale=4, border=2, svgclass="qr", lineclass=None, omitsize=False)
    return made
