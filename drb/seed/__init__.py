"""A demo board with the programme's real yearly volumes: made-up organisations, people and cases, written in sets."""

from drb.seed.seed import YEARLY, Seeded, seed

__all__ = ["YEARLY", "Seeded", "seed"]
