"""One pass over one CDM table for all the streams that read it.

A branch is a set of streams that select by the same column; a table is read once per branch (nearly always once).
A row goes to each stream whose concept set holds its concept; what differs between streams is chosen by CASE.

    events: stream | person_id | event_id | start_date | end_date [| visit_id] [| sort_date] [| counted_id, counted_number]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from cohorts.criteria.declare import Domain
from cohorts.criteria.domains import DOMAINS
from cohorts.plan.filters import Column, Operand, Value, operands, places
from cohorts.plan.nodes import Adjust, Scan
from cohorts.sql.conditions import Bound, Dates, by_stream, conjunction, literal, operand
from cohorts.sql.source_codes import Coded, coded_rows

By = Literal["concept", "source", "both", "all"]
NUMBERS = frozenset({"quantity", "range_high", "range_low", "value_as_number", "dose_value"})


@dataclass(frozen=True)
class Layout:
    """Which optional columns the events of this run have."""

    sort_date: bool = False
    counted: bool = False
    visit: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, in order."""
        return (
            "stream", "person_id", "event_id", "start_date", "end_date",
            *(("visit_id",) if self.visit else ()),
            *(("sort_date",) if self.sort_date else ()),
            *(("counted_id", "counted_number") if self.counted else ()),
        )  # fmt: skip


@dataclass(frozen=True)
class Branch:
    """Streams of one table that select by the same column."""

    domain: Domain
    by: By
    first: bool
    coded: bool
    streams: tuple[tuple[int, Scan], ...]

    @property
    def name(self) -> str:
        """Its name in `stream_concept` and `stream_value`."""
        return f"{self.domain.kind}_{self.by}_{int(self.first)}{'_coded' if self.coded else ''}"


def branches(scans: Iterable[tuple[int, Scan]]) -> tuple[Branch, ...]:
    """The branches of these streams, in a fixed order."""
    found: dict[tuple[str, By, bool, bool], list[tuple[int, Scan]]] = {}
    for number, scan in scans:
        found.setdefault((scan.kind, _by(scan), scan.first, scan.coded), []).append((number, scan))
    return tuple(
        Branch(DOMAINS[kind], by, first, coded, tuple(streams))
        for (kind, by, first, coded), streams in sorted(found.items())
    )


def _by(scan: Scan) -> By:
    if scan.concept_set is None:
        return "all" if scan.source_set is None else "source"
    return "concept" if scan.source_set is None else "both"


def event_columns(branch: Branch) -> tuple[str, ...]:
    """The columns of the table that the branch reads."""
    domain = branch.domain
    found = ["person_id", domain.event_id, domain.start, *domain.end]
    found += [domain.supply] if domain.supply else []
    found += ["visit_occurrence_id"] if domain.visit else []
    found += [domain.concept] if branch.by in {"concept", "both"} and domain.concept else []
    found += [domain.source[1]] if branch.by in {"source", "both"} and domain.source else []
    found += [domain.source_value] if branch.coded and domain.source_value else []
    return tuple(dict.fromkeys([*found, *_filter_columns(branch)]))


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


def select(branch: Branch, layout: Layout, bound: Bound, people: str | None) -> str:
    """The events of a branch; `people` names a table of person_id to which they are limited."""
    raw = _raw(branch, people, visit=layout.visit or any("visit" in places(scan.filters) for _, scan in branch.streams))
    adjusted = any(scan.adjust for _, scan in branch.streams)
    source = f"({_adjusted(branch, raw)})" if adjusted else f"({raw})"
    where = [text for text in (_filtered(branch, bound), "c.end_date >= c.start_date" if adjusted else "") if text]
    condition = f" WHERE {' AND '.join(_sound(branch, where, adjusted))}" if where else ""
    return f"SELECT {', '.join(_shown(branch, layout))} FROM {source} c{_joins(branch)}{condition}"


