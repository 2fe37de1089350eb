"""Cohorts of any number of definitions in one pass over a hospital's CDM, on DuckDB.

The rows are those that circe-be 1.12 finds: same people, same dates. Where circe-be leaves the choice among equals to
the database, it is fixed here:
  - first or last of a person's events with equal dates: the smaller source event id, then the earlier end, observation
    period start and end, position of the criterion, visit id. So for the primary, qualified and expression limit.
  - First of a criterion: the smaller event id among equal start dates (as circe-be), also for observation and payer
    plan periods, where circe-be has no second key.
  - eras: intervals are taken in order of start, then end.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from cdm.engine import Limits, connect
from cdm.errors import BadInput
from cdm.source import Need, Source
from cohorts import needs
from cohorts.attrition import Attrition
from cohorts.columns.demographics import COLUMNS
from cohorts.columns.filters import People
from cohorts.columns.observed import Observed
from cohorts.execution.concept_sets import ConceptSets
from cohorts.execution.definition import Found
from cohorts.execution.rows import CohortRows
from cohorts.execution.run import Progress, carry_out
from cohorts.execution.tally import Tally
from cohorts.expression import Expression
from cohorts.plan.build import build
from cohorts.plan.nodes import Plan
from cohorts.plan.uses import NOTHING_MORE, Wanted


def need(definitions: Mapping[str, Expression]) -> Need:
    """The tables and columns that these definitions read. Raises `BadInput` for what no CDM can answer."""
    return needs.need(build(definitions))


def generate(  # noqa: PLR0913  # what a caller may leave out is named
    source: Source,
    definitions: Mapping[str, Expression],
    out: Path,
    *,
    key: str = "cohort_definition_id",
    limits: Limits | None = None,
    progress: Progress | None = None,
    kept: Path | None = None,
    demographics: bool = False,
) -> dict[str, Attrition]:
    """Write the cohorts of all definitions to one Parquet file; return each one's attrition.

    Columns: `key` (BIGINT if every name is an integer, else VARCHAR: the definition's name), subject_id BIGINT,
    cohort_start_date DATE, cohort_end_date DATE; sorted by all four. progress: called with what is being done and
    the fraction done. demographics: whether attrition tells people's sex and age at each step. kept: a folder in which
    resolved concept sets are kept for the next run. Raises `BadInput` for what cannot be answered, naming definition
    and table.
    """
    plan = build(definitions)
    needed = needs.need(plan, _wanted(demographics))
    needs.refuse_missing(plan, source.tables(), needed.columns)
    report = progress or _silent
    with connect(limits) as con:
        source.attach(con, needed)
        try:
            concept_sets = kept_sets(source, kept)
            attrition = generate_in(
                con, plan, out, key=key, progress=report, concept_sets=concept_sets, demographics=demographics
            )
        except duckdb.Error as error:
            raise _mendable(error, source.url, out) from None
    report("done", 1.0)
    return attrition


def generate_in(
    con: duckdb.DuckDBPyConnection,
    plan: Plan,
    out: Path,
    *,
    key: str = "cohort_definition_id",
    progress: Progress | None = None,
    concept_sets: ConceptSets | None = None,
    demographics: bool = False,
) -> dict[str, Attrition]:
    """`generate` in an open engine whose schema `cdm` shows what the plan needs."""
    tallies = [Tally(definition, demographics) for definition in plan.definitions]
    rows = CohortRows([definition.name for definition in plan.definitions])

    def sink(number: int, found: Found, observed: Observed, persons: People | None) -> None:
        tallies[number].add(found, persons)
        rows.add(number, found.cohort, observed)

    wanted = _wanted(demographics)
    carry_out(con, plan, sink, progress or _silent, concept_sets or ConceptSets(), wanted=wanted)
    rows.write(out, key)
    return {tally.definition.name: tally.attrition() for tally in tallies}


def _wanted(demographics: bool) -> Wanted:
    return Wanted(person_columns=COLUMNS) if demographics else NOTHING_MORE


def kept_sets(source: Source, folder: Path | None) -> ConceptSets:
    """The concept sets that earlier runs resolved by the vocabulary as this source has it now."""
    state = source.vocabulary_key() if folder else None
    return ConceptSets(folder / state if folder and state else None)


def _mendable(error: duckdb.Error, url: str, out: Path) -> BadInput:
    """Say what a person can do; DuckDB's own text may quote a value of a patient's row."""
    if isinstance(error, duckdb.OutOfMemoryException):
        return BadInput(
            "the cohorts need more memory than allowed; allow more, or give a folder to spill to on a larger disk"
        )
    if isinstance(error, duckdb.IOException):
        return BadInput(f"{url} cannot be read to its end, or {out} not be written; check both disks, then run again")
    return BadInput(f"the cohorts cannot be computed on {url} ({type(error).__name__}); check the types of its tables")


def _silent(what: str, fraction: float) -> None:
    del what, fraction
