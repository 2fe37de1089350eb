"""A baseline run: measure, judge, compare with the last one, write the reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cdm.engine import Limits, connect
from cdm.source import Release, Source
from quality.baseline.declared import Check, everything
from quality.baseline.history import Change, Key, changes, drift, read_former, sizes
from quality.baseline.measure import Database, Told, again, measure
from quality.baseline.measure.prints import take as fingerprints
from quality.baseline.settings import Threshold, Waiver, read_thresholds, read_waivers, tolerating
from quality.baseline.status import Result, judge
from quality.verdict import Finding

if TYPE_CHECKING:
    from quality.baseline.evidence.cell import Evidence


@dataclass(frozen=True)
class Options:
    """What a run is told. thresholds: files, the later ones (the study's) over the earlier ones (the site's).

    last: the baseline.json of a former run. today: the day from which moving limits and waivers count.
    refuse_negative: count negative whole numbers as values of a wrong type, as DataQualityDashboard did with SqlRenders
        that looked at digits alone.
    whole: count everything again, though tables have not changed since the former run.
    """

    today: date
    thresholds: Sequence[Path] = ()
    waivers: Path | None = None
    last: Path | None = None
    refuse_negative: bool = False
    whole: bool = False


@dataclass(frozen=True)
class Readiness:
    """Whether one study can be asked of this database: its id and title (en, ko), and what was found."""

    id: str
    en: str
    ko: str
    findings: tuple[Finding, ...]

    @property
    def failures(self) -> tuple[Finding, ...]:
        """What is amiss, what blocks first."""
        return tuple(sorted((one for one in self.findings if one.failed), key=lambda one: not one.blocks))

    @property
    def ready(self) -> bool:
        """Whether nothing blocks."""
        return not any(one.blocks for one in self.findings)


@dataclass(frozen=True)
class Baseline:
    """The outcome of a run.

    waived: key of a failed check -> the waiver that accepts it today. drift: key of a check whose violating share moved much
    since the last run -> its share in percent then. prints: table -> fingerprint; way: how figures were counted. unchanged:
    the tables whose figures are all taken from the former run; taken: how many figures are. study: a study that was asked
    after. sizes: table that lost or gained many rows since the last run -> its rows then and now.
    evidence: what was looked up of the failures, where it was.
    """

    release: Release
    today: date
    results: tuple[Result, ...]
    changes: Mapping[Key, Change] = field(default_factory=dict)
    compared: bool = False
    drift: Mapping[Key, float] = field(default_factory=dict)
    waived: Mapping[Key, Waiver] = field(default_factory=dict)
    expired: tuple[Waiver, ...] = ()
    prints: Mapping[str, str] = field(default_factory=dict)
    way: str = ""
    unchanged: tuple[str, ...] = ()
    taken: int = 0
    study: Readiness | None = None
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    evidence: Evidence | None = None

    @property
    def open_failures(self) -> tuple[Result, ...]:
        """The failures that nobody accepts."""
        return tuple(result for result in self.results if result.failed and result.check.key not in self.waived)


def run(source: Source, options: Options, limits: Limits | None = None, tell: Told | None = None) -> Baseline:
    """Measure and judge a source. Raises BadInput for a file of settings that is none, SourceUnavailable."""
    known = everything(source.version)
    thresholds = [entry for path in options.thresholds for entry in read_thresholds(path, known)]
    waivers = read_waivers(options.waivers, known) if options.waivers else ()
    before = read_former(options.last) if options.last else None
    checks = tolerating(known, thresholds)
    this_way = again.way(known, refuse_negative=options.refuse_negative)
    with connect(limits) as con:
        db = Database(con, source, options.today)
        prints = fingerprints(db)
        counted = before.counted if before and not options.whole else None
        taken = again.kept(checks, prints, counted, options.today, this_way)
        rest = [check for check in checks if check not in taken]
        figures = taken | measure(db, rest, refuse_negative=options.refuse_negative, tell=tell)
    results = judge({check: figures[check] for check in checks})
    return Baseline(
        source.release(),
        options.today,
        results,
        changes(results, before),
        before is not None,
        drift(results, before),
        _waived(results, waivers, options.today),
        tuple(waiver for waiver in waivers if waiver.expiry < options.today),
        prints,
        this_way,
        _unchanged(source, rest),
        len(taken),
        sizes=sizes(results, before),
    )


def _unchanged(source: Source, counted: Sequence[Check]) -> tuple[str, ...]:
    """The tables present of which nothing was counted, in the source's order."""
    looked_at = {check.table for check in counted}
    asked = {check.table for check in everything(source.version)}
    return tuple(table for table in source.tables() if table in asked - looked_at)


def _waived(results: Sequence[Result], waivers: Sequence[Waiver], today: date) -> dict[Key, Waiver]:
    valid = [waiver for waiver in waivers if waiver.expiry >= today]
    found = {}
    for result in results:
        accepting = [waiver for waiver in valid if waiver.selects(result.check)]
        if result.failed and accepting:
            found[result.check.key] = accepting[0]
    return found


__all__ = ["Baseline", "Options", "Threshold", "Waiver", "run"]