def _sound(branch: Branch, where: list[str], adjusted: bool) -> list[str]:
    """Only adjusted events have to end after they start."""
    if not adjusted:
        return where
    loose = [str(number) for number, scan in branch.streams if scan.adjust is None]
    if not loose:
        return where
    return [*where[:-1], f"(c.stream IN ({', '.join(loose)}) OR {where[-1]})"]


def default_end(domain: Domain, alias: str = "t") -> str:
    """The end date of an event that has none: circe-be's rules."""
    candidates = [f"{alias}.{name}" for name in domain.end]
    if domain.supply:
        candidates.append(f"{alias}.{domain.start} + CAST({alias}.{domain.supply} AS INTEGER)")
    if domain.next_day:
        candidates.append(f"{alias}.{domain.start} + 1")
    return candidates[0] if len(candidates) == 1 else f"coalesce({', '.join(candidates)})"


def _raw(branch: Branch, people: str | None, visit: bool) -> str:
    domain = branch.domain
    stream, rows, selecting = _selection(branch, people)
    further = [f"t.{name}" for name in _filter_columns(branch) if name != "person_id"]
    visit_id = "t.visit_occurrence_id" if domain.visit else "CAST(NULL AS BIGINT)"
    columns = [
        f"{stream} AS stream", "t.person_id", f"t.{domain.event_id} AS event_id", f"t.{domain.start} AS start_date",
        f"{default_end(domain)} AS end_date", *([f"{visit_id} AS visit_id"] if visit else []), *further,
    ]  # fmt: skip
    limit = f" SEMI JOIN {people} who ON who.person_id = t.person_id" if people else ""
    rank = (
        f" QUALIFY row_number() OVER (PARTITION BY {stream}, t.person_id ORDER BY t.{domain.start}, t.{domain.event_id}) = 1"
        if branch.first
        else ""
    )
    return f"SELECT {', '.join(columns)} FROM {rows} t{selecting}{limit}{rank}"


def _selection(branch: Branch, people: str | None) -> tuple[str, str, str]:
    """How a row finds its streams: the stream's expression, the rows, and the joins."""
    domain, name = branch.domain, branch.name
    table = f"cdm.{domain.table}"
    if branch.by == "all":
        return (
            "m.stream",
            table,
            f" CROSS JOIN (SELECT DISTINCT stream FROM stream_concept WHERE branch = '{name}') m",
        )
    by_source = f"t.{domain.source[1]}" if domain.source else ""
    column = by_source if branch.by == "source" else f"t.{domain.concept}"
    if branch.coded:
        coded = Coded(table, name, column, f"t.{domain.source_value}", by_source if branch.by == "both" else None)
        return "t.stream", f"({coded_rows(coded, people)})", ""
    joins = f" JOIN stream_concept m ON m.branch = '{name}' AND m.concept_id = {column}"
    if branch.by == "both":
        joins += f" JOIN stream_concept n ON n.branch = '{name}_source' AND n.stream = m.stream AND n.concept_id = {by_source}"
    return "m.stream", table, joins


def selections(branch: Branch) -> list[tuple[str, int, int | None]]:
    """Rows (branch name, stream, set) that say which concepts lead to which stream."""
    name = branch.name
    rows: list[tuple[str, int, int | None]] = []
    for number, scan in branch.streams:
        rows.append((name, number, scan.source_set if branch.by == "source" else scan.concept_set))
        if branch.by == "both":
            rows.append((f"{name}_source", number, scan.source_set))
    return rows


def code_rows(branch: Branch) -> list[tuple[str, int, str, bool]]:
    """Rows (branch name, stream, code, whether a beginning) that say which source values lead to which stream."""
    rows: list[tuple[str, int, str, bool]] = []
    for number, scan in branch.streams:
        given = {
            branch.name: scan.source_codes if branch.by == "source" else scan.concept_codes,
            f"{branch.name}_source": scan.source_codes if branch.by == "both" else (),
        }
        rows += [(name, number, code.text, code.prefix) for name, codes in given.items() for code in codes]
    return rows


