"""When entries end: the earliest candidate on or after the start, then collapsed into eras and cut to the window.

included  key, owner, person_id, start_date, end_date, op_end [...]
"""

from __future__ import annotations

from collections.abc import Sequence

from cohorts.criteria.domains import DRUG_EXPOSURE
from cohorts.plan.nodes import DrugExit
from cohorts.sql.eras import joined
from cohorts.sql.scans import default_end


def drug_eras(exits: Sequence[tuple[int, DrugExit]]) -> str:
    """`drug_era_exit` rows (exit_id, person_id, start_date, end_date) of the people in `exit_person`.

    An exposure counts once for its concept and once for its source concept. Padded by gap and offset while joined; the
    gap is taken off again, the offset stays.
    """
    rows = []
    for column in ("drug_concept_id", "drug_source_concept_id"):
        for number, given in exits:
            end = (
                default_end(DRUG_EXPOSURE)
                if given.days_supply is None
                else f"t.{DRUG_EXPOSURE.start} + {given.days_supply}"
            )
            rows.append(
                f"""SELECT {number} AS exit_id, t.person_id, t.{DRUG_EXPOSURE.start} AS start_date,
    {end} + {given.gap + given.offset} AS end_date
FROM cdm.drug_exposure t SEMI JOIN (SELECT concept_id FROM member WHERE set_id = {given.concept_set}) m
    ON m.concept_id = t.{column}
SEMI JOIN (SELECT person_id FROM exit_person WHERE exit_id = {number}) w ON w.person_id = t.person_id"""
            )
    gaps = " ".join(f"WHEN {number} THEN {given.gap}" for number, given in exits)
    eras = joined("\nUNION ALL\n".join(rows), ("exit_id", "person_id"))
    return f"SELECT exit_id, person_id, start_date, end_date - CASE exit_id {gaps} END AS end_date FROM ({eras})"


EXIT_PERSON = """SELECT DISTINCT d.exit_id, i.person_id FROM included i JOIN definition d ON d.owner = i.owner
WHERE d.exit_id IS NOT NULL"""

_DRUG = """SELECT i.key, min(x.end_date) AS end_date
FROM included i JOIN definition d ON d.owner = i.owner
JOIN drug_era_exit x ON x.exit_id = d.exit_id AND x.person_id = i.person_id
    AND i.start_date BETWEEN x.start_date AND x.end_date
GROUP BY i.key"""

_CENSOR = """SELECT i.key, min(e.start_date) AS end_date
FROM included i JOIN censor_stream s ON s.owner = i.owner
JOIN event e ON e.stream = s.stream AND e.person_id = i.person_id
    AND e.start_date >= i.start_date AND e.start_date <= i.op_end
GROUP BY i.key"""

_OFFSET = """CASE WHEN d.offset_days IS NULL THEN i.op_end
    WHEN CASE WHEN d.offset_from_end THEN i.end_date ELSE i.start_date END + d.offset_days > i.op_end THEN i.op_end
    ELSE CASE WHEN d.offset_from_end THEN i.end_date ELSE i.start_date END + d.offset_days END"""


def entries(offset: bool, drug: bool, censored: bool) -> str:
    """(owner, person_id, start_date, end_date) of every included event that ends at all."""
    own = _OFFSET if offset else "i.op_end"
    candidates = [f"CASE WHEN {own} >= i.start_date THEN {own} END" if offset else own]
    joins = " JOIN definition d ON d.owner = i.owner" if offset else ""
    if drug:
        candidates.append("x.end_date")
        joins += f"\nLEFT JOIN ({_DRUG}) x ON x.key = i.key"
    if censored:
        candidates.append("z.end_date")
        joins += f"\nLEFT JOIN ({_CENSOR}) z ON z.key = i.key"
    end = candidates[0] if len(candidates) == 1 else f"least({', '.join(candidates)})"
    return f"""SELECT owner, person_id, start_date, ends AS end_date FROM (
    SELECT i.owner, i.person_id, i.start_date, {end} AS ends FROM included i{joins}
) WHERE ends IS NOT NULL"""


def collapsed(single: bool, several: bool) -> str:
    """Entries of `entry` after collapsing; owners with one event per person have nothing to collapse."""
    parts = []
    if single:
        parts.append("SELECT e.* FROM entry e JOIN definition d ON d.owner = e.owner WHERE d.single")
    if several:
        padded = """SELECT e.owner, e.person_id, e.start_date, e.end_date + d.era_pad AS end_date
        FROM entry e JOIN definition d ON d.owner = e.owner WHERE NOT d.single"""
        parts.append(
            f"""SELECT c.owner, c.person_id, c.start_date, c.end_date - d.era_pad AS end_date
FROM ({joined(padded, ("owner", "person_id"))}) c JOIN definition d ON d.owner = c.owner"""
        )
    return "\nUNION ALL\n".join(parts)


def clamped(rows: str) -> str:
    """Rows cut to the censor window; what does not reach into it goes."""
    return f"""SELECT owner, person_id, start_date, end_date, windowed FROM (
    SELECT r.owner, r.person_id, greatest(r.start_date, d.from_date) AS start_date,
        least(r.end_date, d.to_date) AS end_date, d.from_date IS NOT NULL OR d.to_date IS NOT NULL AS windowed
    FROM ({rows}) r JOIN definition d ON d.owner = r.owner
) WHERE NOT windowed OR start_date <= end_date"""
