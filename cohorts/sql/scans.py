"""One pass over one CDM table for all the streams that read it.

A branch is a set of streams that select by the same column; a table is read once per branch (nearly always once).
A row goes to each stream whose concept set holds its concept; what differs between streams is chosen by CASE.

    selection           stream | concept_id      which concepts lead to which stream
    selection_source    stream | concept_id      the same for source concepts, where a stream asks for both
    who                 person_id                people to whom the events are limited
    events: [stream |] person_id | start_date [| end_date] [| event_id] [| visit_id] [| sort_date] [| counted_id,
        counted_number] [| rank_date, passes]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from cohorts.criteria.declare import Domain
from cohorts.criteria.domains import DOMAINS
from cohorts.plan.filters import AGE_AT_END, DURATION, END, Column, Operand, Value, operands, places
from cohorts.plan.nodes import Scan
from cohorts.plan.uses import Use
from cohorts.sql.conditions import Bound, Dates, among, conjunction, literal, operand

By = Literal["concept", "source", "both", "all"]
NUMBERS = frozenset({"quantity", "range_high", "range_low", "value_as_number", "dose_value"})
_APART = 16  # from so many streams on, those without conditions are read by a statement of their own


@dataclass(frozen=True)
class Layout:
    """Which optional columns the events of a branch have; sort: the day they are ranked by is not the one shown."""

    ends: bool
    ids: bool
    visit: bool
    sort: bool
    counted: bool


@dataclass(frozen=True)
class Branch:
    """Streams of one table that select by the same column; `first`: of which a person's first row alone counts."""

    domain: Domain
    by: By
    first: bool
    streams: tuple[tuple[int, Scan], ...]

    @property
    def several(self) -> bool:
        """Whether rows say which stream they are of."""
        return len(self.streams) > 1

    @property
    def adjusted(self) -> bool:
        """Whether any stream moves dates."""
        return any(scan.adjust for _, scan in self.streams)


@dataclass(frozen=True)
class Limits:
    """People to whom a scan is limited: those of table `who`, and person_id from first to last."""

    who: bool = False
    span: tuple[int, int] | None = None


def branches(scans: Iterable[tuple[int, Scan]]) -> tuple[Branch, ...]:
    """The branches of these streams, in a fixed order."""
    found: dict[tuple[str, By, bool], list[tuple[int, Scan]]] = {}
    for number, scan in scans:
        found.setdefault((scan.kind, _by(scan), scan.first), []).append((number, scan))
    return tuple(
        Branch(DOMAINS[kind], by, first, tuple(part))
        for (kind, by, first), streams in sorted(found.items())
        for part in _parts(streams)
    )


def _parts(streams: list[tuple[int, Scan]]) -> list[list[tuple[int, Scan]]]:
    """A long CASE is costly for rows that it says nothing about."""
    if len(streams) < _APART:
        return [streams]
    plain = [one for one in streams if is_plain(one[1])]
    return [part for part in (plain, [one for one in streams if not is_plain(one[1])]) if part]


def is_plain(scan: Scan) -> bool:
    """Whether every selected row is an event as it stands."""
    return not (scan.filters or scan.adjust or scan.shown or scan.counted)


def _by(scan: Scan) -> By:
    if scan.concept_set is None:
        return "all" if scan.source_set is None else "source"
    return "concept" if scan.source_set is None else "both"


def layout(branch: Branch, used: tuple[Use, ...]) -> Layout:
    """The columns that the branch's events have to carry."""
    use = Use()
    for number, _ in branch.streams:
        use |= used[number]
    scans = [scan for _, scan in branch.streams]
    return Layout(
        ends=use.ends,
        ids=use.ids or branch.first,
        visit=use.visit,
        sort=use.ids and any(scan.shown for scan in scans),
        counted=any(scan.counted for scan in scans),
    )


def event_columns(branch: Branch, shape: Layout) -> tuple[str, ...]:
    """The columns of the table that the branch reads."""
    domain = branch.domain
    found = ["person_id", domain.start]
    if shape.ends or _looks_at_end(branch):
        found += [*domain.end, *([domain.supply] if domain.supply else [])]
    found += [domain.event_id] if shape.ids else []
    visited = any("visit" in places(scan.filters) for _, scan in branch.streams)
    found += ["visit_occurrence_id"] if domain.visit and (shape.visit or visited) else []
    found += [domain.concept] if branch.by in {"concept", "both"} and domain.concept else []
    found += [domain.source[1]] if branch.by in {"source", "both"} and domain.source else []
    return tuple(dict.fromkeys([*found, *_filter_columns(branch)]))


