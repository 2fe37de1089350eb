"""Load a release: a folder in, tables out, as Polars, Arrow or pandas.

data = open_dataset(Path("deterioration-seoul01-1.0.0"))
data.cohort().collect()
data.table("measurement").filter(pl.col("measurement_concept_id") == 3004249).collect()
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from cdm.errors import BadInput
from extract.delta import PEOPLE
from extract.manifest import Manifest, read_manifest
from extract.verify import TrustedKeys, VerifyReport, verify

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Dataset:
    """A release folder, opened; nothing is read before it is asked for."""

    folder: Path
    manifest: Manifest

    @property
    def tables(self) -> tuple[str, ...]:
        """Name the tables, cohort among them."""
        return tuple(self.manifest.tables)

    def table(self, name: str, columns: Sequence[str] | None = None) -> pl.LazyFrame:
        """Scan a table with Polars; `person_id` is `subject_id` of the cohort."""
        frame = self._base_and_delta(name) if self._split(name) else pl.scan_parquet(self._path("tables", name))
        return frame if columns is None else frame.select(columns)

    def arrow(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Read a table with Arrow."""
        if self._split(name):
            return self.table(name, columns).collect().to_arrow()
        return pq.read_table(self._path("tables", name), columns=None if columns is None else list(columns))

    def pandas(self, name: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Read a table with pandas."""
        return self.arrow(name, columns).to_pandas()

    def cohort(self) -> pl.LazyFrame:
        """Scan subject_id, site_id, set_id, role, index_date, weight."""
        return self.table("cohort")

    def split_names(self) -> tuple[str, ...]:
        """Name the splits that come with the release."""
        return self._names("splits/")

    def split(self, name: str) -> pl.LazyFrame:
        """Scan a split: subject_id and its part (train, tuning, held_out)."""
        return pl.scan_parquet(self._path("splits", name))

    def features(self, name: str = "baseline") -> pl.LazyFrame:
        """Scan a feature matrix: baseline (a line a person) or hourly (a line a person and hour, with mask and delta)."""
        return pl.scan_parquet(self._path("features", name))

    def codebook(self) -> pl.LazyFrame:
        """Scan the concepts that occur, with code, names and units."""
        return pl.scan_parquet(self._path("docs", "codebook"))

    def verify(self, trusted_keys: TrustedKeys | None = None, *, require_signature: bool = True) -> VerifyReport:
        """Check every byte and signature; see extract.verify."""
        return verify(self.folder, trusted_keys, require_signature=require_signature)

    def _split(self, name: str) -> bool:
        return self.manifest.file(f"base/{name}.parquet") is not None

    def _base_and_delta(self, name: str) -> pl.LazyFrame:
        """The base without the people who changed, and all rows of those (extract.delta)."""
        changed = pl.scan_parquet(self.folder / PEOPLE)
        base = pl.scan_parquet(self.folder / "base" / f"{name}.parquet")
        kept = base.join(changed, left_on="person_id", right_on="subject_id", how="anti")
        return pl.concat([kept, pl.scan_parquet(self.folder / "delta" / f"{name}.parquet")])

    @property
    def meds(self) -> Path:
        """The folder of the MEDS dataset, as MEDS tools take it."""
        return self.folder / "meds"

    def torch_dataset(self, config: Any, split: str = "train") -> Any:
        """Open the MEDS dataset with meds-torch-data, which must be installed; config: its MEDSTorchDataConfig.

        Its own preprocessing (`MTD_preprocess`) comes first; `config` names the folder that it made.
        Raises BadInput where meds-torch-data is not installed.
        """
        try:
            from meds_torchdata import MEDSPytorchDataset
        except ImportError:
            raise BadInput("meds-torch-data is not installed here; pip install meds-torch-data") from None
        return MEDSPytorchDataset(config, split)

    def _names(self, prefix: str) -> tuple[str, ...]:
        paths = (Path(file.path) for file in self.manifest.files if file.path.startswith(prefix))
        return tuple(path.stem for path in paths if path.suffix == ".parquet")

    def _path(self, folder: str, name: str) -> Path:
        known = self._names(f"{folder}/")
        if name not in known:
            raise BadInput(
                f"{self.manifest.release}: has no {folder}/{name}.parquet; it has {', '.join(known) or 'none'}"
            )
        return self.folder / folder / f"{name}.parquet"


def open_dataset(folder: Path) -> Dataset:
    """Open a release folder. Raises BadInput when it is none."""
    return Dataset(folder, read_manifest(folder))