def _cases(branch: Branch, text: Callable[[Scan], str | None]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, scan in branch.streams:
        value = text(scan)
        if value is not None:
            found.setdefault(value, []).append(number)
    return found


def _adjusted(branch: Branch, raw: str) -> str:
    def start(scan: Scan) -> str | None:
        return _moved(scan.adjust.start_from, scan.adjust.start_days) if scan.adjust else None

    def end(scan: Scan) -> str | None:
        return _moved(scan.adjust.end_from, scan.adjust.end_days) if scan.adjust else None

    starts = by_stream(_cases(branch, start), "c.start_date")
    ends = by_stream(_cases(branch, end), "c.end_date")
    return f"SELECT c.* REPLACE ({starts} AS start_date, {ends} AS end_date) FROM ({raw}) c"


def _moved(side: Literal["start", "end"], days: int) -> str:
    return f"c.{side}_date + {days}" if days >= 0 else f"c.{side}_date - {-days}"


def moved(adjust: Adjust) -> tuple[str, str]:
    """Adjusted start and end of an event `c`."""
    return _moved(adjust.start_from, adjust.start_days), _moved(adjust.end_from, adjust.end_days)


def _filtered(branch: Branch, bound: Bound) -> str:
    dates = Dates()
    cases = _cases(branch, lambda scan: conjunction(scan.filters, dates, bound) if scan.filters else None)
    if len(cases) == 1 and len(next(iter(cases.values()))) == len(branch.streams):
        return next(iter(cases))
    return by_stream(cases, "TRUE") if cases else ""


def _joins(branch: Branch) -> str:
    needed = {place for _, scan in branch.streams for place in places(scan.filters)}
    joins: Mapping[str, str] = {
        "person": " LEFT JOIN cdm.person p ON p.person_id = c.person_id",
        "visit": " LEFT JOIN cdm.visit_occurrence v ON v.visit_occurrence_id = c.visit_id AND v.person_id = c.person_id",
        "provider": " LEFT JOIN cdm.provider r ON r.provider_id = c.provider_id",
        "care_site": " LEFT JOIN cdm.care_site s ON s.care_site_id = c.care_site_id",
    }
    return "".join(join for place, join in joins.items() if place in needed)


def _shown(branch: Branch, layout: Layout) -> list[str]:
    def start(scan: Scan) -> str | None:
        return literal(scan.shown.start) if scan.shown and scan.shown.start else None

    def end(scan: Scan) -> str | None:
        return literal(scan.shown.end) if scan.shown and scan.shown.end else None

    starts = by_stream(_cases(branch, start), "c.start_date")
    ends = by_stream(_cases(branch, end), "c.end_date")
    dates = Dates(shown_start=starts, shown_end=ends)
    columns = [
        "c.stream",
        "c.person_id",
        "c.event_id",
        f"{starts} AS start_date",
        f"{ends} AS end_date",
    ]
    if layout.visit:
        columns.append("c.visit_id")
    if layout.sort_date:
        columns.append("c.start_date AS sort_date")
    if layout.counted:
        whole = _cases(branch, lambda scan: counted_value(scan.counted, dates, number=False))
        number = _cases(branch, lambda scan: counted_value(scan.counted, dates, number=True))
        columns.append(f"CAST({by_stream(whole, 'NULL')} AS BIGINT) AS counted_id")
        columns.append(f"CAST({by_stream(number, 'NULL')} AS DOUBLE) AS counted_number")
    return columns


def counted_value(given: Operand | None, dates: Dates, *, number: bool) -> str | None:
    """The value counted by distinct, if it is of this kind: a whole number, or one with a fraction."""
    if given is None or is_number(given) != number:
        return None
    return operand(given, dates)


def is_number(given: Operand) -> bool:
    """Whether the operand may have a fraction."""
    return not isinstance(given, Value) and given.name in NUMBERS
