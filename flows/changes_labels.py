"""Under which cause people of two versions and their rows count: what flows/attribution.py decides, as the comparison reads it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cdm import arrays
from extract.compare import Labels, People
from flows.attribution import ORDER, WITHDRAWAL, Inside, Moved, attribute, staying


@dataclass(frozen=True)
class Labelling:
    """causes: those that the manifests show, withdrawals aside. inside: what the hospital knows besides."""

    causes: tuple[str, ...]
    inside: Inside

    def moved(self, people: People) -> Moved:
        """Find the cause of everybody who came or left."""
        return attribute(people.came, people.left, self.causes, self.inside)

    def every(self, people: People) -> tuple[str, ...]:
        """Name everything that changed, in order."""
        moved = self.moved(people)
        gone = self.inside.withdrew or WITHDRAWAL in moved.counts(moved.left)
        # Of a changed definition the manifests do not tell whether study settings changed with it; the hospital knows.
        unseen = "definition" in self.causes and self.inside.same_settings is False
        found = {*self.causes, *(["study"] if unseen else []), *([WITHDRAWAL] if gone else [])}
        return tuple(cause for cause in ORDER if cause in found)

    def __call__(self, people: People) -> Labels:
        """Give the labels of all rows."""
        moved, stayed = self.moved(people), staying(self.every(people), self.inside.same_settings)
        ids, label = (np.concatenate([side[n] for side in (moved.came, moved.left)]) for n in (0, 1))
        names = pa.DictionaryArray.from_arrays(arrays.numbers(label), arrays.texts(moved.names))
        table = pa.Table.from_arrays([arrays.numbers(ids), names], names=["subject_id", "label"])
        return Labels(table, stayed.rest, stayed.touched)
