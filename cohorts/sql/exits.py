"""When entries end: the earliest candidate on or after the start, then collapsed into eras and cut to the window.

included  key, owner, person_id, start_date, end_date, op_end [...]
"""

from __future__ import annotations

from collections.abc import Sequence

from cohorts.criteria.domains import DRUG_EXPOSURE
from cohorts.plan.nodes import DrugExit
from cohorts.sql.definitions import Definitions
from cohorts.sql.eras import joined, joined_forward
from cohorts.sql.scans import default_end


def drug_eras(exits: Sequence[tuple[int, DrugExit]]) -> str:
    """`drug_era_exit` rows (exit_id, person_id, start_date, end_date) of the people in `exit_person`.

    An exposure counts once for its concept and once for its source concept (and once for the set's source codes). Padded
    by gap and offset while joined; the gap is taken off again, the offset stays.
    """
    rows = [row for number, given in exits for row in _exposures(number, given)]
    gaps = " ".join(f"WHEN {number} THEN {given.gap}" for number, given in exits)
    join = joined_forward if all(given.gap >= 0 for _, given in exits) else joined
    keys = ("exit_id", "person_id") if len(exits) > 1 else ("person_id",)
    eras = join("\nUNION ALL\n".join(rows), keys)
    if len(exits) == 1:
        ((number, given),) = exits
        return f"SELECT {number} AS exit_id, person_id, start_date, end_date - {given.gap} AS end_date FROM ({eras})"
    return f"SELECT exit_id, person_id, start_date, end_date - CASE exit_id {gaps} END AS end_date FROM ({eras})"


def _exposures(number: int, given: DrugExit) -> list[str]:
    end = default_end(DRUG_EXPOSURE) if given.days_supply is None else f"t.{DRUG_EXPOSURE.start} + {given.days_supply}"
    members = f"(SELECT concept_id FROM member WHERE set_id = {given.concept_set})"
    by = [f"{members} m ON m.concept_id = t.{column}" for column in ("drug_concept_id", "drug_source_concept_id")]
    if given.codes:
        values = f"(SELECT value FROM exit_value WHERE stream = {number})"
        by.append(f"{values} m ON m.value = t.{DRUG_EXPOSURE.source_value}")
    return [
        f"""SELECT {number} AS exit_id, t.person_id, t.{DRUG_EXPOSURE.start} AS start_date,
    {end} + {given.gap + given.offset} AS end_date
FROM cdm.drug_exposure t SEMI JOIN {selected}
SEMI JOIN (SELECT person_id FROM exit_person WHERE exit_id = {number}) w ON w.person_id = t.person_id"""
        for selected in by
    ]


def exit_person(given: Definitions) -> str:
    """(exit_id, person_id) of whom the drug exits matter to."""
    exit_id = given.of("exit_id")
    return f"""SELECT DISTINCT {exit_id} AS exit_id, i.person_id FROM included i{given.join("i.owner", "exit_id")}
WHERE {exit_id} IS NOT NULL"""


def _drug(given: Definitions) -> str:
    return f"""SELECT i.key, min(x.end_date) AS end_date FROM included i{given.join("i.owner", "exit_id")}
JOIN drug_era_exit x ON x.exit_id = {given.of("exit_id")} AND x.person_id = i.person_id
    AND i.start_date BETWEEN x.start_date AND x.end_date
GROUP BY i.key"""


_CENSOR = """SELECT i.key, min(e.start_date) AS end_date
FROM included i JOIN censor_stream s ON s.owner = i.owner
JOIN event e ON e.stream = s.stream AND e.person_id = i.person_id
    AND e.start_date >= i.start_date AND e.start_date <= i.op_end
GROUP BY i.key"""


def _offset(given: Definitions) -> str:
    date = f"CASE WHEN {given.of('offset_from_end')} THEN i.end_date ELSE i.start_date END + {given.of('offset_days')}"
    return f"CASE WHEN {given.of('offset_days')} IS NULL OR {date} > i.op_end THEN i.op_end ELSE {date} END"


def entries(given: Definitions, offset: bool, drug: bool, censored: bool) -> str:
    """(owner, person_id, start_date, end_date) of every included event that ends at all."""
    own = _offset(given) if offset else "i.op_end"
    candidates = [f"CASE WHEN {own} >= i.start_date THEN {own} END" if offset else own]
    joins = given.join("i.owner", "offset_from_end", "offset_days") if offset else ""
    if drug:
        candidates.append("x.end_date")
        joins += f"\nLEFT JOIN ({_drug(given)}) x ON x.key = i.key"
    if censored:
        candidates.append("z.end_date")
        joins += f"\nLEFT JOIN ({_CENSOR}) z ON z.key = i.key"
    end = candidates[0] if len(candidates) == 1 else f"least({', '.join(candidates)})"
    return f"""SELECT owner, person_id, start_date, ends AS end_date FROM (
    SELECT i.owner, i.person_id, i.start_date, {end} AS ends FROM included i{joins}
) WHERE ends IS NOT NULL"""


def collapsed(given: Definitions, single: bool, several: bool, forward: bool) -> str:
    """Entries of `entry` after collapsing; owners with one event per person have nothing to collapse.

    forward: no padding is negative, so that no padded entry ends before it starts.
    """
    parts = []
    if single:
        which = " WHERE d.single" if several else ""
        parts.append(f"SELECT e.* FROM entry e{given.join('e.owner', 'single')}{which}")
    if several:
        pad, join = given.of("era_pad"), joined_forward if forward else joined
        which = " WHERE NOT d.single" if single else ""
        owner, keys = ("c.owner", ("owner", "person_id")) if given.several else (given.of("owner"), ("person_id",))
        padded = f"""SELECT e.owner, e.person_id, e.start_date, e.end_date + {pad} AS end_date
        FROM entry e{given.join("e.owner", "era_pad", "single")}{which}"""
        parts.append(
            f"""SELECT {owner} AS owner, c.person_id, c.start_date, c.end_date - {pad} AS end_date
FROM ({join(padded, keys)}) c{given.join("c.owner", "era_pad")}"""
        )
    return "\nUNION ALL\n".join(parts)


def clamped(given: Definitions, rows: str) -> str:
    """Rows cut to the censor window; what does not reach into it goes."""
    first, last = given.of("from_date"), given.of("to_date")
    return f"""SELECT owner, person_id, start_date, end_date, windowed FROM (
    SELECT r.owner, r.person_id, greatest(r.start_date, {first}) AS start_date,
        least(r.end_date, {last}) AS end_date, {first} IS NOT NULL OR {last} IS NOT NULL AS windowed
    FROM ({rows}) r{given.join("r.owner", "from_date", "to_date")}
) WHERE NOT windowed OR start_date <= end_date"""
