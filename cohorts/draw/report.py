"""What a draw says about itself.

It holds exact counts: it stays in the hospital until disclosure control is
done.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from cohorts.draw.balance import Balance
from cohorts.draw.loveplot import Line, love_plot
from cohorts.draw.spec import DrawSpec
from cohorts.draw.table1 import Row


@dataclass(frozen=True)
class Counts:
    """People of each role; sets are the matched sets (cases alone where no control is wanted)."""

    cases: int
    controls: int


@dataclass(frozen=True)
class Stratum:
    """Cases of one matching stratum.

    levels: factor -> level; available: eligible; drawn: with a control;
    unmatched: tried, and no control was left or fitted; why: reason (`unmatched.REASONS`) -> how many of them.
    """

    levels: dict[str, str]
    available: int
    drawn: int
    unmatched: int
    why: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class DrawReport:
    """What was wanted, what exists, what was drawn, and how alike it is.

    wanted, available (eligible under the specification), drawn: people; sets: matched sets; set_sizes:
    controls in a set -> how many sets; unmatched: the strata with unmatched cases, most first;
    pairs_by_repair: pairs that re-pairing brought in; pairs_exchanged: controls that came in for the sake of
    balance; notes: sentences on what fell short (without numbers).
    """

    spec: DrawSpec
    wanted: Counts
    available: Counts
    drawn: Counts
    sets: int
    set_sizes: dict[int, int]
    strata: int
    unmatched: tuple[Stratum, ...]
    pairs_by_repair: int
    pairs_exchanged: int
    balance: tuple[Balance, ...]
    table1: tuple[Row, ...]
    notes: tuple[str, ...]

    @property
    def max_smd(self) -> float:
        """The largest |SMD| after the draw (0 where none can be told)."""
        return max((abs(b.smd_after) for b in self.balance if b.smd_after is not None), default=0.0)

    def love_plot(self, lang: str = "en") -> str:
        """SVG text of the exact balance, for inside the hospital; lang 'en' or 'ko'."""
        return love_plot([Line.of(row) for row in self.balance], lang)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: every field, the specification as its own JSON, and max_smd."""
        out = asdict(self)
        out["spec"] = self.spec.model_dump(mode="json")
        out["set_sizes"] = {str(size): n for size, n in self.set_sizes.items()}
        out["max_smd"] = self.max_smd
        for key in ("unmatched", "balance", "table1", "notes"):
            out[key] = list(out[key])
        return out
