"""The releases of one study from several hospitals, read as one.

data = open_pooled([Path("deterioration-seoul01-1.0.0"), Path("deterioration-busan02-1.0.0")])
data.table("measurement").group_by("site_id").len().collect()
data.split("leave_one_site_out").collect()

Every row says which hospital it is of. Numbers of sets and rows are a hospital's own: join by `site_id` too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cdm.errors import BadInput
from extract.loader import Dataset, open_dataset
from extract.tables import COHORT

SITE = "site_id"


@dataclass(frozen=True)
class Pooled:
    """Releases by hospital, in the order of their names; nothing is read before it is asked for."""

    sites: dict[str, Dataset]

    @property
    def tables(self) -> tuple[str, ...]:
        """Name the tables that any hospital released."""
        return tuple(sorted({name for data in self.sites.values() for name in data.tables}))

    def table(self, name: str) -> pl.LazyFrame:
        """Scan a table of all hospitals that released it, site_id first; what one's CDM lacks is null in its rows."""
        having = [site for site, data in self.sites.items() if name in data.tables]
        if not having:
            raise BadInput(f"No hospital released the table {name}; they have {', '.join(self.tables)}")
        return self._each(having, lambda data: data.table(name))

    def cohort(self) -> pl.LazyFrame:
        """Scan site_id, subject_id, set_id, role, index_date, weight."""
        return self.table(COHORT)

    def split(self, name: str) -> pl.LazyFrame:
        """Scan a split that every hospital has: site_id, subject_id, and its part or fold."""
        return self._each(list(self.sites), lambda data: data.split(name))

    def features(self, name: str = "baseline") -> pl.LazyFrame:
        """Scan a feature matrix that every hospital has, site_id first.

        A column is there from one hospital on where enough people had the concept; elsewhere it is null, which is not 0.
        """
        return self._each(list(self.sites), lambda data: data.features(name))

    def codebook(self) -> pl.LazyFrame:
        """Scan the concepts that occur anywhere, site_id first."""
        return self._each(list(self.sites), Dataset.codebook)

    def _each(self, sites: Sequence[str], read: Callable[[Dataset], pl.LazyFrame]) -> pl.LazyFrame:
        frames = [
            read(self.sites[site]).select(pl.lit(site).alias(SITE), pl.exclude(SITE))
            for site in sites
        ]  # fmt: skip
        # Releases of before every column had the CDM's type may hold narrower ones.
        return pl.concat(frames, how="diagonal_relaxed")


def open_pooled(folders: Sequence[Path]) -> Pooled:
    """Open the releases of one study for one recipient, one of each hospital.

    Raises BadInput where a folder is no release, a hospital is there twice, definitions differ (then cases are not the same
    kind of people everywhere), or two releases have a person in common.
    """
    if not folders:
        raise BadInput("No release was named; give the folders of the releases of a study")
    found: dict[str, Dataset] = {}
    for folder in folders:
        data = open_dataset(folder)
        site = data.manifest.site_id
        if site in found:
            raise BadInput(
                f"{found[site].folder} and {folder} are both of the hospital {site}; give one version of each hospital"
            )
        found[site] = data
    datasets = [found[site] for site in sorted(found)]
    for data in datasets[1:]:
        _same_study(datasets[0], data)
    pooled = Pooled({data.manifest.site_id: data for data in datasets})
    _nobody_twice(pooled)
    return pooled


def _same_study(one: Dataset, other: Dataset) -> None:
    first, second = one.manifest, other.manifest
    if (first.study.id, first.recipient) != (second.study.id, second.recipient):
        raise BadInput(
            f"{first.release} and {second.release} are not of one study for one recipient; pool releases of the same only"
        )
    if first.provenance.definition_digest != second.provenance.definition_digest:
        raise BadInput(
            f"{first.release} and {second.release} come from different cohort definitions (docs/definition.json), so their cases "
            "are not the same kind of people; pool versions of one definition"
        )


def _nobody_twice(pooled: Pooled) -> None:
    """Pseudonyms are numbers of each hospital's own keys; that two hospitals give the same is as good as impossible."""
    people = pooled.cohort().select(SITE, "subject_id").unique()
    twice = people.group_by("subject_id").len().filter(pl.col("len") > 1).select(pl.len()).collect().item()
    if twice:
        raise BadInput(
            f"{twice} subject_id stand in releases of two hospitals; these folders are copies of one another: "
            "pull each hospital's release again"
        )
