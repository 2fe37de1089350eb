"""All checks of one definition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import duckdb

from cdm import vocabulary
from cdm.engine import Limits, connect
from cdm.errors import BadInput, DefinitionRefused
from cdm.source import Need, Source
from cohorts import needs
from cohorts.execution.concept_sets import resolve
from cohorts.expression import Expression
from cohorts.expression.groups import CorrelatedCriteria
from cohorts.expression.paths import walk
from cohorts.lint.codes import codes
from cohorts.lint.concepts import concept_sets, concepts, empty_sets
from cohorts.lint.findings import Finding, finding
from cohorts.lint.outcome import outcomes
from cohorts.lint.pins import pinned
from cohorts.lint.quirks import quirks
from cohorts.lint.records import Records
from cohorts.lint.repeats import repeats
from cohorts.lint.rules import rules
from cohorts.pins import Pins
from cohorts.plan.build import build, items_of

_ORDER = {"error": 0, "warning": 1, "note": 2}


def lint(
    source: Source,
    expression: Expression,
    *,
    pins: Pins | None = None,
    edited: bool = False,
    limits: Limits | None = None,
) -> tuple[Finding, ...]:
    """What an author should know before running: errors first, then warnings, notes; each in order of the definition.

    Looks at the definition, the vocabulary, and whether concepts occur at all; it runs no cohort. pins: what its sets
    held where it was imported; edited: whether it was changed since. Raises `BadInput` if the source cannot be read.
    """
    found = [*rules(expression), *repeats(expression), *quirks(expression)]
    try:
        plan = build({"definition": expression})
        needed = needs.need(plan)
        needs.refuse_missing(plan, source.tables(), needed.columns)
    except DefinitionRefused as refusal:
        said = refusal.said
        found.append(finding("cannot_be_answered", "error", (), said, f"이 CDM으로는 답할 수 없습니다: {said}"))
        return _sorted(found)
    columns: Mapping[str, tuple[str, ...]] = {
        **needed.columns,
        "concept": tuple(sorted({*vocabulary.NEED["concept"], *needed.columns.get("concept", ())})),
        "concept_ancestor": ("ancestor_concept_id", "descendant_concept_id"),
        "concept_relationship": ("concept_id_1", "concept_id_2", "relationship_id", "invalid_reason"),
    }
    missing = [table for table in columns if table not in source.tables()]
    with connect(limits) as con:
        source.attach(con, Need({table: names for table, names in columns.items() if table not in missing}))
        try:
            if missing:
                found += concepts(con, expression, ()) if "concept" not in missing else []
            else:
                members = resolve(con, [items_of(given) for given in expression.concept_sets or ()])
                records = Records(con, expression, members)
                found += [
                    *concepts(con, expression, empty_sets(expression, members)),
                    *concept_sets(expression, members),
                ]
                found += [*records.look(), *outcomes(expression, records.absent)]
                found += codes(con, expression, members)
                found += pinned(con, expression, members, pins, edited=edited) if pins else []
            found += _beyond(con, expression)
        except duckdb.Error as error:
            raise BadInput(
                f"the definition cannot be checked on {source.url} ({type(error).__name__}); "
                "check the types of its tables"
            ) from None
    return _sorted(found)


def _sorted(found: list[Finding]) -> tuple[Finding, ...]:
    """Errors first; within a severity in the order found, which is that of the definition. No finding twice."""
    return tuple(sorted(dict.fromkeys(found), key=lambda one: _ORDER[one.severity]))


_LONGEST = """SELECT coalesce(max(observation_period_end_date - observation_period_start_date), 0)
FROM cdm.observation_period"""


def _beyond(con: duckdb.DuckDBPyConnection, expression: Expression) -> Iterator[Finding]:
    """Windows that begin farther from the index event than anybody here is observed."""
    ((longest,),) = con.execute(_LONGEST).fetchall()
    required = expression.primary_criteria.observation_window
    if required.prior_days + required.post_days > longest:
        yield finding(
            "outside_observation", "error", ("PrimaryCriteria", "ObservationWindow"),
            f"Nobody in this hospital is observed for {required.prior_days + required.post_days} days; the longest "
            "observation period is shorter, so nobody enters.",
            f"이 병원에는 {required.prior_days + required.post_days}일 동안 관찰된 사람이 없어 아무도 들어오지 않습니다.",
        )  # fmt: skip
    for steps, part in walk(expression):
        if not isinstance(part, CorrelatedCriteria) or part.ignore_observation_period:
            continue
        window = part.start_window
        if window.use_event_end or window.use_index_end:
            continue
        first = window.start.coeff * window.start.days if window.start.days is not None else None
        last = window.end.coeff * window.end.days if window.end.days is not None else None
        nearest = first if first is not None and first > 0 else -last if last is not None and last < 0 else 0
        if nearest > longest:
            yield finding(
                "outside_observation", "warning", (*steps, "StartWindow"),
                f"The window begins {nearest} days away from the entry, farther than anybody here is observed; no event "
                "lies in it.",
                f"창이 진입에서 {nearest}일 떨어진 곳에서 시작하는데 이 병원에는 그만큼 관찰된 사람이 없어 어떤 사건도 들지 않습니다.",
            )  # fmt: skip
