"""naru board case: may this purpose be pursued?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from flows.cli import show
from flows.cli.options import Actor, Json, SiteId, StudyFile, acting, choice, pairs

app = typer.Typer(no_args_is_help=True, help="심의 건: may this purpose be pursued?")
CaseId = Annotated[str, typer.Argument(metavar="CASE")]
Reason = Annotated[str, typer.Option("--reason", help="Why, in a sentence.")]
Sections = Annotated[
    list[str],
    typer.Option("--section", help="SECTION=TEXT (title, purpose, tables, conditions, irb, people); several."),
]


def _act(call: Callable[[Any], Any], as_json: bool = False) -> None:
    from drb import open_board
    from flows.home import home

    with open_board(home().make().board_url) as board:
        case = call(board.cases)
    if as_json:
        show.as_json(case.to_json())
    else:
        show.text(f"{case.id} ({case.number}): {case.state.ko} / {case.state.en}")


@app.command(
    "create",
    epilog="Example: naru board case create studies/gi_bleed/study.yaml --site gibleed --irb 2026-IRB-014 --as haneul_kim",
)
def create(
    study: StudyFile,
    site: SiteId,
    irb: Annotated[str, typer.Option("--irb", help="Reference of the IRB's approval or exemption.")],
    case: Annotated[
        str | None, typer.Option("--id", help="A key of your own; the same again gives the same case.")
    ] = None,
    condition: Annotated[
        list[str] | None, typer.Option("--condition", help="KEY=VALUE, e.g. expires_on=2030-12-31, min_k=5; several.")
    ] = None,
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Draft an application for a study at a hospital: title, purpose and tables come from the study file."""
    from flows.application import form
    from flows.study import load

    asked = form(load(study), site, irb, pairs(condition, "--condition"))
    _act(lambda cases: cases.create(acting(actor), case_id=case, **asked), as_json)


@app.command("list")
def list_(actor: Actor = None, as_json: Json = False) -> None:
    """The cases that one may see."""
    from drb import open_board
    from flows.home import home

    with open_board(home().make().board_url) as board:
        found = board.cases.list(acting(actor))
    if as_json:
        show.as_json([c.to_json() for c in found])
    else:
        rows = [(c.id, c.number, c.study_id, c.site_id, c.organisation, c.state.ko, c.state.en) for c in found]
        show.table(("case", "번호", "study", "site", "organisation", "상태", "state"), rows)


@app.command("show")
def show_(case: CaseId, actor: Actor = None) -> None:
    """One case, as JSON."""
    _act(lambda cases: cases.get(acting(actor), case), as_json=True)


