"""Whether a study can be asked of a hospital: its tables, its concepts. Asked before any patient's row is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import cdm.vocabulary
from cdm import schema
from cdm.engine import connect
from cdm.errors import BadInput
from cdm.source import Need, Source
from cohorts import engine
from deid.policy import Policy
from extract.plan import plan as plan_tables
from flows import expectations
from flows.definitions import by_file
from flows.home import Home
from flows.policies import policy_of
from flows.site import read
from flows.study import Study, load

SHOWN = 3


@dataclass(frozen=True)
class Finding:
    """One thing that is amiss.

    block: the hospital cannot answer the study, or a definition does not find whom it should. warn: somebody should look.
    """

    severity: Literal["block", "warn"]
    message: str


def check(home: Home, study_file: Path, site_id: str | None) -> dict[str, Any]:
    """Everything that is wrong with a study, alone or at a hospital; its made-up people are run, too.

    Raises BadInput for what keeps the study, or a file beside it, from being read.
    """
    study = load(study_file)
    found: list[Finding] = [*_contradictions(study)] if site_id is None else []
    if site_id is not None:
        site = read(home, site_id)
        policy = policy_of(site, study)
        with site.open(home) as source:
            found = [*findings(study, source), *_withheld(study, policy)]
    found += _made_up_people(study)
    return {
        "study": study.id,
        "title": study.spec.title.model_dump(),
        "site": site_id,
        "digest": study.spec_digest,
        "findings": [asdict(f) for f in found],
    }


def _made_up_people(study: Study) -> Iterator[Finding]:
    """Whoever of the made-up people is not where the study's folder expects them; definitions that have none."""
    files = {}
    for role, definition in study.definition_files.items():
        people = expectations.beside(definition)
        if people.is_file():
            files[people] = (definition, study.definitions[role])
        else:
            yield Finding(
                "warn",
                f"{definition}: no made-up people show what this definition means; describe some in {people.name} beside it",
            )
    for shown in expectations.run(files) if files else ():
        if shown.sentence is not None:
            yield Finding("block", shown.sentence)


def _withheld(study: Study, policy: Policy) -> Iterator[Finding]:
    """Tables that are asked for and that the de-identification policy keeps inside."""
    for table in study.spec.extract.tables:
        if not policy.released(table):
            yield Finding(
                "warn",
                f"{study.path}: extract.tables.{table}: the policy releases nothing of this table; it will be absent",
            )


def refuse_unanswerable(study: Study, source: Source) -> None:
    """Raise BadInput with every reason why this hospital cannot answer the study."""
    blocking = [f.message for f in findings(study, source) if f.severity == "block"]
    if len(blocking) > SHOWN:
        blocking = [
            *blocking[:SHOWN],
            f"and {len(blocking) - SHOWN} more: naru study check {study.path} --site ID tells them all",
        ]
    if blocking:
        raise BadInput("\n".join(blocking))


def findings(study: Study, source: Source) -> Iterator[Finding]:
    """What is amiss between a study and a hospital: missing tables, unknown and doubtful concepts."""
    yield from _contradictions(study)
    present = source.tables()
    with by_file(study.definition_files):
        needed = engine.need(study.definitions).columns
    wanted = {
        **needed,
        **{p.name: () for p in plan_tables(study.spec.extract, source.version)},
    }
    for table in sorted(set(wanted) - set(present)):
        yield Finding(
            "block",
            f"{study.path}: the study needs table '{table}', which this hospital's CDM {source.version} "
            f"{'lacks' if table in schema.tables(source.version) else 'does not define'}; drop it from the study or load it",
        )
    if "concept" in present:
        yield from _concepts(study, source)


def _contradictions(study: Study) -> Iterator[Finding]:
    """What no hospital could answer."""
    extracted = study.spec.extract.tables
    if "person" not in extracted:
        yield Finding(
            "block", f"{study.path}: extract.tables: person is not among them, and no release is without it; add it"
        )
    if study.definitions["case"] == study.definitions["control"]:
        yield Finding(
            "block",
            f"{study.path}: cohorts: cases and controls have the same definition, so nobody is left as a control",
        )
    for wanted in study.spec.quality.required_concepts:
        if wanted.table not in extracted:
            yield Finding(
                "block",
                f"{study.path}: quality.required_concepts '{wanted.name}': table '{wanted.table}' is not extracted; add it",
            )


def _concepts(study: Study, source: Source) -> Iterator[Finding]:
    named = {**_named_in_definitions(study), **_named_in_extract(study)}
    with connect() as con:
        source.attach(con, Need({"concept": ()}))
        facts = cdm.vocabulary.concept_facts(con, sorted(named))
    for concept_id, (file, where) in sorted(named.items()):
        fact = facts.get(concept_id)
        if fact is None:
            yield Finding(
                "block",
                f"{file}: {where}: concept {concept_id} is unknown to this hospital's vocabulary; correct the id, "
                "or update the vocabulary",
            )
        elif fact.is_invalid:
            yield Finding(
                "warn",
                f"{file}: {where}: concept {concept_id} ({fact.concept_name}) is no longer valid in this vocabulary",
            )
        elif not fact.is_standard:
            yield Finding(
                "warn", f"{file}: {where}: concept {concept_id} ({fact.concept_name}) is not a standard concept here"
            )


def _named_in_definitions(study: Study) -> dict[int, tuple[Path, str]]:
    return {
        item.concept.concept_id: (
            study.definition_files[role],
            f"concept set '{concept_set.name or concept_set.id}'",
        )
        for role, definition in study.definitions.items()
        for concept_set in definition.concept_sets or ()
        for item in concept_set.expression.items
        if item.concept.concept_id is not None
    }


def _named_in_extract(study: Study) -> dict[int, tuple[Path, str]]:
    tables = study.spec.extract.tables
    return {
        c: (study.path, f"extract.tables.{name}.concepts")
        for name, table in tables.items()
        for c in table.concepts or ()
    }
