"""Prefect's settings for runs that this process starts itself. Call `prepare` before Prefect is imported."""

from __future__ import annotations

import logging
import os
import sys

from flows.home import Home

QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # A cold machine creates the ephemeral server's database first, which takes longer than Prefect's own limit allows.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_CLI_PROMPT": "false",
}


def prepare(home: Home) -> None:
    """Point Prefect at NARU_HOME, quietly, unless the person has set their own server or levels.

    With PREFECT_API_URL set the flow runs are told to that server, else to one that lives as long as this process.
    """
    if "prefect" in sys.modules:
        return
    os.environ.setdefault("PREFECT_HOME", str(home.prefect))
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    # Prefect's SQLite housekeeping warns on stderr when the process ends before its server's loops do.
    for noisy in ("prefect", "httpx", "alembic", "uvicorn", "docket"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
