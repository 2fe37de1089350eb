"""The feasibility questions that each hospital has answered: exact counts, kept inside, against subtraction of answers."""

from __future__ import annotations

import json
import os

from cohorts.disclosure import Answered
from flows.home import Home
from flows.study import digest


def earlier(home: Home, site_id: str) -> list[Answered]:
    """What a hospital has told so far, in the order of the questions' digests."""
    folder = home.root / "answered" / site_id
    return [Answered.from_json(json.loads(path.read_bytes())) for path in sorted(folder.glob("*.json"))]


def remember(home: Home, site_id: str, answer: Answered) -> None:
    """Note an answer before it is shown. The same answer again is the same note."""
    folder = home.root / "answered" / site_id
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{digest({'told': sorted(answer.told), 'counts': dict(answer.counts)})[:32]}.json"
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}.tmp")
        fresh.write_text(json.dumps(answer.to_json(), sort_keys=True), encoding="utf-8")
        fresh.replace(path)
