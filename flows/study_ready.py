"""Is this database ready for this study? What the study reads, names and declares, looked for in the whole database."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from cdm.engine import Limits, connect
from cdm.source import Need, Source
from cohorts import engine
from cohorts.execution.concept_sets import resolve
from cohorts.plan.build import items_of
from extract.plan import plan
from flows.definitions import by_file
from flows.study import Study
from quality.baseline.run import Readiness
from quality.readiness import check_source

VOCABULARY = ("concept", "concept_ancestor", "concept_relationship")


def readiness(study: Study, source: Source, limits: Limits | None = None) -> Readiness:
    """Look whether a study can be asked of a source. Raises BadInput for a study that this CDM version has no tables for."""
    with by_file(study.definition_files):
        needed = dict(engine.need(study.definitions).columns)
    for table in plan(study.spec.extract, source.version):
        columns = needed.get(table.name, table.columns)
        needed[table.name] = tuple(dict.fromkeys((*columns, *table.columns)))
    reads = {name: columns for name, columns in needed.items() if name not in VOCABULARY}
    words = {name: columns for name, columns in needed.items() if name in VOCABULARY}
    findings = check_source(
        source,
        Need(reads),
        concepts=_named(study),
        spec=study.spec.quality,
        sets=_sets(study, source, words),
        limits=limits,
    )
    return Readiness(study.id, study.spec.title.en, study.spec.title.ko, findings)


def _named(study: Study) -> dict[str, list[int]]:
    """The concepts that a study names, by where it names them."""
    named = {
        f"{role}: {concept_set.name or concept_set.id}": [
            item.concept.concept_id for item in concept_set.expression.items if item.concept.concept_id is not None
        ]
        for role, definition in study.definitions.items()
        for concept_set in definition.concept_sets or ()
    }
    return named | {one.name: list(one.concepts) for one in study.spec.quality.required_concepts}


def _sets(study: Study, source: Source, words: Mapping[str, tuple[str, ...]]) -> dict[str, pa.Int64Array]:
    """Every concept set of the study's definitions with all its concepts, as this vocabulary resolves it.

    words: the tables and columns of the vocabulary that resolving reads; where one lacks, nothing is resolved.
    """
    present = source.tables()
    if any(set(columns) - set(present.get(name, ())) for name, columns in words.items()):
        return {}
    named = {
        f"{role}: {concept_set.name or concept_set.id}": concept_set
        for role, definition in study.definitions.items()
        for concept_set in definition.concept_sets or ()
    }
    with connect() as con:
        source.attach(con, Need(words))
        resolved = resolve(con, [items_of(one) for one in named.values()])
    return {name: pa.array(members, pa.int64()) for name, members in zip(named, resolved, strict=True)}
