"""The order of a run: from the plan to `cohort_row` (owner, person_id, start_date, end_date)."""

from __future__ import annotations

from cohorts.criteria.domains import DRUG_EXPOSURE
from cohorts.execution.events import Events
from cohorts.execution.index_events import ask_additional, drug_exits, find_primary, is_single, judge, load_definitions
from cohorts.execution.session import STREAM_CODE, Progress, Session
from cohorts.needs import closure, streams_in
from cohorts.plan.nodes import DrugExit, OffsetExit, Plan
from cohorts.sql import exits, source_codes
from cohorts.sql.definitions import Definitions


def carry_out(session: Session, progress: Progress) -> None:
    """Find the rows of every definition of the session's plan."""
    plan = session.plan
    progress("concept sets", 0.0)
    events = Events(session)
    given = load_definitions(session)
    progress("primary events", 0.1)
    early = closure(plan, [stream for d in plan.definitions for stream in d.primary])
    events.fill(early, people=None)
    find_primary(session, events.layout, given)
    progress("events of the rules", 0.4)
    later = closure(plan, _later(plan)) - early
    if later:
        session.execute("CREATE TEMP TABLE who AS SELECT DISTINCT person_id FROM qualified")
        events.fill(later, people="who")
    progress("rules", 0.7)
    ask_additional(session, events.layout)
    judge(session, events.layout)
    progress("exits", 0.9)
    leave(session, given)


def _later(plan: Plan) -> set[int]:
    """Streams that are only looked at for people with primary events."""
    groups = [group for d in plan.definitions for group in (d.additional, *(rule.group for rule in d.rules)) if group]
    return streams_in(groups) | {stream for d in plan.definitions for stream in d.censoring}


def _exit_values(session: Session, numbered: list[tuple[int, DrugExit]]) -> None:
    """The source values of drugs that an exit's codes stand for: `exit_value`."""
    codes = [("exit", number, code.text, code.prefix) for number, one in numbered for code in one.codes]
    if codes:
        session.load("exit_code", STREAM_CODE, codes)
        columns = {(DRUG_EXPOSURE.table, str(DRUG_EXPOSURE.source_value)): frozenset({"exit"})}
        session.execute(source_codes.values("exit_value", "exit_code", columns))


def leave(session: Session, given: Definitions) -> None:
    """Make `cohort_row` of `included`."""
    definitions = session.plan.definitions
    drugs = drug_exits(session.plan)
    if drugs:
        session.execute(f"CREATE TEMP TABLE exit_person AS {exits.exit_person(given)}")
        numbered = [(number, one) for one, number in drugs.items()]
        _exit_values(session, numbered)
        session.execute(f"CREATE TEMP TABLE drug_era_exit AS {exits.drug_eras(numbered)}")
    entries = exits.entries(
        given,
        offset=any(isinstance(d.exit, OffsetExit) for d in definitions),
        drug=bool(drugs),
        censored=any(d.censoring for d in definitions),
    )
    singles = {is_single(d) for d in definitions}
    session.execute(f"CREATE TEMP {'TABLE' if len(singles) > 1 else 'VIEW'} entry AS {entries}")
    if len(singles) > 1:
        limited = any(d.limit != "all" for d in definitions)
        session.drop("event", "drug_era_exit", "judged", *(["included"] if limited else []))
    forward = all(d.era_pad >= 0 for d in definitions)
    rows = exits.collapsed(given, single=True in singles, several=False in singles, forward=forward)
    if any(d.from_date or d.to_date for d in definitions):
        rows = exits.clamped(given, rows)
    session.execute(f"CREATE TEMP TABLE cohort_row AS SELECT owner, person_id, start_date, end_date FROM ({rows})")
    if len(singles) > 1:
        session.drop("entry")
