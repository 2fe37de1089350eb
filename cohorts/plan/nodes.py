"""The normalised plan: definitions as data, with everything they share named once.

Streams are sets of events, shared between definitions that ask for the same ones:
    Scan    rows of one CDM table
    Keep    a stream's events for which a group of criteria holds
    Eras    a person's events of several streams, joined into eras
A definition refers to streams by number; streams refer only to streams with a smaller number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from cohorts.plan.filters import Filter, Operand

Limit = Literal["all", "first", "last"]


@dataclass(frozen=True)
class SetItem:
    """One line of a concept set."""

    concept: int
    excluded: bool
    descendants: bool
    mapped: bool


@dataclass(frozen=True, order=True)
class Code:
    """A source value that counts as a concept of a set, in capitals and without blanks around; prefix: its beginning."""

    text: str
    prefix: bool


@dataclass(frozen=True)
class Adjust:
    """Moved dates: which date each side starts from, and days added. Events that then end before they start go."""

    start_from: Literal["start", "end"]
    start_days: int
    end_from: Literal["start", "end"]
    end_days: int


@dataclass(frozen=True)
class Shown:
    """Dates shown instead of the event's own (a user-defined period); filters and order still use its own."""

    start: date | None
    end: date | None


@dataclass(frozen=True)
class Scan:
    """Rows of one kind of event. `first` ranks a person's rows after the concept sets, before adjustment and filters.

    concept_set, source_set: sets that the (source) concept column has to be in; concept_codes, source_codes: source
    values that are as good as that. counted: a further value that some occurrence count needs.
    """

    kind: str
    concept_set: int | None = None
    source_set: int | None = None
    first: bool = False
    adjust: Adjust | None = None
    shown: Shown | None = None
    filters: tuple[Filter, ...] = ()
    counted: Operand | None = None
    concept_codes: tuple[Code, ...] = ()
    source_codes: tuple[Code, ...] = ()

    @property
    def coded(self) -> bool:
        """Whether source values matter."""
        return bool(self.concept_codes or self.source_codes)


@dataclass(frozen=True)
class Keep:
    """The events of a stream that lie in an observation period and for which the group holds."""

    stream: int
    group: Group


@dataclass(frozen=True)
class Eras:
    """Events that touch or overlap, joined; filters, first and adjustment as in Scan.

    circe-be pads the ends of a custom era only after it has looked which events touch: its GapDays bridges nothing.
    """

    streams: tuple[int, ...]
    first: bool = False
    adjust: Adjust | None = None
    filters: tuple[Filter, ...] = ()
    counted: Operand | None = None


Stream = Scan | Keep | Eras


@dataclass(frozen=True)
class Side:
    """One bound of a window on an event's date: the tightest of its parts. None, False: no such part.

    from_start, from_end: days from the index event's start, end. period_start, period_end: the ends of the index
    event's observation period.
    """

    from_start: int | None = None
    from_end: int | None = None
    period_start: bool = False
    period_end: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it bounds nothing."""
        return self == Side()


@dataclass(frozen=True)
class Window:
    """Bounds of an event's start and end date."""

    start_from: Side
    start_to: Side
    end_from: Side
    end_to: Side


Distinct = Literal["start", "end", "visit", "event", "counted"]


@dataclass(frozen=True)
class Check:
    """How many events of a stream have to lie in a window.

    op 0 exactly, 1 at most, 2 at least `count`; distinct: the value whose distinct values are counted.
    """

    stream: int
    window: Window
    same_visit: bool
    op: Literal[0, 1, 2]
    count: int
    distinct: Distinct | None = None

    @property
    def absent_passes(self) -> bool:
        """Whether an index event without any match is looked at, too (circe-be joins from the left)."""
        return self.op == 1 or self.count == 0


@dataclass(frozen=True)
class Person:
    """Who the person is on the index date."""

    filters: tuple[Filter, ...]


@dataclass(frozen=True)
class Group:
    """Children of which all, any, at least or at most `count` have to hold. Without children it holds always."""

    kind: Literal["ALL", "ANY", "AT_LEAST", "AT_MOST"]
    count: int
    checks: tuple[Check, ...] = ()
    people: tuple[Person, ...] = ()
    groups: tuple[Group, ...] = ()

    @property
    def size(self) -> int:
        """How many children it has."""
        return len(self.checks) + len(self.people) + len(self.groups)


@dataclass(frozen=True)
class OffsetExit:
    """Leave `days` after the index event's start or end, at the latest with the observation period."""

    field: Literal["start", "end"]
    days: int


@dataclass(frozen=True)
class DrugExit:
    """Leave when the drug era that holds the index date ends.

    streams: the exposures of which eras are made: those with a drug (or a source code), and those with a source concept,
    of the set.
    """

    concept_set: int
    streams: tuple[int, ...]
    gap: int
    offset: int
    days_supply: int | None


@dataclass(frozen=True)
class Rule:
    """An inclusion rule."""

    name: str
    group: Group


@dataclass(frozen=True)
class Definition:
    """One cohort. Streams by number; limits already reduced to what they can still change."""

    name: str
    primary: tuple[int, ...]
    prior_days: int
    post_days: int
    primary_limit: Limit
    additional: Group | None
    qualified_limit: Limit
    rules: tuple[Rule, ...]
    limit: Limit
    exit: OffsetExit | DrugExit | None
    censoring: tuple[int, ...]
    era_pad: int
    from_date: date | None
    to_date: date | None


@dataclass(frozen=True)
class Plan:
    """Everything that a run has to do."""

    definitions: tuple[Definition, ...]
    streams: tuple[Stream, ...]
    sets: tuple[tuple[SetItem, ...], ...]
