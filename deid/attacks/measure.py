"""The attacks on one release, and what each gains.

Half of the released people stand for the release; the other half, whose rows the attacker is not given, are the control
group: a description that fits one of them alone, or a right guess about one of them, owes nothing to the release. Both
halves went through the same policy. What is measured is therefore the risk of a release of half the size, in which people
are easier to tell apart than in the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import duckdb
import numpy as np

from cdm.errors import GateRefused
from deid.attacks.draws import Draws
from deid.attacks.nearest import inferred, linked
from deid.attacks.rates import Gain, Rate
from deid.attacks.seen import Seen, see
from deid.attacks.singling_out import Descriptions, of_one_column, of_several_columns
from deid.inputs import RawTable
from deid.keys import GrantKeys
from deid.policy import Policy

Kind = Literal["singling_out_one", "singling_out_four", "linkability", "inference"]
KINDS: tuple[Kind, ...] = get_args(Kind)
ATTACKS, TRIES, PARTS = 400, 2000, 4
ROUNDS, WORK = 16, 1 << 26
"""Descriptions are tried in so many rounds, in fewer where there are many people to compare each with."""
FEWEST = 50
"""People in each half below whom nothing is measured: the interval would be as wide as the scale."""


@dataclass(frozen=True)
class Attack:
    """One kind of attack on a release.

    attacks: how many were made; rate: share that succeeded; control: on the control group; blind: without the release;
    gain: the risk, what the release adds.
    """

    kind: Kind
    attacks: int
    rate: float
    control: float
    blind: float
    gain: Gain

    def to_json(self) -> dict[str, object]:
        """Give it as plain JSON."""
        return {
            "attack": self.kind,
            "attacks": self.attacks,
            "rate": round(self.rate, 4),
            "control": round(self.control, 4),
            "blind": round(self.blind, 4),
            "risk": round(self.gain.value, 4),
            "interval": [round(self.gain.low, 4), round(self.gain.high, 4)],
        }


def attack_people(
    con: duckdb.DuckDBPyConnection, raw: Mapping[str, RawTable], out: Path, policy: Policy, keys: GrantKeys
) -> tuple[Attack, ...]:
    """Attack a release in folder `out`; nothing where it has too few people, or tells nothing of them.

    Raises GateRefused where an attack gains more than the policy allows.
    """
    draws = Draws(keys.order)
    people, before, after = see(con, raw, out)
    released = np.zeros(len(people), np.bool_)
    released[draws.some(len(people), len(people) // 2)] = True
    found = measure(before.of(released), after.of(released), before.of(~released), draws)
    limit = policy.settings.attack_limit
    for attack in found:
        if attack.gain.value > limit:
            raise GateRefused(
                f"the attack {attack.kind} gains {attack.gain.value:.0%} over guessing about people outside of the release, the "
                f"policy allows {limit:.0%} (settings.attack_limit); extract fewer tables, coarser codes, or in another tier"
            )
    return found


def measure(original: Seen, released: Seen, control: Seen, draws: Draws) -> tuple[Attack, ...]:
    """Make all attacks, in order of `KINDS`, without those for which the release tells too little.

    original: the released people as the hospital knows them, row by row as in `released`; control: people in no release.
    """
    if min(len(original.values), len(control.values)) < FEWEST or not len(original.names):
        return ()
    found = [*_singling_out(original, released, control, draws)]
    targets = tuple(side.of(_chosen(side, draws)) for side in (original, control))
    if original.public.any() and not original.public.all():
        rates = [linked(target, released) for target in targets]
        found.append(_attack("linkability", rates, targets, 1 / len(released.values)))
    if (secret := _secret(released)) is not None:
        rates = [inferred(target, released, secret) for target in targets]
        share = float(released.values[:, secret].mean())
        found.append(_attack("inference", rates, targets, share**2 + (1 - share) ** 2))
    return tuple(found)


def _singling_out(original: Seen, released: Seen, control: Seen, draws: Draws) -> list[Attack]:
    one, four = _able(of_one_column(released), released), _several(released, draws)
    found = []
    pairs: tuple[tuple[Kind, Descriptions, int], ...] = ("singling_out_one", one, 1), ("singling_out_four", four, PARTS)
    for kind, made, parts in pairs:
        used = made.rows(np.sort(draws.some(len(made), ATTACKS)))
        if not len(used):
            continue
        n = len(used)
        rate, guess = Rate.of(_alone(used, original), n), Rate.of(_alone(used, control), n)
        blind = of_several_columns(released, parts, ATTACKS, draws, blind=True)
        without = _alone(blind, original) / max(len(blind), 1)
        found.append(Attack(kind, n, rate.value, guess.value, without, Gain.over(rate, guess)))
    return found


def _able(made: Descriptions, released: Seen) -> Descriptions:
    """Only a description that is one person's in the release is worth trying."""
    return made.rows(np.flatnonzero(made.fitting(released) == 1))


def _several(released: Seen, draws: Draws) -> Descriptions:
    """Describe people until there are enough different descriptions that are one person's, or enough was tried."""
    rounds = int(np.clip(WORK // (TRIES * len(released.values)), 1, ROUNDS))
    made = _able(of_several_columns(released, PARTS, TRIES, draws), released)
    made = made.with_more(made)
    while len(made) < ATTACKS and (rounds := rounds - 1):
        made = made.with_more(_able(of_several_columns(released, PARTS, TRIES, draws), released))
    return made


def _alone(made: Descriptions, people: Seen) -> int:
    return int((made.fitting(people) == 1).sum())


def _chosen(side: Seen, draws: Draws) -> np.typing.NDArray[np.bool_]:
    chosen = np.zeros(len(side.values), np.bool_)
    chosen[draws.some(len(chosen), ATTACKS)] = True
    return chosen


def _secret(released: Seen) -> int | None:
    """The code that nearest to half of the people carry: of it there is most to learn."""
    codes = [n for n, name in enumerate(released.names) if name.startswith("has_")]
    shares = [abs(float(released.values[:, n].mean()) - 0.5) for n in codes]
    return codes[int(np.argmin(shares))] if codes and len(released.names) > 1 else None


def _attack(kind: Kind, successes: list[float], targets: tuple[Seen, ...], blind: float) -> Attack:
    rates = [Rate.of(n, len(target.values)) for n, target in zip(successes, targets, strict=True)]
    return Attack(kind, len(targets[0].values), rates[0].value, rates[1].value, blind, Gain.over(rates[0], rates[1]))
