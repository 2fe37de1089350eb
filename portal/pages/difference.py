"""What is different between two versions of a release, by cause; names of tables and columns, digests, counts told already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from drb.views import ReleaseView

# provenance's names -> the cause that a reviewer thinks in
CAUSES = {
    "study": "definition",
    "definition": "definition",
    "cohort": "definition",
    "vocabulary": "vocabulary",
    "cdm": "cdm",
    "code": "code",
    "policy": "policy",
}


@dataclass(frozen=True)
class Change:
    """cause: definition, vocabulary, cdm, code, policy, package or tables. what: a name. old, new: what it was and is."""

    cause: str
    what: str
    old: str
    new: str


def difference(old: ReleaseView, new: ReleaseView) -> tuple[Change, ...]:
    """Compare two releases of one case."""
    return tuple(_changes(old, new))


def _changes(old: ReleaseView, new: ReleaseView) -> Iterator[Change]:
    for cause, part in (("package", "manifest_digest"), ("policy", "policy_digest"), ("cdm", "cdm_digest")):
        before, after = getattr(old, part), getattr(new, part)
        if before != after:
            yield Change(cause, part, before[:12], after[:12])
    for name in sorted(old.provenance.keys() | new.provenance.keys()):
        before, after = old.provenance.get(name, "-"), new.provenance.get(name, "-")
        if before != after and name not in {"policy_digest", "cdm_release_digest"}:
            cause = next((c for word, c in CAUSES.items() if word in name), "code")
            yield Change(cause, name, str(before)[:20], str(after)[:20])
    for table in sorted(old.tables.keys() | new.tables.keys()):
        gone = set(old.tables.get(table, ())) - set(new.tables.get(table, ()))
        come = set(new.tables.get(table, ())) - set(old.tables.get(table, ()))
        if gone or come:
            yield Change("tables", table, ", ".join(sorted(gone)) or "-", ", ".join(sorted(come)) or "-")
    if old.smallest_class != new.smallest_class:
        yield Change("package", "k", str(old.smallest_class or "-"), str(new.smallest_class or "-"))
