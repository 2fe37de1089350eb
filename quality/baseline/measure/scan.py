"""What one scan of a table tells: filled fields, limits, the order of two dates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from quality.baseline.declared import Check
from quality.baseline.declared.time import BIRTH
from quality.baseline.declared.values import NEXT_YEAR, TOMORROW
from quality.baseline.measure.database import Database
from quality.baseline.measure.figure import Figure
from quality.baseline.measure.fused import Asking, answers
from quality.measure.engine import quote

EMPTY = frozenset({"isRequired", "measureValueCompleteness"})
LIMITS = frozenset({"plausibleValueLow", "plausibleValueHigh"})


def filled(db: Database, checks: Sequence[Check]) -> dict[Check, Figure]:
    """Count the rows in which a field is empty."""
    return {check: Figure(db.rows - db.filled(check.field), db.rows) for check in checks}


def whole_numbers(db: Database, checks: Sequence[Check], *, refuse_negative: bool) -> dict[Check, Figure]:
    """Count values that are no whole number; where the column's type is one, there are none.

    refuse_negative: count negative numbers too, as the dashboard did with SqlRenders that looked at digits alone.
    """
    if not refuse_negative:
        return {check: Figure(0, db.rows) for check in checks}
    negative = {check: f"count_if(t.{quote(check.field)} < 0)" for check in checks}
    counted = answers(db, negative.values())
    return {check: Figure(counted[sql], db.rows) for check, sql in negative.items()}


def limits(db: Database, checks: Sequence[Check]) -> Asking:
    """Count values beyond a limit. The least and greatest value, which databases know, clear nearly all of them."""
    crossed = {
        check: f"coalesce({_day_of(db, check, f'{_end(check)}(t.{quote(check.field)})')} {_sign(check)} {_limit(db, check)}, false)"
        for check in checks
    }
    told = answers(db, crossed.values())
    asked = {check: f"count_if({beyond(db, check)})" for check, sql in crossed.items() if told[sql]}
    counted = yield asked.values()
    return {check: Figure(counted[asked[check]] if check in asked else 0, db.filled(check.field)) for check in checks}


def beyond(db: Database, check: Check) -> str:
    """SQL of whether a row's value is beyond its limit."""
    return f"{db.day(check.field)} {_sign(check)} {_limit(db, check)}"


def _day_of(db: Database, check: Check, sql: str) -> str:
    dated = db.schema(db.table).column(check.field).family == "datetime"
    return f"CAST({sql} AS DATE)" if dated else sql


def _end(check: Check) -> str:
    return "min" if check.type == "plausibleValueLow" else "max"


def _sign(check: Check) -> str:
    return "<" if check.type == "plausibleValueLow" else ">"


def _limit(db: Database, check: Check) -> str:
    limit = check.asks[0]
    if limit == TOMORROW:
        return _date(db.today + timedelta(days=1))
    if limit == NEXT_YEAR:
        return str(db.today.year + 1)
    return _date(date.fromisoformat(limit)) if isinstance(limit, str) else f"{limit:.7f}".rstrip("0").rstrip(".")


def _date(day: date) -> str:
    return f"DATE '{day.isoformat()}'"


def order(db: Database, checks: Sequence[Check]) -> Asking:
    """Count rows that end before they start: out of those that have both, or (plausibleTemporalAfter) out of all."""
    found, asked = {}, {}
    for check in checks:
        other = str(check.asks[0])
        if other not in db.fields:
            found[check] = Figure(0, 0, f"{check.table}.{other} is missing")
        else:
            later = out_of_order(db, check)
            asked[check] = (f"count_if({later})", f"count({later})" if _is_start(check) else "count(*)")
    counted = yield [sql for pair in asked.values() for sql in pair]
    return found | {check: Figure(counted[bad], counted[of]) for check, (bad, of) in asked.items()}


def out_of_order(db: Database, check: Check) -> str:
    """SQL of whether a row ends before it starts."""
    one, other = db.day(check.field), db.day(str(check.asks[0]))
    return f"{one} > {other}" if _is_start(check) else f"{other} > {one}"


def _is_start(check: Check) -> bool:
    return check.type == "plausibleStartBeforeEnd"


def is_order(check: Check) -> bool:
    """Whether a check compares two dates of the same row."""
    return check.type == "plausibleStartBeforeEnd" or (
        check.type == "plausibleTemporalAfter" and check.asks[0] != BIRTH
    )
