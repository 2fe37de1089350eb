"""The drawn people: who they are to the release, how fine each may be described, and who is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cdm.errors import GateRefused
from deid.dates import choices, offsets
from deid.inputs import RawTable
from deid.keys import GrantKeys
from deid.people.anonymity import Solution, classes, solve
from deid.people.facts import Facts, has, has_region, read_facts, read_sets
from deid.people.quasi import Birth, Quasi, birth, birth_year, flat
from deid.people.roles import Roles, RolesTold
from deid.people.sets import Sets
from deid.policy import Policy
from deid.policy.model import QuasiIdentifier
from deid.pseudonyms import pseudonyms
from deid.risk import Risk, measure

Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class SetCounts:
    """Matched sets drawn; released; and of these the ones that had controls and lost all of them."""

    drawn: int
    released: int
    without_control: int


@dataclass(frozen=True)
class People:
    """The drawn people and the description that k-anonymity leaves.

    table: person_id, subject_id, offset_days, kept, sex, birth_year, own_first, own_last; sorted by person_id. quasi: the
    quasi-identifiers by name. solution: their levels. band, top_year: width of the released bands of birth
    years, and the year told of the oldest; None where none is told. before, after: the risk of the people
    as drawn and as released. roles: what the groups as released tell of cases and controls.
    """

    table: pa.Table
    quasi: Mapping[QuasiIdentifier, Quasi]
    solution: Solution
    band: int | None
    top_year: int | None
    sets: SetCounts
    before: Risk
    after: Risk
    roles: RolesTold

    def level(self, name: QuasiIdentifier, otherwise: int = 0) -> int:
        """Give the level at which a quasi-identifier is released."""
        return dict(zip(self.quasi, self.solution.levels, strict=True)).get(name, otherwise)


def describe(con: duckdb.DuckDBPyConnection, raw: Mapping[str, RawTable], policy: Policy, keys: GrantKeys) -> People:
    """Decide pseudonym, offset, description and suppression of everybody in table `draw`.

    Raises GateRefused where k cannot be reached within the suppression limit.
    """
    settings = policy.settings
    facts = read_facts(con, raw, policy)
    count = facts.person_id.size
    allowed = choices(settings.shift_days, keep_weekday=settings.keep_weekday, keep_season=settings.keep_season)
    offset = offsets(keys.shift, facts.person_id, allowed)
    born = _birth(facts, offset, policy)
    quasi = _quasi(facts, born, raw, policy)
    sets = read_sets(con)
    roles = Roles.of(sets, count, settings.role_privacy)
    solution = solve(tuple(quasi.values()), sets, roles, settings.k, settings.suppression_limit)
    if solution is None:
        demand = "" if roles.model is None else f" and {settings.role_privacy} of cases and controls"
        raise GateRefused(
            f"k-anonymity with k = {settings.k}{demand} cannot be reached by leaving out at most "
            f"{settings.suppression_limit:.1%} of the drawn people, however coarsely they are described "
            f"(now by {', '.join(quasi) or 'nothing'}); draw more people, or allow more to be left out"
        )
    levels = dict(zip(quasi, solution.levels, strict=True))
    year = born.released(levels.get("birth_year", 1))
    # Concept 0 ("no matching concept") stands for a sex that is not told, since the CDM wants the column
    # filled.
    sex = facts.sex if levels.get("sex", 0) == 0 else np.zeros_like(facts.sex)
    oldest = born.top & solution.kept & (year >= 0)
    width = dict(enumerate(born.widths(), start=1)).get(levels.get("birth_year", 1))
    return People(
        table=pa.table(
            {
                "person_id": pa.array(facts.person_id),
                "subject_id": pa.array(pseudonyms(keys, "person", facts.person_id)),
                "offset_days": pa.array(offset.astype(np.int32)),
                "kept": pa.array(solution.kept),
                "sex": pa.array(sex, mask=sex < 0),
                "birth_year": pa.array(year, mask=year < 0),
                "own_first": pa.array(facts.own_first.astype("datetime64[D]")),
                "own_last": pa.array(facts.own_last.astype("datetime64[D]")),
            }
        ),
        quasi=quasi,
        solution=solution,
        band=width if (year >= 0).any() else None,
        top_year=int(year[oldest][0]) if oldest.any() else None,
        sets=_count_sets(sets, solution),
        before=measure(np.bincount(classes(tuple(quasi.values()), [0] * len(quasi), count)), settings.k),
        after=measure(np.bincount(solution.classes[solution.kept]), settings.k),
        roles=roles.told(solution.classes, solution.kept),
    )


def _birth(facts: Facts, offset: Int64, policy: Policy) -> Birth:
    moved = facts.last_seen + offset
    last = np.maximum(_year(facts.last_seen), _year(moved))
    return birth(facts.birth_year, last, policy.settings)


def _year(days: Int64) -> Int64:
    return days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970


def _quasi(facts: Facts, born: Birth, raw: Mapping[str, RawTable], policy: Policy) -> dict[QuasiIdentifier, Quasi]:
    """Make the quasi-identifiers that the policy names and the release shows, in the policy's order."""
    made: dict[QuasiIdentifier, Quasi] = {}
    for name in policy.settings.quasi_identifiers:
        match name:
            case "sex" if has(raw, policy, "person", "gender_concept_id"):
                made[name] = flat(name, facts.sex.astype(str), generalises=True)
            case "birth_year" if has(raw, policy, "person", "year_of_birth"):
                made[name] = birth_year(born)
            case "region" if has_region(raw, policy):
                made[name] = flat(name, facts.region, generalises=True)
            case "index_year":
                # The shifted index date leaves whole, so its year cannot be made coarser here.
                made[name] = flat(name, _year(facts.first_index).astype(str), generalises=False)
            case _:
                pass
    weights = policy.settings.importance
    return {name: replace(found, importance=weights.get(name, 1)) for name, found in made.items()}


def _count_sets(sets: Sets, solution: Solution) -> SetCounts:
    def distinct(rows: NDArray[np.bool_]) -> Int64:
        return np.unique(sets.matched_set[rows])

    stays = solution.kept[sets.person]
    case_left, control_left = distinct(stays & sets.case), distinct(stays & ~sets.case)
    had_control = distinct(~sets.case)
    lost = np.setdiff1d(np.intersect1d(case_left, had_control), control_left)
    return SetCounts(np.unique(sets.matched_set).size, np.union1d(case_left, control_left).size, lost.size)
