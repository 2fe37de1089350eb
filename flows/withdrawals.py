"""Who withdrew, and which releases hold them: known inside the hospital alone, under a key of its own.

A person's number stands here only as its image under the hospital's key of person sets (flows/person_sets.py), so that a
stolen file tells nobody's number. For the hospital there is one list of who withdrew.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cdm import arrays
from cdm.errors import BadInput
from deid.keys import KeyStore
from deid.pseudonyms import pseudonyms
from flows.home import Home
from flows.person_sets import GRANT
from flows.site import read

Ids = NDArray[np.int64]


def keyed(home: Home, site_id: str, ids: Ids) -> Ids:
    """The images of person ids, in their order; ids may repeat."""
    if not len(ids):
        return np.array([], np.int64)
    unique, back = np.unique(ids, return_inverse=True)
    return np.asarray(pseudonyms(KeyStore(home.site_keys(site_id)).grant(GRANT), "person", unique)[back], np.int64)


def holding(home: Home, site_id: str, ids: Sequence[int]) -> list[list[str]]:
    """For each person id the releases that hold the person, by name. Raises BadInput for an unknown site."""
    read(home, site_id)
    asked = keyed(home, site_id, np.array(ids, np.int64))
    found: list[list[str]] = [[] for _ in ids]
    for path in sorted(home.person_sets(site_id).glob("*.parquet")):
        there = np.isin(asked, arrays.values(pq.read_table(path, columns=["member"])["member"]))
        for place in np.flatnonzero(there):
            found[place].append(path.stem)
    return found


def withdraw(home: Home, site_id: str, ids: Sequence[int]) -> int:
    """Note people who withdrew; how many were not noted before. Raises BadInput for an unknown site."""
    read(home, site_id)
    before = withdrawn(home, site_id)
    after = np.union1d(before, keyed(home, site_id, np.array(ids, np.int64)))
    if len(after) > len(before):
        _write(pa.table({"member": pa.array(after)}), _list(home, site_id))
    return len(after) - len(before)


def withdrawn(home: Home, site_id: str) -> Ids:
    """The images of all who withdrew, in order."""
    path = _list(home, site_id)
    return arrays.values(pq.read_table(path)["member"]).astype(np.int64) if path.is_file() else np.array([], np.int64)


def withdrawals_digest(home: Home, site_id: str) -> str:
    """One digest of who withdrew; empty where nobody did."""
    gone = withdrawn(home, site_id)
    return hashlib.sha256(gone.astype("<i8").tobytes()).hexdigest() if len(gone) else ""


def withdrawn_subjects(home: Home, site_id: str, release: str) -> list[int]:
    """The subject_id, in an earlier release, of its people who withdrew since."""
    path = home.person_sets(site_id) / f"{release}.parquet"
    if not path.is_file():
        return []
    table = pq.read_table(path)
    gone = np.isin(arrays.values(table["member"]), withdrawn(home, site_id))
    return sorted(int(subject) for subject in arrays.values(table["subject_id"])[gone])


def without_withdrawn(home: Home, site_id: str, cohort: Path) -> None:
    """Take everybody who withdrew out of a cohort file, before anything is drawn from it."""
    gone = withdrawn(home, site_id)
    if not len(gone):
        return
    table = pq.read_table(cohort)
    stays = ~np.isin(keyed(home, site_id, arrays.values(table["subject_id"]).astype(np.int64)), gone)
    _write(table.filter(pa.array(stays)), cohort)


def read_ids(text: str) -> list[int]:
    """Read person ids, one a line. Raises BadInput naming the line, never its content."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                found.append(int(line))
            except ValueError:
                raise BadInput(f"people file, line {number}: a person_id is expected, one a line") from None
    if not found:
        raise BadInput("people file: holds no person_id; write one a line")
    return found


def _list(home: Home, site_id: str) -> Path:
    return home.root / "withdrawn" / f"{site_id}.parquet"


def _write(table: pa.Table, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    pq.write_table(table, fresh)
    fresh.chmod(0o600)
    fresh.replace(path)
