"""The feasibility questions that each hospital has answered: exact counts, kept inside, against subtraction of answers."""

from __future__ import annotations

import json
import os

from cohorts.disclosure import Answered
from flows.home import Home


def earlier(home: Home, site_id: str, question: str) -> list[Answered]:
    """What a hospital had told before it was first asked `question` (a digest), in the order of telling.

    The same question again is protected against the same earlier answers, and so has the same answer.
    """
    told = sorted((home.root / "answered" / site_id).glob("*.json"))
    first = next((n for n, path in enumerate(told) if path.stem.endswith(question[:32])), len(told))
    return [Answered.from_json(json.loads(path.read_bytes())) for path in told[:first]]


def remember(home: Home, site_id: str, question: str, answer: Answered) -> None:
    """Note an answer before it is shown; a question that was answered already is noted already."""
    folder = home.root / "answered" / site_id
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    told = sorted(folder.glob("*.json"))
    if any(path.stem.endswith(question[:32]) for path in told):
        return
    path = folder / f"{len(told):06d}-{question[:32]}.json"
    fresh = path.with_suffix(f".{os.getpid()}.tmp")
    fresh.write_text(json.dumps(answer.to_json(), sort_keys=True), encoding="utf-8")
    fresh.replace(path)