def _looks_at_end(branch: Branch) -> bool:
    looked_at = {one for _, scan in branch.streams for condition in scan.filters for one in operands(condition)}
    looked_at |= {scan.counted for _, scan in branch.streams if scan.counted}
    return branch.adjusted or bool(looked_at & {END, DURATION, AGE_AT_END, Value("shown_duration")})


def _filter_columns(branch: Branch) -> tuple[str, ...]:
    found: list[str] = []
    for _, scan in branch.streams:
        looked_at: list[Operand] = [one for condition in scan.filters for one in operands(condition)]
        looked_at += [scan.counted] if scan.counted else []
        for one in looked_at:
            found += _own_columns(one)
        needed = places(scan.filters)
        found += ["provider_id"] if "provider" in needed else []
        found += ["care_site_id"] if "care_site" in needed else []
    return tuple(dict.fromkeys(found))


def _own_columns(given: Operand) -> list[str]:
    if isinstance(given, Column):
        return [given.name] if given.place == "event" else []
    return {
        "ratio_to_low": ["value_as_number", "range_low"],
        "ratio_to_high": ["value_as_number", "range_high"],
        "cause_or_zero": ["cause_concept_id"],
    }.get(given.name, [])


def select(branch: Branch, shape: Layout, bound: Bound, limits: Limits) -> str:
    """The events of a branch. First ones are not picked yet: all rows come, with rank_date and passes."""
    raw = _raw(branch, shape, limits)
    source = f"({_adjusted(branch, raw)})" if branch.adjusted else f"({raw})"
    conditions = [text for text in (_filtered(branch, bound), _sound(branch)) if text]
    columns = _shown(branch, shape)
    if branch.first:
        passes = " AND ".join(conditions) or "TRUE"
        columns += [
            f"CAST(c.{'raw_date' if branch.adjusted else 'start_date'} AS DATE) AS rank_date",
            f"coalesce({passes}, FALSE) AS passes",
        ]
    where = f" WHERE {' AND '.join(conditions)}" if conditions and not branch.first else ""
    return f"SELECT {', '.join(columns)} FROM {source} c{_joins(branch)}{where}"


def _sound(branch: Branch) -> str:
    """Adjusted events have to end after they start."""
    if not branch.adjusted:
        return ""
    loose = [number for number, scan in branch.streams if scan.adjust is None]
    sound = "c.end_date >= c.start_date"
    return f"(c.stream {among(loose)} OR {sound})" if loose else sound


def default_end(domain: Domain, alias: str = "t") -> str:
    """The end date of an event that has none: circe-be's rules."""
    candidates = [f"{alias}.{name}" for name in domain.end]
    if domain.supply:
        candidates.append(f"{alias}.{domain.start} + CAST({alias}.{domain.supply} AS INTEGER)")
    if domain.next_day:
        candidates.append(f"{alias}.{domain.start} + 1")
    return candidates[0] if len(candidates) == 1 else f"coalesce({', '.join(candidates)})"


def _raw(branch: Branch, shape: Layout, limits: Limits) -> str:
    domain = branch.domain
    further = [f"t.{name}" for name in _filter_columns(branch) if name != "person_id"]
    columns = [
        *(["m.stream"] if branch.several else []), "t.person_id", f"t.{domain.start} AS start_date",
        f"{default_end(domain)} AS end_date", f"t.{domain.event_id} AS event_id",
        f"{'t.visit_occurrence_id' if domain.visit else 'CAST(NULL AS BIGINT)'} AS visit_id", *further,
    ]  # fmt: skip
    if not shape.ids:
        columns.remove(f"t.{domain.event_id} AS event_id")
    if not (shape.ends or _looks_at_end(branch)):
        columns.remove(f"{default_end(domain)} AS end_date")
    if not (shape.visit or any("visit" in places(scan.filters) for _, scan in branch.streams)):
        columns = [column for column in columns if not column.endswith(" AS visit_id")]
    return f"SELECT {', '.join(columns)} FROM cdm.{domain.table} t{_selecting(branch)}{_limit(limits)}"


def _limit(limits: Limits) -> str:
    who = " SEMI JOIN who ON who.person_id = t.person_id" if limits.who else ""
    if limits.span is None:
        return who
    first, last = limits.span
    return f"{who} WHERE t.person_id BETWEEN {first} AND {last}"


