"""What went wrong with PostgreSQL, in our words: the server's own may quote a value, and may be in any language."""

from __future__ import annotations

import re

from cdm.errors import BadInput, SourceUnavailable

# libpq's words before a connection stands, in the order in which they are looked for.
_BEFORE: tuple[tuple[str, str], ...] = (
    (
        "password authentication failed",
        "the password or the user is wrong; check NARU_SOURCE_PASSWORD or PGPASSWORD",
    ),
    ("no password supplied", "a password is wanted; set NARU_SOURCE_PASSWORD or PGPASSWORD"),
    (r"database .* does not exist", "the server has no database of this name; check the part after the host"),
    (r"role .* does not exist", "the server knows no user of this name; check the part before @"),
    (
        "pg_hba",
        "the server does not let this machine or user in; ask its administrator for an entry in pg_hba.conf",
    ),
    (r"translate host name|Name or service not known|resolve", "the host name is unknown; check it"),
    (
        "Connection refused|No such file or directory",
        "no server listens there; check host and port, and that it runs",
    ),
    ("timeout|timed out", "the server does not answer; check host, port and firewall"),
    (r"starting up|shutting down|recovery", "the server is starting or stopping; run again in a moment"),
    ("too many|remaining connection slots", "the server has no connection free; run again later"),
    ("invalid response", "what listens there is no PostgreSQL server; check host and port"),
    ("SSL|certificate", "the encrypted connection cannot be made; check sslmode and sslrootcert"),
)
_STATES: tuple[tuple[str, type[BadInput], str], ...] = (
    (
        "57014",
        SourceUnavailable,
        "a query was cancelled, or took longer than statement_timeout; allow more seconds there",
    ),
    (
        "42501",
        SourceUnavailable,
        "this user may not read what the step needs; GRANT SELECT on the tables of the CDM",
    ),
    ("55P03", SourceUnavailable, "a table is locked by another session; run again later"),
    ("53", SourceUnavailable, "the server is out of memory, disk or connections; run again later"),
    ("57", SourceUnavailable, "the server ended the connection; run again when it is up"),
    ("08", SourceUnavailable, "the connection was lost; run again when the server is up"),
    (
        "40",
        SourceUnavailable,
        "the server cancelled the read for replaying changes; run again, or on its primary",
    ),
    (
        "22",
        BadInput,
        "a column holds a value that its type in the CDM cannot hold; check the types of the tables",
    ),
    ("23", BadInput, "a row breaks a key or a NOT NULL of the CDM; check the tables that are loaded"),
    ("XX", SourceUnavailable, "the server reports damaged data; ask its administrator"),
)
LOST = "the connection was lost in the middle, nothing of it was kept; run again when the server is up"


def not_connected(url: str, text: str) -> SourceUnavailable:
    """Say why no connection came about."""
    for pattern, words in _BEFORE:
        if re.search(pattern, text):
            return SourceUnavailable(f"{url}: {words}")
    return SourceUnavailable(f"{url}: the server refuses the connection; check host, port, user, password and database")


def refused(url: str, state: str | None) -> BadInput:
    """Say why a statement failed, by its SQLSTATE; none of it means that the connection is gone."""
    if not state:
        return SourceUnavailable(f"{url}: {LOST}")
    for prefix, kind, words in _STATES:
        if state.startswith(prefix):
            return kind(f"{url}: {words}")
    return SourceUnavailable(f"{url}: the server refuses to answer (SQLSTATE {state}); ask its administrator")
