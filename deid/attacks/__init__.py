"""Attacks on a release by somebody who holds it: singling out, linking, inferring, beside a control group."""

from deid.attacks.measure import Attack, attack_people, measure

__all__ = ["Attack", "attack_people", "measure"]