def _selecting(branch: Branch) -> str:
    """How a row finds its streams."""
    domain = branch.domain
    if branch.by == "all":
        return " CROSS JOIN selection m" if branch.several else ""
    join = "JOIN" if branch.several else "SEMI JOIN"
    by_source = f"t.{domain.source[1]}" if domain.source else ""
    if branch.by == "both":
        both = " AND n.stream = m.stream" if branch.several else ""
        return (
            f" {join} selection m ON m.concept_id = t.{domain.concept}"
            f" SEMI JOIN selection_source n ON n.concept_id = {by_source}{both}"
        )
    return f" {join} selection m ON m.concept_id = {by_source if branch.by == 'source' else f't.{domain.concept}'}"


def _choose(branch: Branch, text: Callable[[Scan], str | None], otherwise: str) -> str:
    """One expression that depends on the stream."""
    cases: dict[str, list[int]] = {}
    for number, scan in branch.streams:
        value = text(scan)
        if value is not None:
            cases.setdefault(value, []).append(number)
    if not cases:
        return otherwise
    if len(cases) == 1 and sum(map(len, cases.values())) == len(branch.streams):
        return next(iter(cases))
    arms = " ".join(f"WHEN c.stream {among(numbers)} THEN {value}" for value, numbers in cases.items())
    return f"CASE {arms} ELSE {otherwise} END"


def _adjusted(branch: Branch, raw: str) -> str:
    def start(scan: Scan) -> str | None:
        return _moved(scan.adjust.start_from, scan.adjust.start_days) if scan.adjust else None

    def end(scan: Scan) -> str | None:
        return _moved(scan.adjust.end_from, scan.adjust.end_days) if scan.adjust else None

    starts, ends = _choose(branch, start, "c.start_date"), _choose(branch, end, "c.end_date")
    unmoved = ", c.start_date AS raw_date" if branch.first else ""
    return f"SELECT c.* REPLACE ({starts} AS start_date, {ends} AS end_date){unmoved} FROM ({raw}) c"


def _moved(side: Literal["start", "end"], days: int) -> str:
    return f"c.{side}_date + {days}" if days >= 0 else f"c.{side}_date - {-days}"


def _filtered(branch: Branch, bound: Bound) -> str:
    dates = Dates()
    text = _choose(branch, lambda scan: conjunction(scan.filters, dates, bound) if scan.filters else None, "TRUE")
    return "" if text == "TRUE" else text


def _joins(branch: Branch) -> str:
    needed = {place for _, scan in branch.streams for place in places(scan.filters)}
    joins: Mapping[str, str] = {
        "person": " LEFT JOIN cdm.person p ON p.person_id = c.person_id",
        "visit": " LEFT JOIN cdm.visit_occurrence v ON v.visit_occurrence_id = c.visit_id AND v.person_id = c.person_id",
        "provider": " LEFT JOIN cdm.provider r ON r.provider_id = c.provider_id",
        "care_site": " LEFT JOIN cdm.care_site s ON s.care_site_id = c.care_site_id",
    }
    return "".join(join for place, join in joins.items() if place in needed)


def _shown(branch: Branch, shape: Layout) -> list[str]:
    def start(scan: Scan) -> str | None:
        return literal(scan.shown.start) if scan.shown and scan.shown.start else None

    def end(scan: Scan) -> str | None:
        return literal(scan.shown.end) if scan.shown and scan.shown.end else None

    starts, ends = _choose(branch, start, "c.start_date"), _choose(branch, end, "c.end_date")
    columns = [
        *(["c.stream"] if branch.several else []), "c.person_id", f"CAST({starts} AS DATE) AS start_date",
        *([f"CAST({ends} AS DATE) AS end_date"] if shape.ends else []),
        *(["c.event_id"] if shape.ids else []),
        *(["c.visit_id"] if shape.visit else []),
        *(["CAST(c.start_date AS DATE) AS sort_date"] if shape.sort else []),
    ]  # fmt: skip
    if shape.counted:
        dates = Dates(shown_start=starts, shown_end=ends)
        whole = _choose(branch, lambda scan: counted_value(scan.counted, dates, number=False), "NULL")
        number = _choose(branch, lambda scan: counted_value(scan.counted, dates, number=True), "NULL")
        columns += [f"CAST({whole} AS BIGINT) AS counted_id", f"CAST({number} AS DOUBLE) AS counted_number"]
    return columns


def counted_value(given: Operand | None, dates: Dates, *, number: bool) -> str | None:
    """The value counted by distinct, if it is of this kind: a whole number, or one with a fraction."""
    if given is None or is_number(given) != number:
        return None
    return operand(given, dates)


def is_number(given: Operand) -> bool:
    """Whether the operand may have a fraction."""
    return not isinstance(given, Value) and given.name in NUMBERS