@app.command("edit", epilog="Example: naru board case edit CASE --irb 2026-IRB-015 --as haneul_kim")
def edit(
    case: CaseId,
    title: Annotated[str | None, typer.Option("--title")] = None,
    purpose: Annotated[str | None, typer.Option("--purpose")] = None,
    irb: Annotated[str | None, typer.Option("--irb", help="Reference of the IRB's approval or exemption.")] = None,
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Change parts of a draft or returned application."""
    given = {"title": title, "purpose": purpose, "irb_reference": irb}
    parts = {name: text for name, text in given.items() if text is not None}
    _act(lambda cases: cases.edit(acting(actor), case, **parts), as_json)


@app.command("submit")
def submit(case: CaseId, actor: Actor = None, as_json: Json = False) -> None:
    """Send an application in."""
    _act(lambda cases: cases.submit(acting(actor), case), as_json)


@app.command("screen")
def screen(case: CaseId, actor: Actor = None, as_json: Json = False) -> None:
    """Take a case for administrative screening."""
    _act(lambda cases: cases.screen(acting(actor), case), as_json)


@app.command(
    "return",
    epilog="Example: naru board case return case-2026-0001 --section purpose='목적을 구체적으로' --as secretary",
)
def return_(case: CaseId, section: Sections, actor: Actor = None, as_json: Json = False) -> None:
    """Send a case back with a comment for each deficient section."""
    _act(lambda cases: cases.return_(acting(actor), case, pairs(section, "--section")), as_json)


@app.command("resubmit")
def resubmit(case: CaseId, section: Sections, actor: Actor = None, as_json: Json = False) -> None:
    """Send a returned case in again, with an answer to each comment."""
    _act(lambda cases: cases.resubmit(acting(actor), case, pairs(section, "--section")), as_json)


@app.command("route")
def route(
    case: CaseId,
    by: Annotated[str, typer.Option("--route", help="expedited, full or shared.")],
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Send a screened case into review."""
    from drb.states import Route

    _act(lambda cases: cases.route(acting(actor), case, choice(Route, by, "--route")), as_json)


@app.command("vote", epilog="Example: naru board case vote case-2026-0001 --choice approve --as member1")
def vote(
    case: CaseId,
    how: Annotated[str, typer.Option("--choice", help="approve, conditional, reject or abstain.")],
    reason: Annotated[str | None, typer.Option("--reason")] = None,
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Vote on a case in review."""
    from drb.states import Choice

    _act(lambda cases: cases.vote(acting(actor), case, choice(Choice, how, "--choice"), reason), as_json)


@app.command("approve")
def approve(case: CaseId, actor: Actor = None, as_json: Json = False) -> None:
    """Record the board's approval (chair)."""
    _act(lambda cases: cases.approve(acting(actor), case), as_json)


@app.command(
    "approve-conditionally",
    epilog="Example: naru board case approve-conditionally CASE --requirement 'IRB 승인서 제출' --as chair",
)
def approve_conditionally(
    case: CaseId,
    requirement: Annotated[
        list[str], typer.Option("--requirement", help="What has to be shown; several, named r1, r2 ...")
    ],
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Record an approval that holds once every requirement has evidence (chair)."""
    _act(lambda cases: cases.approve_conditionally(acting(actor), case, requirement), as_json)


@app.command("give-evidence")
def give_evidence(
    case: CaseId,
    requirement: Annotated[str, typer.Option("--requirement", help="r1, r2 ...")],
    evidence: Annotated[str, typer.Option("--evidence", help="How it is met, and where the evidence is.")],
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Show that a requirement is met (applicant)."""
    _act(lambda cases: cases.give_evidence(acting(actor), case, requirement, evidence), as_json)


@app.command("endorse")
def endorse(case: CaseId, actor: Actor = None, as_json: Json = False) -> None:
    """Endorse the evidence of all requirements (member)."""
    _act(lambda cases: cases.endorse(acting(actor), case), as_json)


@app.command("confirm-conditions")
def confirm_conditions(case: CaseId, actor: Actor = None, as_json: Json = False) -> None:
    """Turn a conditional approval into an approval, once a member endorsed the evidence (secretary)."""
    _act(lambda cases: cases.confirm_conditions(acting(actor), case), as_json)


@app.command("declare-interest")
def declare_interest(case: CaseId, actor: Actor = None, as_json: Json = False) -> None:
    """Recuse oneself: one's votes count no more, the quorum is counted anew (member, chair, secretary)."""
    _act(lambda cases: cases.declare_interest(acting(actor), case), as_json)


@app.command("reject")
def reject(case: CaseId, reason: Reason, actor: Actor = None, as_json: Json = False) -> None:
    """Record the board's rejection (chair)."""
    _act(lambda cases: cases.reject(acting(actor), case, reason), as_json)


@app.command("withdraw")
def withdraw(case: CaseId, actor: Actor = None, as_json: Json = False) -> None:
    """Withdraw a case before the decision (applicant)."""
    _act(lambda cases: cases.withdraw(acting(actor), case), as_json)


@app.command("suspend")
def suspend(case: CaseId, reason: Reason, actor: Actor = None, as_json: Json = False) -> None:
    """Stop the use of everything released under a case (chair or privacy officer; one person is enough)."""
    _act(lambda cases: cases.suspend(acting(actor), case, reason), as_json)


@app.command("resume")
def resume(case: CaseId, reason: Reason, actor: Actor = None, as_json: Json = False) -> None:
    """Lift a suspension."""
    _act(lambda cases: cases.resume(acting(actor), case, reason), as_json)


@app.command("close")
def close(case: CaseId, actor: Actor = None, as_json: Json = False) -> None:
    """Close a case once every copy is confirmed as destroyed (secretary)."""
    _act(lambda cases: cases.close(acting(actor), case), as_json)


@app.command("undo")
def undo(case: CaseId, actor: Actor = None, as_json: Json = False) -> None:
    """Take your own decision back, within the time that was promised (chair)."""
    _act(lambda cases: cases.undo(acting(actor), case), as_json)


@app.command("assign", epilog="Example: naru board case assign case-2026-0001 --to secretary_oh --as secretary_lee")
def assign(
    case: CaseId,
    to: Annotated[str, typer.Option("--to", help="A secretary who serves the hospital.")],
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Give a case to a secretary."""
    _act(lambda cases: cases.assign(acting(actor), case, to), as_json)


@app.command("remind")
def remind(case: CaseId, actor: Actor = None, as_json: Json = False) -> None:
    """Remind those on whom a case waits (secretary)."""
    _act(lambda cases: cases.remind(acting(actor), case), as_json)
