"""Words that people write: names, comments, reasons. Sealed beside the ledger, erasable without breaking it.

Each text has 64 random bytes of its own: half seal it (AES-256-GCM), half commit to it (HMAC-SHA256). The ledger holds
the commitment only. Once the key is erased, nobody can read the text, nor guess it from the commitment.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.orm import Session

from drb.errors import BadInput
from drb.models import PersonalText

LONGEST = 20_000
# A key seals one text and is never used again, so a fixed nonce is safe.
_NONCE = bytes(12)


def seal(session: Session, words: str) -> PersonalText:
    """Store words; the row's id and commitment may stand in the ledger."""
    row = make(words)
    session.add(row)
    session.flush()
    return row


def make(words: str) -> PersonalText:
    """Seal words without storing them."""
    words = words.strip()
    if not words or len(words) > LONGEST:
        raise BadInput(
            f"a text has {len(words)} characters; give 1 to {LONGEST}",
            f"글이 {len(words)}자입니다; 1자에서 {LONGEST}자까지 쓸 수 있습니다",
        )
    key = secrets.token_bytes(64)
    return PersonalText(
        id=f"t-{secrets.token_hex(8)}",
        key=key,
        sealed=AESGCM(key[:32]).encrypt(_NONCE, words.encode(), None),
        commitment=commitment(key, words),
    )


def as_row(text: PersonalText) -> dict[str, object]:
    """Give a text as a row, to be written with many others."""
    return {"id": text.id, "key": text.key, "sealed": text.sealed, "commitment": text.commitment, "erased_at": None}


def commitment(key: bytes, words: str) -> str:
    """Bind to words without telling them."""
    return hmac.new(key[32:], words.encode(), hashlib.sha256).hexdigest()


def unseal(row: PersonalText | None) -> str | None:
    """Read a text; None when there is none or it was erased. Raises BadInput when it was tampered with."""
    if row is None or row.key is None or row.sealed is None:
        return None
    try:
        words = AESGCM(row.key[:32]).decrypt(_NONCE, row.sealed, None).decode()
    except (InvalidTag, ValueError):
        raise BadInput(f"text {row.id} was changed outside the board; run `naru ledger verify`") from None
    if commitment(row.key, words) != row.commitment:
        raise BadInput(f"text {row.id} was changed outside the board; run `naru ledger verify`")
    return words


def erase(row: PersonalText, now: datetime) -> None:
    """Forget a text for good. The ledger's hashes stand, because they hold the commitment only."""
    row.key, row.sealed, row.erased_at = None, None, now
