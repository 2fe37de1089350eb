"""A set of related counts as a reader sees them: numbers, and the sums that hold between them.

Whoever reads several tables of one study knows how they hang together: parts add up to totals, a step of an
attrition is never larger than the one before. All of it is written down here as cells and linear relations,
so that what is hidden can be protected against everything that is shown at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MARK = "*"
REASON = "suppressed"
NOTES = {
    "en": "* A number below {threshold}, or one that is withheld so that no such number can be worked out.",
    "ko": "* {threshold} 미만이거나, {threshold} 미만인 수를 계산해 낼 수 없도록 함께 가린 수입니다.",
}


@dataclass(frozen=True)
class Count:
    """A count as it may leave: value is None where it is suppressed (for which reason is not told)."""

    value: int | None

    @property
    def text(self) -> str:
        """The number with thousands separators, or the mark."""
        return MARK if self.value is None else f"{self.value:,}"

    def to_json(self) -> dict[str, int | str | None]:
        """{"count": n} or {"count": null, "reason": "suppressed"}."""
        return {"count": self.value} if self.value is not None else {"count": None, "reason": REASON}


@dataclass
class Tables:
    """Related counts. Names are free; a cell stands once, in however many relations.

    shown: name -> true value of a cell that would be published; latent: name -> true value of a number that
    is not published but follows from others (a difference between two steps); sensitive: names of latent
    numbers that count people; weight: what it costs to hide a cell (1 unless said); fixed: shown cells that are
    known already and cannot be hidden; rounded: of these, name -> what it was rounded to when it was told; relations: name ->
    coefficient, adding up to 0.
    """

    shown: dict[str, int] = field(default_factory=dict)
    latent: dict[str, int] = field(default_factory=dict)
    sensitive: set[str] = field(default_factory=set)
    weight: dict[str, float] = field(default_factory=dict)
    fixed: set[str] = field(default_factory=set)
    rounded: dict[str, int] = field(default_factory=dict)
    relations: list[dict[str, int]] = field(default_factory=list)

    def cell(self, name: str, value: int, weight: float = 1.0) -> str:
        """Add a count that is to be shown."""
        if self.shown.get(name, value) != value:
            raise ValueError(f"cell {name} is given two values")
        self.shown[name] = value
        self.weight[name] = weight
        return name

    def known(self, name: str, value: int, round_to: int | None) -> str:
        """Add a count that was told before, as a multiple of `round_to` if any."""
        self.fixed.add(self.cell(name, value))
        if round_to:
            self.rounded[name] = round_to
        return name

    def hidden(self, name: str, value: int) -> str:
        """Add a count of people that is not shown, and may follow from others."""
        self.latent[name] = value
        self.sensitive.add(name)
        return name

    def total(self, total: str, parts: Iterable[str]) -> None:
        """State that the parts add up to the total."""
        self.relate({total: -1, **dict.fromkeys(parts, 1)})

    def difference(self, larger: str, smaller: str, factor: int = 1, people: bool = True) -> None:
        """State that factor * larger - smaller is not negative; with `people` it counts people itself."""
        name = f"{factor}*{larger} - {smaller}"
        self.latent[name] = factor * self.value(larger) - self.value(smaller)
        if people:
            self.sensitive.add(name)
        self.relate({larger: factor, smaller: -1, name: -1})

    def relate(self, coefficients: Mapping[str, int]) -> None:
        """State that the cells, each times its coefficient, add up to zero."""
        off = sum(k * self.value(name) for name, k in coefficients.items())
        if off:
            raise ValueError("the counts do not add up as the relation says")
        self.relations.append(dict(coefficients))

    def value(self, name: str) -> int:
        """Look up the true value of a cell, shown or latent."""
        return self.shown[name] if name in self.shown else self.latent[name]

    def names(self) -> list[str]:
        """All cells, in the order in which they were added, shown before latent."""
        return [*self.shown, *self.latent]
