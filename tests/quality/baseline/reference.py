"""Every check by itself, one plain query each, as DataQualityDashboard's documentation defines it: slow, and easy to read.

Written without a look at `quality.baseline.measure`; the two have to agree on every check.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import duckdb

from cdm.schema import tables
from cdm.source import CdmVersion
from quality.baseline.declared import Check

Pair = tuple[int, int]


class Reference:
    """A database with its tables in schema cdm."""

    def __init__(self, con: duckdb.DuckDBPyConnection, version: CdmVersion, today: date) -> None:
        self.con, self.version, self.today = con, version, today

    def has(self, table: str, field: str) -> bool:
        """Whether a table has a field."""
        sql = "SELECT 1 FROM duckdb_columns() WHERE schema_name = 'cdm' AND table_name = ? AND column_name = ?"
        return bool(self.con.execute(sql, [table, field]).fetchall())

    def figure(self, check: Check) -> Pair | None:
        """Violating rows and all rows; None where the query cannot run because something is missing."""
        try:
            violated, rows = QUERIES[check.type](self, check)
            counts = f"SELECT (SELECT count(*) FROM ({violated}) AS v), (SELECT count(*) FROM ({rows}) AS r)"
            return self.con.execute(counts).fetchall()[0]
        except (duckdb.CatalogException, duckdb.BinderException):
            return None


def _all(check: Check) -> str:
    return f"SELECT 1 FROM cdm.{check.table}"


def _where(condition: str, of: str = "true") -> Callable[[Reference, Check], tuple[str, str]]:
    def queries(reference: Reference, check: Check) -> tuple[str, str]:
        names = {"f": f't."{check.field}"', "a": f't."{check.asks[0]}"' if check.asks else ""}
        rows = f"SELECT 1 FROM cdm.{check.table} AS t WHERE "
        return rows + condition.format(**names), rows + of.format(**names)

    return queries


def _missing(reference: Reference, check: Check) -> tuple[str, str]:
    there = (
        f"SELECT 1 FROM duckdb_columns() WHERE schema_name = 'cdm' AND table_name = '{check.table}'"
        f" AND column_name = '{check.field or 'anything'}'"
    )
    if not check.field:
        there = f"SELECT 1 FROM duckdb_tables() WHERE schema_name = 'cdm' AND table_name = '{check.table}'"
    return f"SELECT 1 WHERE NOT EXISTS ({there})", "SELECT 1"


def _primary(reference: Reference, check: Check) -> tuple[str, str]:
    f = f'"{check.field}"'
    return (
        (
            f"SELECT 1 FROM cdm.{check.table} WHERE {f} IN "
            f"(SELECT {f} FROM cdm.{check.table} GROUP BY {f} HAVING count(*) > 1)"
        ),
        _all(check),
    )


def _foreign(reference: Reference, check: Check) -> tuple[str, str]:
    table, key = check.asks
    return (
        (
            f'SELECT 1 FROM cdm.{check.table} AS t LEFT JOIN cdm.{table} AS k ON t."{check.field}" = k.{key} '
            f'WHERE k.{key} IS NULL AND t."{check.field}" IS NOT NULL'
        ),
        _all(check),
    )


def _concept(condition: str, of: str = "true") -> Callable[[Reference, Check], tuple[str, str]]:
    def queries(reference: Reference, check: Check) -> tuple[str, str]:
        accepted = ", ".join(f"'{name}'" for name in check.asks) or "''"
        return (
            (
                f'SELECT 1 FROM cdm.{check.table} AS t JOIN cdm.concept AS c ON t."{check.field}" = c.concept_id '
                f"WHERE c.concept_id <> 0 AND ({condition.format(accepted=accepted)})"
            ),
            f"SELECT 1 FROM cdm.{check.table} AS t WHERE {of.format(f=check.field)}",
        )

    return queries


def _unmapped(reference: Reference, check: Check) -> tuple[str, str]:
    rows = f"SELECT 1 FROM cdm.{check.table} AS t WHERE "
    beside = "false"
    if check.asks and reference.has(check.table, str(check.asks[0])):
        beside = f'(t."{check.field}" IS NULL AND t."{check.asks[0]}" IS NOT NULL)'
    return rows + f't."{check.field}" = 0 OR {beside}', rows + f't."{check.field}" IS NOT NULL OR {beside}'


def _source_values(reference: Reference, check: Check) -> tuple[str, str]:
    return (
        f'SELECT DISTINCT "{check.field}" FROM cdm.{check.table} WHERE "{check.asks[0]}" = 0',
        f'SELECT DISTINCT "{check.field}" FROM cdm.{check.table}',
    )


def _limit(sign: str) -> Callable[[Reference, Check], tuple[str, str]]:
    def queries(reference: Reference, check: Check) -> tuple[str, str]:
        value = {
            "tomorrow": f"DATE '{reference.today + timedelta(days=1)}'", "next year": str(reference.today.year + 1),
        }.get(str(check.asks[0]))  # fmt: skip
        dated = tables(reference.version)[check.table].column(check.field).family in ("date", "datetime")
        value = value or (f"DATE '{check.asks[0]}'" if dated else f"{check.asks[0]:.7f}")
        left = f'CAST("{check.field}" AS DATE)' if dated else f'"{check.field}"'
        rows = f"SELECT 1 FROM cdm.{check.table} WHERE "
        return rows + f"{left} {sign} {value}", rows + f'"{check.field}" IS NOT NULL'

    return queries


def _temporal(reference: Reference, check: Check) -> tuple[str, str]:
    if check.asks[0] == "birth":
        return (
            (
                f"SELECT 1 FROM cdm.{check.table} AS t JOIN cdm.person AS p USING (person_id) WHERE coalesce(CAST(p.birth_datetime "
                f"AS DATE), CAST(p.year_of_birth || '-06-01' AS DATE)) > CAST(t.\"{check.field}\" AS DATE)"
            ),
            _all(check),
        )
    return (
        f'SELECT 1 FROM cdm.{check.table} WHERE CAST("{check.asks[0]}" AS DATE) > CAST("{check.field}" AS DATE)',
        _all(check),
    )


def _after_birth(reference: Reference, check: Check) -> tuple[str, str]:
    return (
        (
            f'SELECT 1 FROM cdm.{check.table} AS t JOIN cdm.person AS p USING (person_id) WHERE CAST(t."{check.field}" AS DATE) < '
            "coalesce(CAST(p.birth_datetime AS DATE), make_date(p.year_of_birth, coalesce(p.month_of_birth, 1), "
            "coalesce(p.day_of_birth, 1)))"
        ),
        f'SELECT 1 FROM cdm.{check.table} WHERE "{check.field}" IS NOT NULL',
    )


def _dead(of: str) -> Callable[[Reference, Check], tuple[str, str]]:
    def queries(reference: Reference, check: Check) -> tuple[str, str]:
        return (
            (
                f"SELECT 1 FROM cdm.{check.table} AS t JOIN cdm.death AS d USING (person_id) "
                f'WHERE CAST(t."{check.field}" AS DATE) > d.death_date + INTERVAL 60 DAY'
            ),
            of.format(t=check.table, f=check.field),
        )

    return queries


def _in_visit(reference: Reference, check: Check) -> tuple[str, str]:
    rows = f"SELECT 1 FROM cdm.{check.table} AS t JOIN cdm.visit_occurrence AS v ON t.visit_occurrence_id = v.visit_occurrence_id"
    f = f't."{check.field}"'
    return (
        f"{rows} WHERE {f} < v.visit_start_date - INTERVAL 7 DAY OR {f} > v.visit_end_date + INTERVAL 7 DAY",
        rows,
    )


def _people(reference: Reference, check: Check) -> tuple[str, str]:
    return (
        (
            f"SELECT 1 FROM cdm.person AS p LEFT JOIN cdm.{check.table} AS t ON p.person_id = t.person_id "
            "WHERE t.person_id IS NULL"
        ),
        "SELECT 1 FROM cdm.person",
    )


def _eras(reference: Reference, check: Check) -> tuple[str, str]:
    ill = "SELECT DISTINCT person_id FROM cdm.condition_occurrence WHERE condition_concept_id <> 0 AND person_id IS NOT NULL"
    return (
        f"SELECT 1 FROM ({ill}) AS i LEFT JOIN cdm.condition_era AS e ON i.person_id = e.person_id WHERE e.person_id IS NULL",
        ill,
    )


def _overlaps(reference: Reference, check: Check) -> tuple[str, str]:
    first, last = "observation_period_start_date", "observation_period_end_date"
    return (
        (
            "SELECT DISTINCT a.person_id FROM cdm.observation_period AS a JOIN cdm.observation_period AS b ON a.person_id = b.person_id "
            f"AND a.observation_period_id <> b.observation_period_id WHERE (a.{first} <= b.{last} AND a.{last} >= b.{first}) "
            f"OR a.{last} + 1 = b.{first} OR b.{last} + 1 = a.{first}"
        ),
        "SELECT DISTINCT person_id FROM cdm.observation_period WHERE person_id IS NOT NULL",
    )


def _gender(reference: Reference, check: Check) -> tuple[str, str]:
    sex, *concepts = check.asks
    family = check.type == "plausibleGenderUseDescendants"
    join = f" JOIN cdm.concept_ancestor AS a ON a.descendant_concept_id = t.{check.field}" if family else ""
    meant = f"{'a.ancestor_concept_id' if family else f't.{check.field}'} IN ({', '.join(map(str, concepts))})"
    return (
        (
            f"SELECT 1 FROM cdm.{check.table} AS t JOIN cdm.person AS p USING (person_id){join} WHERE {meant} "
            f"AND p.gender_concept_id <> {sex}"
        ),
        f"SELECT 1 FROM cdm.{check.table} AS t{join} WHERE {meant}",
    )


def _units(reference: Reference, check: Check) -> tuple[str, str]:
    rows = (
        f"SELECT 1 FROM cdm.measurement WHERE measurement_concept_id = {check.concept} "
        "AND (unit_concept_id <> 0 OR unit_concept_id IS NULL)"
    )
    return f"{rows} AND unit_concept_id NOT IN ({', '.join(map(str, check.asks))})", rows


QUERIES: dict[str, Callable[[Reference, Check], tuple[str, str]]] = {
    "cdmTable": _missing,
    "cdmField": _missing,
    "isRequired": _where("{f} IS NULL"),
    "measureValueCompleteness": _where("{f} IS NULL"),
    "cdmDatatype": _where("{f} IS NOT NULL AND TRY_CAST({f} AS BIGINT) IS NULL"),
    "isPrimaryKey": _primary,
    "isForeignKey": _foreign,
    "fkDomain": _concept("c.domain_id NOT IN ({accepted})"),
    "fkClass": _concept("c.concept_class_id NOT IN ({accepted})"),
    "isStandardValidConcept": _concept(
        "c.standard_concept <> 'S' OR c.standard_concept IS NULL OR c.invalid_reason IS NOT NULL", 't."{f}" IS NOT NULL'
    ),
    "standardConceptRecordCompleteness": _unmapped,
    "sourceConceptRecordCompleteness": _unmapped,
    "sourceValueCompleteness": _source_values,
    "plausibleValueLow": _limit("<"),
    "plausibleValueHigh": _limit(">"),
    "plausibleTemporalAfter": _temporal,
    "plausibleDuringLife": _dead("SELECT 1 FROM cdm.{t} WHERE person_id IN (SELECT person_id FROM cdm.death)"),
    "plausibleBeforeDeath": _dead(
        'SELECT 1 FROM cdm.{t} AS t JOIN cdm.death AS d USING (person_id) WHERE t."{f}" IS NOT NULL'
    ),
    "plausibleAfterBirth": _after_birth,
    "plausibleStartBeforeEnd": _where("CAST({f} AS DATE) > CAST({a} AS DATE)", "{f} IS NOT NULL AND {a} IS NOT NULL"),
    "withinVisitDates": _in_visit,
    "measurePersonCompleteness": _people,
    "measureConditionEraCompleteness": _eras,
    "measureObservationPeriodOverlap": _overlaps,
    "plausibleGender": _gender,
    "plausibleGenderUseDescendants": _gender,
    "plausibleUnitConceptIds": _units,
}
