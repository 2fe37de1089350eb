"""One fault each, and the checks that must fail because of it, and no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pyarrow as pa

from quality.spec import GateSpec, RequiredConcepts, ValueRange, Window
from tests.quality.runs import RISK, Run, clean


@dataclass(frozen=True)
class Fault:
    """what: a sentence. make: puts it into a clean run. fails: every check that has to fail."""

    what: str
    make: Callable[[Run], Run]
    fails: frozenset[str]
    expectations: GateSpec = field(default_factory=GateSpec)


def _fault(what: str, make: Callable[[Run], Run], *fails: str, expectations: GateSpec | None = None) -> Fault:
    return Fault(what, make, frozenset(fails), expectations or GateSpec())


def _put(name: str, sql: str) -> Callable[[Run], Run]:
    return lambda run: run.put(name, sql)


def _nothing(run: Run) -> Run:
    return run


FIRST = "(SELECT min(person_id) FROM it)"
ONE_ROW = "(SELECT min(measurement_id) FROM it)"


def _narrow(run: Run) -> Run:
    visits = run.content["deid.visit_occurrence"]
    place = visits.column_names.index("visit_concept_id")
    narrower = visits.set_column(place, "visit_concept_id", visits["visit_concept_id"].cast(pa.int32()))
    return Run({**run.content, "deid.visit_occurrence": narrower}, run.actions, run.risk)


def _stray(run: Run) -> Run:
    return Run(run.content, run.actions, run.risk, {"notes.txt": "left behind"})


def _removed(run: Run) -> Run:
    """A rule took out the rows of one concept, and said so."""
    rows = len(run.content["deid.measurement"])
    less = run.put("deid.measurement", "FROM it WHERE measurement_id % 7 <> 0")
    taken = rows - len(less.content["deid.measurement"])
    return Run(less.content, less.actions, {**RISK, "rows_removed": {"measurement": taken}})


def _without_first_case(run: Run) -> Run:
    """Person 1 was suppressed, her control was not."""
    first = "(SELECT subject_id FROM crosswalk WHERE person_id = 1)"
    for name in [name for name in run.content if name.startswith("deid.") and name != "deid.cohort"]:
        run = run.put(name, f"FROM it WHERE person_id <> {first}")
    run = run.put("deid.cohort", f"FROM it WHERE subject_id <> {first}")
    return run.put("crosswalk", "SELECT * REPLACE (kept AND person_id <> 1 AS kept) FROM it")


def _ordered_pseudonyms(_run: Run) -> Run:
    """Multiples of the person numbers, in files of another order."""
    run = clean(subject="p::BIGINT * 1000003")
    for name in [name for name in run.content if name.startswith("deid.")]:
        person = "subject_id" if name == "deid.cohort" else "person_id"
        run = run.put(name, f"FROM it ORDER BY hash({person})")
    return run


FAULTS = (
    _fault("a table is missing", lambda run: run.without("deid.death"), "contract.tables_present"),
    _fault("a file lies beside the tables", _stray, "contract.nothing_else"),
    _fault(
        "a column is not in the CDM",
        _put("deid.death", "SELECT *, 1 AS real_offset FROM it"),
        "contract.columns",
    ),
    _fault(
        "a column has another type",
        _put("deid.visit_occurrence", "SELECT * REPLACE (visit_start_datetime::VARCHAR AS visit_start_datetime) FROM it"),
        "contract.types",
        "deidentification.no_free_text",
    ),
    _fault("a column is narrower than the CDM's", _narrow, "contract.types"),
    _fault(
        "a required value is empty",
        _put(
            "deid.measurement",
            f"SELECT * REPLACE (CASE WHEN measurement_id = {ONE_ROW} THEN NULL ELSE measurement_type_concept_id END "
            "AS measurement_type_concept_id) FROM it",
        ),
        "contract.required_filled",
        "completeness.filled_as_source",
        "reconciliation.values_kept",
    ),
    _fault(
        "a required column is missing",
        _put("deid.person", "SELECT * EXCLUDE (gender_concept_id) FROM it"),
        "contract.required_filled",
    ),
    _fault(
        "a row has no key",
        _put(
            "deid.measurement",
            f"SELECT * REPLACE (CASE WHEN measurement_id = {ONE_ROW} THEN NULL ELSE measurement_id END AS measurement_id) "
            "FROM it",
        ),
        "contract.key_filled",
    ),
    _fault(
        "a key occurs twice",
        _put(
            "deid.measurement",
            f"SELECT * REPLACE (CASE WHEN measurement_id = {ONE_ROW} THEN (SELECT max(measurement_id) FROM it) "
            "ELSE measurement_id END AS measurement_id) FROM it",
        ),
        "contract.key_unique",
    ),
    _fault(
        "a row of somebody who was not drawn came along",
        _put("deid.death", "SELECT * FROM it UNION ALL SELECT 99, DATE '2020-01-01', 32817"),
        "contract.person_resolves",
        "reconciliation.rows",
        "reconciliation.rows_per_person",
        "deidentification.intervals_exact",
    ),
    _fault(
        "events were cut off their visit",
        _put("deid.measurement", "SELECT * REPLACE (visit_occurrence_id + 1 AS visit_occurrence_id) FROM it"),
        "contract.references_kept",
        "contract.references_resolve",
    ),
    _fault(
        "two people have one pseudonym",
        _put(
            "crosswalk",
            "SELECT * REPLACE (CASE WHEN person_id = 12 THEN (SELECT subject_id FROM it WHERE person_id = 6) "
            "ELSE subject_id END AS subject_id, true AS kept) FROM it WHERE person_id <> 99",
        ),
        "reconciliation.crosswalk",
        "reconciliation.people",
        "reconciliation.rows_per_person",
        "reconciliation.rows",
        "contract.references_kept",
        "fidelity.concepts",
        "fidelity.numbers",
    ),
    _fault(
        "somebody who was drawn has no pseudonym",
        _put("crosswalk", "FROM it WHERE person_id <> 12"),
        "reconciliation.crosswalk",
    ),
    _fault(
        "somebody was lost on the way",
        _put("deid.cohort", "FROM it WHERE subject_id <> (SELECT subject_id FROM crosswalk WHERE person_id = 11)"),
        "reconciliation.people",
        "reconciliation.person_rows",
        "contract.person_resolves",
        "draw.set_has_control",
    ),
    _fault(
        "somebody has two rows in person",
        _put("deid.person", f"FROM it UNION ALL FROM it WHERE person_id = {FIRST} ORDER BY person_id"),
        "reconciliation.person_rows",
        "reconciliation.rows",
        "reconciliation.rows_per_person",
        "contract.key_unique",
    ),
    _fault(
        "a row was lost",
        _put("deid.observation_period", f"FROM it WHERE person_id <> {FIRST}"),
        "reconciliation.rows",
        "reconciliation.rows_per_person",
    ),
    _fault(
        "a row went to somebody else",
        _put(
            "deid.observation_period",
            f"SELECT * REPLACE (CASE WHEN person_id = {FIRST} THEN (SELECT max(person_id) FROM it) ELSE person_id END "
            "AS person_id) FROM it",
        ),
        "reconciliation.rows_per_person",
        "deidentification.intervals_exact",
    ),
    _fault("a recorded rule took rows out", _removed),
    _fault(
        "a column has no rule",
        lambda run: Run(run.content, [e for e in run.actions if e["column"] != "unit_concept_id"]),
        "deidentification.rule_for_every_column",
        "deidentification.dropped_is_empty",
    ),
    _fault(
        "a dropped number is still there",
        _put("deid.visit_occurrence", "SELECT *, 4242 AS provider_id FROM it"),
        "deidentification.dropped_is_empty",
        "contract.references_resolve",
    ),
    _fault(
        "a dropped text is still there",
        _put("deid.measurement", "SELECT *, 'as the ward wrote it' AS measurement_source_value FROM it"),
        "deidentification.dropped_is_empty",
        "deidentification.no_free_text",
    ),
    _fault(
        "the policy keeps a text column that nobody approved",
        lambda run: run.record("measurement", "measurement_source_value", "keep").put(
            "deid.measurement", "SELECT *, 'as the ward wrote it' AS measurement_source_value FROM it"
        ),
        "deidentification.no_free_text",
        "reconciliation.values_kept",
    ),
    _fault(
        "an approved text column holds a resident registration number",
        lambda run: run.record("measurement", "measurement_source_value", "replace").put(
            "deid.measurement", "SELECT *, 'id ９００１０１－1234567' AS measurement_source_value FROM it"
        ),
        "deidentification.no_identifier_pattern",
    ),
    _fault(
        "somebody's dates were not moved",
        lambda run: run.put("crosswalk", "SELECT * REPLACE (CASE WHEN person_id = 3 THEN 0 ELSE offset_days END AS offset_days) FROM it")
        .put(
            "deid.death",
            "SELECT * REPLACE ((SELECT death_date FROM raw_death) AS death_date) FROM it",
        ),
        "deidentification.offset_not_zero",
        "deidentification.intervals_exact",
        "draw.index_date_moved",
    ),
    _fault(
        "one event is a day off",
        _put(
            "deid.measurement",
            f"SELECT * REPLACE (CASE WHEN measurement_id = {ONE_ROW} THEN measurement_date + 1 ELSE measurement_date END "
            "AS measurement_date) FROM it",
        ),
        "deidentification.intervals_exact",
        "plausibility.date_agrees_with_time",
    ),
    _fault(
        "two events of one person swapped their days",
        _put(
            "deid.measurement",
            "SELECT * EXCLUDE (n) REPLACE (CASE WHEN n = 1 THEN lead(measurement_date) OVER w WHEN n = 2 THEN lag(measurement_date) OVER w "
            "ELSE measurement_date END AS measurement_date) FROM (SELECT *, "
            "row_number() OVER (PARTITION BY person_id ORDER BY measurement_date) AS n FROM it) "
            "WINDOW w AS (PARTITION BY person_id ORDER BY n)",
        ),
        "deidentification.intervals_exact",
        "plausibility.date_agrees_with_time",
    ),
    _fault(
        "a time of day was changed",
        _put(
            "deid.visit_occurrence",
            "SELECT * REPLACE (visit_start_datetime + to_minutes(1) AS visit_start_datetime) FROM it",
        ),
        "deidentification.intervals_exact",
    ),
    _fault(
        "row keys are the source's",
        _put(
            "deid.observation_period",
            "SELECT i.* REPLACE (r.observation_period_id AS observation_period_id) FROM it i "
            "JOIN crosswalk c ON c.subject_id = i.person_id JOIN raw_observation_period r ON r.person_id = c.person_id "
            "ORDER BY i.person_id",
        ),
        "deidentification.row_key_new",
        "deidentification.row_order_hidden",
    ),
    _fault(
        "row keys keep the source's order",
        _put(
            "deid.observation_period",
            "SELECT i.* REPLACE (r.observation_period_id * 1000003 AS observation_period_id) FROM it i "
            "JOIN crosswalk c ON c.subject_id = i.person_id JOIN raw_observation_period r ON r.person_id = c.person_id "
            "ORDER BY i.person_id",
        ),
        "deidentification.row_order_hidden",
    ),
    _fault(
        "a file keeps the source's order of people",
        _put(
            "deid.observation_period",
            "SELECT i.* FROM it i JOIN crosswalk c ON c.subject_id = i.person_id ORDER BY c.person_id",
        ),
        "deidentification.file_order_hidden",
    ),
    _fault(
        "a role is unknown",
        _put("deid.cohort", "SELECT * EXCLUDE (rowid_) REPLACE (CASE WHEN rowid_ = 1 THEN 'unclear' ELSE role END AS role) "
             "FROM (SELECT *, row_number() OVER (ORDER BY role DESC, subject_id) AS rowid_ FROM it) ORDER BY subject_id"),
        "draw.roles",
        "draw.roles_kept",
        "draw.set_has_control",
    ),
    _fault(
        "somebody is in two sets",
        _put(
            "deid.cohort",
            "FROM it UNION ALL SELECT i.* REPLACE ((SELECT max(set_id) FROM it) AS set_id) FROM it i "
            "WHERE role = 'control' AND set_id = (SELECT min(set_id) FROM it) ORDER BY subject_id, set_id",
        ),
        "draw.nobody_twice",
        "draw.roles_kept",
        "draw.weights_kept",
        "draw.index_date_moved",
        "draw.sets_kept",
    ),
    _fault(
        "sets were mixed",
        _put(
            "deid.cohort",
            "SELECT * EXCLUDE (lo, hi) REPLACE (CASE WHEN role = 'control' AND set_id = lo THEN hi "
            "WHEN role = 'control' AND set_id = hi THEN lo "
            "ELSE set_id END AS set_id) FROM (SELECT *, min(set_id) OVER () AS lo, max(set_id) OVER () AS hi "
            "FROM it) ORDER BY subject_id",
        ),
        "draw.sets_kept",
    ),
    _fault(
        "a set lost its case",
        _without_first_case,
        "draw.one_case_per_set",
    ),
    _fault(
        "pseudonyms are the person numbers",
        lambda run: clean(subject="p"),
        "deidentification.person_key_new",
        "deidentification.person_order_hidden",
        "deidentification.file_order_hidden",
    ),
    _fault(
        "pseudonyms keep the order of the person numbers",
        _ordered_pseudonyms,
        "deidentification.person_order_hidden",
    ),
    _fault(
        "everybody's dates were moved by the same number of days",
        lambda run: clean(offset="30"),
        "deidentification.offsets_differ",
    ),
    _fault(
        "people share their description with nobody",
        lambda run: replace(run, risk={**RISK, "k": 2}),
        "deidentification.k_anonymous",
    ),
    _fault(
        "known events single out too many",
        lambda run: replace(run, risk={**RISK, "linkage": {**RISK["linkage"], "limit": 0.5}}),
        "deidentification.linkage_limited",
    ),
    _fault(
        "an attack gains too much",
        lambda run: replace(run, risk={**RISK, "attacks": {**RISK["attacks"], "limit": 0.5}}),
        "deidentification.attacks_limited",
    ),
    _fault(
        "no record tells of the risk",
        lambda run: replace(run, risk={}),
        "deidentification.k_anonymous",
        "deidentification.linkage_limited",
        "deidentification.attacks_limited",
    ),
    _fault(
        "a code is carried by fewer people than it has to be",
        lambda run: replace(run.record("visit_occurrence", "visit_concept_id", "generalise"), risk={**RISK, "k": 11}),
        "deidentification.codes_common",
        "deidentification.k_anonymous",
    ),
    _fault(
        "a replaced column has a second value",
        lambda run: run.record("person", "race_concept_id", "replace").put(
            "deid.person", f"SELECT * REPLACE (CASE WHEN person_id = {FIRST} THEN 8527 ELSE 0 END AS race_concept_id) FROM it"
        ),
        "deidentification.replaced_is_constant",
    ),
    _fault(
        "observation periods were not moved",
        lambda run: run.put(
            "deid.observation_period",
            "SELECT it.* REPLACE (r.observation_period_start_date AS observation_period_start_date) FROM it "
            "JOIN crosswalk c ON c.subject_id = it.person_id JOIN raw_observation_period r ON r.person_id = c.person_id",
        ).record("observation_period", "observation_period_start_date", "generalise"),
        "deidentification.periods_moved",
    ),
    _fault(
        "weights were changed",
        _put("deid.cohort", "SELECT * REPLACE (weight * 2 AS weight) FROM it"),
        "draw.weights_kept",
    ),
    _fault(
        "an index date is a day off",
        _put("deid.cohort", "SELECT * REPLACE (index_date + 1 AS index_date) FROM it"),
        "draw.index_date_moved",
    ),
    _fault(
        "values got lost",
        _put("deid.measurement", "SELECT * REPLACE (NULL::DOUBLE AS value_as_number) FROM it"),
        "completeness.filled_as_source",
        "fidelity.numbers",
        "reconciliation.values_kept",
    ),
    _fault(
        "a table is empty",
        lambda run: run.put("raw.death", "FROM it WHERE false").put("deid.death", "FROM it WHERE false"),
        "completeness.table_not_empty",
    ),
    _fault(
        "most rows have no standard concept",
        lambda run: run.put("raw.visit_occurrence", "SELECT * REPLACE (0 AS visit_concept_id) FROM it").put(
            "deid.visit_occurrence", "SELECT * REPLACE (0 AS visit_concept_id) FROM it"
        ),
        "completeness.mapped",
    ),
    _fault(
        "a join repeated every row",
        _put("deid.death", "FROM it UNION ALL FROM it"),
        "completeness.no_added_duplicates",
        "completeness.duplicates",
        "reconciliation.rows",
        "reconciliation.rows_per_person",
        "deidentification.intervals_exact",
    ),
    _fault(
        "a date is a placeholder of the year 9999",
        lambda run: run.put("raw.death", "SELECT * REPLACE (DATE '9000-01-01' AS death_date) FROM it").put(
            "deid.death",
            "SELECT i.* REPLACE (DATE '9000-01-01' + c.offset_days::INTEGER AS death_date) FROM it i "
            "JOIN crosswalk c ON c.subject_id = i.person_id",
        ),
        "plausibility.calendar",
    ),
    _fault(
        "visits end before they start",
        lambda run: run.put(
            "raw.visit_occurrence", "SELECT * REPLACE (visit_end_date - 5 AS visit_end_date) FROM it"
        ).put("deid.visit_occurrence", "SELECT * REPLACE (visit_end_date - 5 AS visit_end_date) FROM it"),
        "plausibility.start_not_after_end",
    ),
    _fault(
        "events lie before birth",
        lambda run: run.put("raw.person", "SELECT * REPLACE (2019 AS year_of_birth) FROM it").put(
            "deid.person", "SELECT * REPLACE (2019 AS year_of_birth) FROM it"
        ),
        "plausibility.not_before_birth",
    ),
    _fault(
        "events go on after death",
        lambda run: run.put("raw.death", "SELECT * REPLACE (DATE '2018-01-01' AS death_date) FROM it").put(
            "deid.death",
            "SELECT i.* REPLACE (DATE '2018-01-01' + c.offset_days::INTEGER AS death_date) FROM it i "
            "JOIN crosswalk c ON c.subject_id = i.person_id",
        ),
        "plausibility.not_after_death",
    ),
    _fault(
        "rows lie outside the study's window",
        _nothing,
        "plausibility.inside_window",
        expectations=GateSpec(windows={"measurement": Window(from_days=-90, to_days=0)}),
    ),
    _fault(
        "a period and the window have no day in common",
        _nothing,
        "plausibility.inside_window",
        expectations=GateSpec(
            windows={
                "observation_period": Window(from_days=5000, to_days=6000),
                "measurement": Window(from_days=-92, to_days=0),
            }
        ),
    ),
    _fault(
        "codes were changed wholesale",
        _put("deid.visit_occurrence", "SELECT * REPLACE (9201 AS visit_concept_id) FROM it"),
        "fidelity.concepts",
        "reconciliation.values_kept",
    ),
    _fault(
        "numbers were clipped",
        lambda run: run.put(
            "deid.measurement", "SELECT * REPLACE (CASE WHEN value_as_number > 115 THEN 115 ELSE value_as_number END "
            "AS value_as_number) FROM it"
        ),
        "fidelity.numbers",
        "reconciliation.values_kept",
    ),
    _fault(
        "there are too few people",
        _nothing,
        "study.min_cases",
        "study.min_controls",
        expectations=GateSpec(min_cases=6, min_controls=6),
    ),
    _fault(
        "nobody has a required code",
        _nothing,
        "study.required_concept",
        expectations=GateSpec(
            required_concepts=(
                RequiredConcepts(name="lactate", table="measurement", concepts=(4711,)),
                RequiredConcepts(name="sodium", table="measurement", concepts=(3000, 3001), min_people=10),
            )
        ),
    ),
    _fault(
        "a required column is not full enough",
        _nothing,
        "study.filled",
        expectations=GateSpec(completeness={"measurement.value_as_number": 99, "measurement.unit_concept_id": 100}),
    ),
    _fault(
        "a required column is not released",
        _nothing,
        "study.filled",
        expectations=GateSpec(completeness={"measurement.range_low": 10}),
    ),
    _fault(
        "values lie outside the declared range",
        _nothing,
        "study.value_range",
        expectations=GateSpec(
            ranges=(
                ValueRange(concepts=(3000,), units=(8713,), low=0, high=110),
                ValueRange(concepts=(3001,), low=0, high=1000),
            )
        ),
    ),
)  # fmt: skip
