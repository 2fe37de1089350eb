"""Index events of all definitions: primary events, additional criteria, inclusion rules, and the limits between them.

qualified   owner, person_id, ..., op_start, op_end     after the limits before the rules
judged      qualified, key, all_rules, mask             which rules hold, one bit each; all_rules NULL: no rules
included    judged without what breaks a rule           after the expression limit
"""

from __future__ import annotations

from cohorts.counts import count_into, count_leads
from cohorts.execution.groups import evaluate
from cohorts.execution.session import DEFINITION, OWNER_STREAM, ROOT, RULE_MASK, Session
from cohorts.plan.nodes import Definition, DrugExit, OffsetExit, Plan
from cohorts.sql import primary
from cohorts.sql.definitions import Definitions, Value, definitions
from cohorts.sql.rounds import Tables
from cohorts.sql.scans import Layout


def drug_exits(plan: Plan) -> dict[DrugExit, int]:
    """The drug exits that definitions share, numbered."""
    found: dict[DrugExit, int] = {}
    for definition in plan.definitions:
        if isinstance(definition.exit, DrugExit):
            found.setdefault(definition.exit, len(found))
    return found


def is_single(given: Definition) -> bool:
    """Whether a person has at most one entry."""
    return {given.primary_limit, given.qualified_limit, given.limit} != {"all"}


def load_definitions(session: Session) -> Definitions:
    """The plan's definitions and their streams as tables; what the definitions have in common."""
    exits = drug_exits(session.plan)
    rows = [_row(n, d, exits) for n, d in enumerate(session.plan.definitions)]
    if len(rows) > 1:
        session.load("definition", DEFINITION, rows)
    session.load("primary_stream", OWNER_STREAM, _numbered([d.primary for d in session.plan.definitions]))
    session.load("censor_stream", OWNER_STREAM, _numbered([d.censoring for d in session.plan.definitions]))
    return definitions(DEFINITION.names, rows)


def _row(number: int, given: Definition, exits: dict[DrugExit, int]) -> tuple[Value, ...]:
    offset = given.exit if isinstance(given.exit, OffsetExit) else None
    exit_id = exits[given.exit] if isinstance(given.exit, DrugExit) else None
    return (
        number, given.prior_days, given.post_days, given.primary_limit, given.qualified_limit, given.limit,
        offset.days if offset else None, bool(offset and offset.field == "end"), exit_id, given.era_pad,
        is_single(given), given.from_date, given.to_date,
    )  # fmt: skip


def _numbered(streams: list[tuple[int, ...]]) -> list[tuple[int, int, int]]:
    return [(owner, nth, stream) for owner, several in enumerate(streams) for nth, stream in enumerate(several)]


def find_primary(session: Session, layout: Layout, given: Definitions) -> None:
    """Make `qualified` of the primary events."""
    limits = frozenset(d.primary_limit for d in session.plan.definitions)
    session.execute(f"CREATE TEMP TABLE qualified AS {primary.primary(layout, given, limits)}")
    count_into(session.con, "qualified", "primary_count")


def ask_additional(session: Session, layout: Layout) -> None:
    """Leave in `qualified` what the additional criteria and the qualified limit leave."""
    groups = {n: [d.additional] for n, d in enumerate(session.plan.definitions) if d.additional}
    limits = frozenset(d.qualified_limit for d in session.plan.definitions)
    if groups:
        tables = Tables("additional", _indexed(session, "qualified"))
        found = evaluate(session, tables, groups, direct=True)
        session.load("root", ROOT, [(r.owner, r.root, r.initial) for r in found.roots])
        _replace_qualified(
            session,
            f"""SELECT i.* EXCLUDE key FROM {tables.index} i LEFT JOIN root r ON r.owner = i.owner
            LEFT JOIN {tables.hit} h ON h.key = i.key AND h.parent = 0
            WHERE r.owner IS NULL OR r.initial <> (h.key IS NOT NULL)""",
        )
        session.drop(tables.hit)
    if limits != {"all"}:
        _replace_qualified(session, primary.limited("qualified", "qualified_limit", limits, layout))
    if groups or limits != {"all"}:
        count_into(session.con, "qualified", "asked_count")


def _replace_qualified(session: Session, rows: str) -> None:
    session.execute(f"CREATE TEMP TABLE asked AS {rows}")
    session.execute("DROP VIEW IF EXISTS qualified_index; DROP TABLE qualified; ALTER TABLE asked RENAME TO qualified")


def _indexed(session: Session, table: str) -> str:
    session.execute(f"CREATE OR REPLACE TEMP VIEW {table}_index AS SELECT rowid AS key, * FROM {table}")
    return f"{table}_index"


def judge(session: Session, layout: Layout) -> None:
    """Make `included` of the events that keep every rule of their definition."""
    groups = {n: [r.group for r in d.rules] for n, d in enumerate(session.plan.definitions) if d.rules}
    limits = frozenset(d.limit for d in session.plan.definitions)
    rows = _indexed(session, "qualified")
    if groups:
        tables = Tables("rule", rows)
        found = evaluate(session, tables, groups, direct=True)
        masks = dict.fromkeys(groups, 0)
        for root in found.roots:
            masks[root.owner] |= int(root.initial) << root.root
        full = [(number, mask, (1 << len(groups[number])) - 1) for number, mask in masks.items()]
        session.load("rule_mask", RULE_MASK, full)
        session.execute(
            f"""CREATE TEMP TABLE judged AS
            SELECT i.*, m.all_rules, xor(m.initial, coalesce(h.deviating, 0)) AS mask
            FROM {rows} i LEFT JOIN rule_mask m ON m.owner = i.owner
            LEFT JOIN (SELECT key, bit_or(CAST(1 AS BIGINT) << root) AS deviating FROM {tables.hit}
                WHERE parent = 0 GROUP BY key) h ON h.key = i.key"""
        )
        session.drop(tables.hit, "qualified")
        count_leads(session.con)
        rows = "(SELECT * FROM judged WHERE all_rules IS NULL OR mask = all_rules)"
    if limits == {"all"}:
        session.execute(f"CREATE TEMP VIEW included AS SELECT * FROM {rows}")
    else:
        session.execute(f"CREATE TEMP TABLE included AS {primary.limited(rows, 'last_limit', limits, layout)}")
        session.drop("judged" if groups else "qualified")
