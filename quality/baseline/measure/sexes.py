"""What only one sex has, counted by concept and the person's sex."""

from __future__ import annotations

from collections.abc import Sequence

from quality.baseline.declared import Check
from quality.baseline.measure.database import Database
from quality.baseline.measure.figure import Figure
from quality.baseline.measure.lives import PEOPLE
from quality.measure.engine import literal, quote

FAMILIES = "known_families"


def prepare(db: Database, checks: Sequence[Check]) -> None:
    """Read the descendants of the families once. A concept below two ancestors of a family counts twice."""
    wanted = ("ancestor_concept_id", "descendant_concept_id")
    families = [(check.concept, int(ancestor)) for check in checks for ancestor in check.asks[1:]]
    if not families or set(db.attach("concept_ancestor", wanted)) != set(wanted):
        return
    asked = ", ".join(f"({literal(name)}, {ancestor})" for name, ancestor in families)
    db.make(
        FAMILIES,
        "SELECT f.family, a.descendant_concept_id AS id, count(*) AS times "
        f"FROM cdm.concept_ancestor AS a JOIN (VALUES {asked}) AS f(family, ancestor) "
        "ON a.ancestor_concept_id = f.ancestor GROUP BY ALL",
    )


def measure(db: Database, checks: Sequence[Check]) -> dict[Check, Figure]:
    """Count rows of people of the other sex, out of all rows of the concept or its family."""
    if not checks:
        return {}
    field = quote(checks[0].field)
    families = [check for check in checks if check.type == "plausibleGenderUseDescendants"]
    if PEOPLE not in db.made or "person_id" not in db.fields:
        return {check: Figure(0, 0, "person.person_id is missing") for check in checks}
    found: dict[Check, Figure] = {}
    if families and FAMILIES not in db.made:
        found = {check: Figure(0, 0, "the table concept_ancestor is missing") for check in families}
        families = []
    singles = [check for check in checks if check.type == "plausibleGender"]
    wanted = ", ".join(check.concept for check in singles)
    below = f" OR id IN (SELECT id FROM {FAMILIES})" if families else ""
    db.run(
        f"CREATE OR REPLACE TEMP TABLE by_concept AS SELECT {field} AS id, count(*) AS n FROM {db.name} GROUP BY 1 "
        f"HAVING id IN ({wanted or 'NULL'}){below}"
    )
    db.run(
        f"CREATE OR REPLACE TEMP TABLE by_sex AS SELECT t.{field} AS id, p.sex, count(*) AS n FROM {db.name} AS t "
        f"JOIN {PEOPLE} AS p ON t.person_id = p.person_id WHERE t.{field} IN (SELECT id FROM by_concept) GROUP BY ALL"
    )
    of = dict(db.rows_of("SELECT id, n FROM by_concept"))
    other = db.rows_of("SELECT id, sex, n FROM by_sex WHERE sex IS NOT NULL")
    for check in singles:
        sex, concept = check.asks
        wrong = sum(n for one, theirs, n in other if one == concept and theirs != sex)
        found[check] = Figure(wrong, of.get(concept, 0))
    for check in families:
        found[check] = _family(db, check)
    return found


def _family(db: Database, check: Check) -> Figure:
    wrong, every = db.one(
        f"SELECT (SELECT coalesce(sum(s.n * f.times), 0)::BIGINT FROM by_sex AS s JOIN {FAMILIES} AS f ON s.id = f.id "
        f"AND f.family = $1 WHERE s.sex <> $2), (SELECT coalesce(sum(c.n * f.times), 0)::BIGINT FROM by_concept AS c "
        f"JOIN {FAMILIES} AS f ON c.id = f.id AND f.family = $1)",
        [check.concept, check.asks[0]],
    )
    return Figure(wrong, every)
