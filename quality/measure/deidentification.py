"""Figures of the de-identification: policy, offsets, keys, orders, texts."""

from __future__ import annotations

import math

from quality.measure.contract import by_column
from quality.measure.engine import order_kept, quote, row
from quality.measure.opened import Opened, TableView
from quality.measure.people import PRECISIONS, PerPerson, row_key, unexplained
from quality.measure.policy_record import DROPPED
from quality.measure.probe import Probe
from quality.verdict import Metric

# Microseconds of a minute, an hour, a day.
FINER = (60_000_000, 3_600_000_000, 86_400_000_000)
TELLING = 9
"""With fewer people an order or a common offset says nothing: 8 keep their order by chance once in 20,160 draws."""

# Korean resident and foreigner registration numbers, mobile and land lines, e-mail; not inside a longer number.
PATTERNS = (
    r"(^|[^0-9])[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[\s.\-]*[1-8][0-9]{6}([^0-9]|$)",
    r"(^|[^0-9])01[016789][\s.\-]*[0-9]{3,4}[\s.\-]*[0-9]{4}([^0-9]|$)",
    r"(^|[^0-9])0(2|[3-6][0-9]|70)[\s.\-]+[0-9]{3,4}[\s.\-]+[0-9]{4}([^0-9]|$)",
    r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+\.[A-Za-z]{2,}",
)


def policy(view: TableView) -> list[Metric]:
    """Measure whether every released column has a rule."""
    without = [name for name in view.deid if name in view.table.names and name not in view.actions]
    return by_column("deidentification.rule_for_every_column", view, without)


def probes(opened: Opened, view: TableView) -> list[Probe]:
    """Ask for values in dropped columns and for texts."""
    approved = set(opened.inputs.expectations.approved_text)
    asked = []
    for name in view.deid:
        if name not in view.table.names:
            continue
        action = view.actions.get(name, "drop")
        # What must not be there is looked for in the rows, not in what the file tells of itself (`known`).
        filled = f"count(*) FILTER (WHERE t.{quote(name)} IS NOT NULL)"
        if action == "replace":
            found = f"CASE WHEN min(t.{quote(name)}) IS DISTINCT FROM max(t.{quote(name)}) THEN 1 ELSE 0 END"
            asked.append(Probe("deidentification.replaced_is_constant", name, found))
        if action in DROPPED:
            asked.append(Probe("deidentification.dropped_is_empty", name, filled))
        if view.deid[name] == "VARCHAR":
            own = action in ("replace", "generalise", "scrub") or f"{view.name}.{name}" in approved
            if not own:
                asked.append(Probe("deidentification.no_free_text", name, filled))
            asked.append(
                Probe(
                    "deidentification.no_identifier_pattern",
                    name,
                    _identifiers(f"t.{quote(name)}"),
                    of=filled,
                )
            )
    return asked


def people(opened: Opened) -> list[Metric]:
    """Measure offsets, pseudonyms and their order, and the texts of the cohort table."""
    con = opened.con
    stayed, still, common, same, expected = row(
        con,
        "SELECT count(*), count(*) FILTER (WHERE offset_days IS NULL OR offset_days = 0), "
        "coalesce((SELECT max(n) FROM (SELECT count(*) AS n FROM raw_people GROUP BY offset_days)), 0), "
        "count(*) FILTER (WHERE person_id = subject_id), "
        f"{chance('subject_id', 'count(*)::DOUBLE')} FROM raw_people",
        "the crosswalk",
    )
    kept = order_kept(con, "SELECT coalesce(person_id, 0), coalesce(subject_id, 0) FROM raw_people", "the crosswalk")
    return [
        Metric("deidentification.offset_not_zero", "cohort", "", still, stayed),
        Metric(
            "deidentification.offsets_differ",
            "cohort",
            "",
            *((common, stayed) if stayed >= TELLING else (0, 0)),
        ),
        Metric("deidentification.person_key_new", "cohort", "subject_id", same, stayed, by_chance(expected)),
        order("deidentification.person_order_hidden", "cohort", "subject_id", kept, stayed),
        order("deidentification.file_order_hidden", "cohort", "", _cohort_order(opened), stayed),
        *_cohort_texts(opened),
    ]


def table(opened: Opened, view: TableView, found: PerPerson, dates: dict[str, str]) -> list[Metric]:
    """Measure the intervals, keys and orders of one table of people's rows."""
    wrong = unexplained(opened, view, dates, values=False) if found.moved_wrong else 0
    metrics = [order("deidentification.file_order_hidden", view.name, "", found.file_order, found.compared)]
    metrics += [
        _unmoved(opened, view, name) for name in view.acted("generalise") if view.table.column(name).family == "date"
    ]
    if dates:
        metrics.append(Metric("deidentification.intervals_exact", view.name, "", wrong, found.deid_rows))
    key = row_key(view)
    if key:
        metrics.append(order("deidentification.row_order_hidden", view.name, key, found.key_order, found.compared))
        metrics.append(_row_keys(opened, view, key, found))
    return metrics


