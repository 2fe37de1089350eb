"""Synthetic Korean hospitals: OMOP CDM 5.4 of any size, seeded, with planted identifiers and canaries.

folder = materialise("hanbit", persons=50_000, seed=1, home=home)     # Parquet, made once
planted(folder)                                                       # every string that must not leave
"""

from cdm.synthetic.hospital import GENERATOR, materialise
from cdm.synthetic.planted import planted, planted_in_notes

__all__ = ["GENERATOR", "materialise", "planted", "planted_in_notes"]
