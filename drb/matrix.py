"""The permission matrix and the state diagrams, generated from the transition tables for the reference pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from drb.reasons import REASONS
from drb.states import Role, State
from drb.transitions import AUDIT, MACHINES, STANDING, Machine, Row

# Rules that compare the actor with the person behind the object: applicant, release author, grantee, who decided.
OWN_ONLY = frozenset({"is_applicant", "is_grantee", "is_decider"})
NEVER_OWN = frozenset({"not_applicant", "not_author", "not_grantee"})


def allowed(machine: Machine, source: State | None, target: State, role: Role, own: bool) -> bool:
    """Say whether any row lets `role` move an object from `source` to `target`.

    own: the person is the object's own applicant (case), author (release) or grantee (grant).
    """
    return any(opens(row, role, own) for row in machine.rows if (row.source, row.target) == (source, target))


def opens(row: Row, role: Role, own: bool) -> bool:
    """Say whether a row is open to a role, for one's own object or for another's."""
    barred = NEVER_OWN if own else OWN_ONLY
    return role in row.roles and not barred & set(row.guards)


def diagram(machine: Machine) -> str:
    """Draw a machine as a Mermaid state diagram, Korean labels, one arrow for each pair of states."""
    lines = ["stateDiagram-v2"]
    lines += [f"  {state} : {state.ko} {state.value}" for state in machine.states]
    pairs: dict[tuple[str, str], list[str]] = {}
    for row in machine.rows:
        pairs.setdefault((row.source or "[*]", row.target), []).append(row.action)
    lines += [f"  {source} --> {target} : {', '.join(names)}" for (source, target), names in pairs.items()]
    return "\n".join(lines)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]


def _who(row: Row, role: Role) -> str:
    if role not in row.roles:
        return ""
    if OWN_ONLY & set(row.guards):
        return "own"
    return "not own" if NEVER_OWN & set(row.guards) else "Y"


def transitions(machine: Machine) -> list[str]:
    """List a machine's rows: from, to, action, roles, guards."""
    rows = (
        (
            f"{row.source.value} {row.source.ko}" if row.source else "-",
            f"{row.target.value} {row.target.ko}",
            f"`{row.action}`",
            ", ".join(role.en for role in Role if role in row.roles),
            ", ".join(f"`{name}`" for name in row.guards),
        )
        for row in machine.rows
    )
    return _table(("from", "to", "action", "who", "rules, asked in this order"), rows)


def permissions(machine: Machine) -> list[str]:
    """Tabulate action x role: Y, `own` (only on one's own object) or `not own` (never on one's own)."""
    rows = []
    for action, of_action in machine.actions.items():
        cells = [" / ".join(dict.fromkeys(filter(None, (_who(row, role) for row in of_action)))) for role in Role]
        rows.append((f"`{action}`", *cells))
    return _table(("action", *(role.ko for role in Role)), rows)


def page() -> str:
    """Write the reference page as Markdown."""
    lines = [
        "# Who may do what: cases, releases, grants",
        "",
        "Made by `python -m drb.matrix` from the tables in `drb/transitions.py`; do not edit.",
        "",
        "`own`: only on one's own object (as applicant, grantee, or the one who decided). `not own`: never on one's own (as",
        "applicant, author or grantee). Members, secretaries and chairs act only for the hospitals that their organisation serves.",
    ]
    for machine in MACHINES:
        lines += ["", f"## {machine.name.capitalize()}", "", "```mermaid", diagram(machine), "```", ""]
        lines += [*transitions(machine), "", *permissions(machine)]
    lines += ["", "## Other rights", ""]
    lines += _table(
        ("right", *(role.ko for role in Role)),
        [(f"`{right}`", *("Y" if role in roles else "" for role in Role)) for right, roles in STANDING.items()]
        + [("read audit", *(AUDIT[role].value if role in AUDIT else "" for role in Role))],
    )
    lines += [
        "",
        "## Roles",
        "",
        *_table(("role", "Korean", "English"), [(r.value, r.ko, r.en) for r in Role]),
    ]
    lines += ["", "## Rules", ""]
    lines += _table(("rule", "what a refusal says", "한국어"), [(f"`{c}`", s.en, s.ko) for c, s in REASONS.items()])
    return "\n".join(lines) + "\n"


def write(folder: Path) -> Path:
    """Write permissions.md into `folder`; give its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "permissions.md"
    path.write_text(page(), encoding="utf-8")
    return path


if __name__ == "__main__":
    import sys

    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/reference"))