def _unmoved(opened: Opened, view: TableView, name: str) -> Metric:
    """Count the people whose first day in a column is that of the source; a few may be by chance."""
    person, day = quote(view.person or ""), quote(name)
    same, people = row(
        opened.con,
        f"SELECT count(*) FILTER (WHERE d.day = r.day), count(*) FROM "
        f"(SELECT {person} AS subject_id, min({day}) AS day FROM deid.{quote(view.name)} GROUP BY 1) d JOIN "
        f"(SELECT p.subject_id, min(t.{day}) AS day FROM raw.{quote(view.name)} t "
        f"JOIN raw_people p ON p.person_id = t.{person} GROUP BY 1) r USING (subject_id)",
        f"the table {view.name}",
    )
    return Metric("deidentification.periods_moved", view.name, name, *((same, people) if people >= TELLING else (0, 0)))


def precisions(opened: Opened, view: TableView) -> dict[str, str]:
    """Name the moved date columns -> the precision that the release shows (a policy may coarsen times of day)."""
    # A date has no finer part than its day.
    moved = {name: view.deid[name] != "DATE" for name in view.acted("shift")}
    return {name: _precision(opened, view, name) if timed else "day" for name, timed in moved.items()}


def _precision(opened: Opened, view: TableView, name: str) -> str:
    """The finest part that some time has. A search ends at the first time that tells, so whole days are ruled out first."""
    if not _has_finer(opened, view, name, FINER[-1]):
        return "day"
    return next(found for found, finer in zip(PRECISIONS, FINER, strict=False) if _has_finer(opened, view, name, finer))


def _has_finer(opened: Opened, view: TableView, name: str, finer: int) -> bool:
    (found,) = row(
        opened.con,
        f"SELECT count(*) FROM (SELECT 1 FROM deid.{quote(view.name)} t "
        f"WHERE epoch_us(CAST(t.{quote(name)} AS TIMESTAMP)) % {finer} <> 0 LIMIT 1)",
        f"the table {view.name}",
    )
    return bool(found)


def order(check: str, table: str, column: str, correlation: float, people: int) -> Metric:
    """Judge a rank correlation: beyond 0.1 and beyond five standard errors it is no chance; for few people, only 1 is."""
    if people < TELLING:
        return Metric(check, table, column, 0, 0)
    return Metric(check, table, column, correlation, people, min(0.999999, max(0.1, 5 / math.sqrt(people - 1))))


def by_chance(expected: float | None) -> float:
    """The most coincidences that a random renumbering plausibly makes, from the number it makes on average."""
    expected = expected or 0.0
    return expected + 5 * math.sqrt(expected)


def chance(key: str, pairs: str) -> str:
    """SQL of the mean number of coincidences when `pairs` keys fall anywhere in the range that `key` spans."""
    return f"{pairs} / (max({key})::DOUBLE - min({key})::DOUBLE + 1)"


def _row_keys(opened: Opened, view: TableView, key: str, found: PerPerson) -> Metric:
    person = quote(view.person or "")
    same, expected = row(
        opened.con,
        f"SELECT (SELECT count(*) FROM deid.{quote(view.name)} t SEMI JOIN (SELECT p.subject_id, r.{quote(key)} AS key "
        f"FROM raw.{quote(view.name)} r JOIN raw_people p ON p.person_id = r.{person}) s "
        f"ON s.subject_id = t.{person} AND s.key = t.{quote(key)}), "
        f"(SELECT {chance(quote(key), '(SELECT sum(raw_n::DOUBLE * deid_n) FROM per_person)')} "
        f"FROM deid.{quote(view.name)})",
        f"the table {view.name}",
    )
    return Metric("deidentification.row_key_new", view.name, key, same, found.deid_rows, by_chance(expected))


def _cohort_order(opened: Opened) -> float:
    return order_kept(
        opened.con,
        "SELECT r.person_id, c.place FROM (SELECT subject_id, min(rowid) AS place FROM cohort GROUP BY subject_id) c "
        "JOIN raw_people r USING (subject_id) WHERE r.person_id IS NOT NULL",
        "the cohort",
    )


def _cohort_texts(opened: Opened) -> list[Metric]:
    """Look into the few distinct texts of the cohort, and count their rows."""
    return [_cohort_text(opened, name) for name in ("site_id", "role")]


def _cohort_text(opened: Opened, name: str) -> Metric:
    found, entries = row(
        opened.con,
        f"SELECT coalesce(sum(n) FILTER (WHERE {_identifies('text')}), 0)::BIGINT, coalesce(sum(n), 0)::BIGINT "
        f"FROM (SELECT {name} AS text, count(*) AS n FROM cohort GROUP BY text)",
        "the cohort",
    )
    return Metric("deidentification.no_identifier_pattern", "cohort", name, found, entries)


def _identifiers(column: str) -> str:
    return f"count(*) FILTER (WHERE {_identifies(column)})"


def _identifies(column: str) -> str:
    plain = f"translate({column}, '０１２３４５６７８９－＠．　', '0123456789-@. ')"
    return " OR ".join(f"regexp_matches({plain}, '{pattern}')" for pattern in PATTERNS)
