"""The demo's story: counts, two applications, two extractions, the board, publication, a startup that loads the data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdm.errors import BadInput
from drb import Board, open_board
from drb.states import CaseState, Choice, ReleaseState, Route
from drb.views import CaseView
from flows import feasibility, progress, pull
from flows.application import form
from flows.demo.cast import APPLICANT, CHAIR, HOSPITALS, MEMBERS, REVIEWERS, SECRETARY, gather
from flows.demo.sites import make_keys, opened
from flows.extract import extract
from flows.home import Home
from flows.keys import AGE_KEY, new_recipient, recipient
from flows.publish import publish
from flows.run import grant_id
from flows.study import load, shipped

# Which study is extracted where. The end of use is a fixed date so that the same demo gives the same digests.
EXTRACTIONS = (("gi_bleed", "gibleed"), ("deterioration", "hanbit"))
CONDITIONS = {"expires_on": "2035-12-31", "destruction_within_days": 30}


@dataclass(frozen=True)
class Told:
    """What the demo did. counts: answers by study. releases: what was pulled. events: of the board's ledger.

    before: whether the demo had been run here before; newer: the releases that it made beside those that stood.
    """

    counts: dict[str, list[feasibility.Answer]]
    releases: list[dict[str, Any]]
    events: int
    head: str
    before: bool
    newer: tuple[str, ...]


def play(home: Home, seed: int) -> Told:
    """Play the whole story; what stands already is kept. Raises what the verbs raise."""
    _one_seed(home, seed)
    with open_board(home.board_url) as board:
        before = {release.name for release in board.releases.list("system", ReleaseState.RELEASED)}
        gather(board)
        with opened(home):
            counts = {study: feasibility.ask(home, shipped(study), "all")[1] for study, _ in EXTRACTIONS}
            cases = [_case(board, study, site) for study, site in EXTRACTIONS]
            for case in cases:
                make_keys(home, seed, case.site_id, grant_id(case.id, case.site_id, case.study_id))
            built = [
                extract(
                    str(shipped(case.study_id)),
                    case.study_id,
                    case.site_id,
                    case.id,
                    f"{case.site_id}_data",
                    str(home.root),
                )
                for case in cases
            ]
        for release in built:
            _review(board, release["release"], release["manifest_digest"])
        _keys(home, board)
        published = [publish(release["release"], str(home.root)) for release in built]
        pulled = [pull.pull(home, release["release"], None, APPLICANT, accept_terms=True) for release in built]
        report = board.verify()
    return Told(
        counts,
        [{**b, **p, "state": out["state"]} for b, p, out in zip(built, pulled, published, strict=True)],
        report.events,
        str(report.head),
        bool(before),
        tuple(release["release"] for release in built if before and release["release"] not in before),
    )


def _one_seed(home: Home, seed: int) -> None:
    """Keys stand once they are made: a home holds the demo of one seed. Raises BadInput for another."""
    noted = home.root / "demo-seed"
    if noted.is_file() and noted.read_text(encoding="ascii") != str(seed):
        raise BadInput(
            f"{home.root} holds the demo of seed {noted.read_text(encoding='ascii')}; say --seed with that, or use another NARU_HOME"
        )
    noted.write_text(str(seed), encoding="ascii")


def _case(board: Board, study_id: str, site_id: str) -> CaseView:
    """An application goes its whole way: draft, screening, review, three votes, approval."""
    name = f"case {study_id} at {site_id}"
    key = f"demo-{study_id}-{site_id}".replace("_", "-")
    asked = form(load(shipped(study_id)), site_id, "DEMO-IRB-001", CONDITIONS)
    case = board.cases.create(APPLICANT, case_id=key, **asked)
    if case.state is CaseState.APPROVED:
        progress.tell(name, "kept")
        return case
    progress.tell(name, "begun")
    steps = {
        CaseState.DRAFT: lambda: board.cases.submit(APPLICANT, key),
        CaseState.SUBMITTED: lambda: board.cases.screen(SECRETARY, key),
        CaseState.SCREENING: lambda: board.cases.route(SECRETARY, key, Route.FULL),
        CaseState.IN_REVIEW: lambda: _decide(board, key),
    }
    while case.state in steps:
        case = steps[case.state]()
    progress.tell(name, "done", f"{case.number} {case.state.ko}")
    return case


def _decide(board: Board, key: str) -> CaseView:
    voted = {vote.person for vote in board.cases.get("system", key).votes}
    for member in MEMBERS:
        if member not in voted:
            board.cases.vote(member, key, Choice.APPROVE)
    return board.cases.approve(CHAIR, key)


def _keys(home: Home, board: Board) -> None:
    """The startup makes its keys and registers them: what is released is sealed to them."""
    progress.tell("register keys", "begun")
    there = (home.recipient / AGE_KEY).is_file()
    mine = recipient(home) if there else new_recipient(home)
    board.keys.register(APPLICANT, mine.identity.public, mine.signing.public)
    progress.tell("register keys", "kept" if there else "done", mine.identity.public)


def _review(board: Board, release: str, digest: str) -> None:
    """Two reviewers who neither built nor submitted it, then the secretary; all of this very digest."""
    progress.tell(f"review {release}", "begun")
    waiting = {ReleaseState.SUBMITTED, ReleaseState.PARTIALLY_REVIEWED}
    view = board.releases.get("system", release)
    for reviewer in REVIEWERS:
        if view.state in waiting and reviewer not in {vote.person for vote in view.votes}:
            view = board.releases.vote(reviewer, release, digest, Choice.APPROVE)
    if view.state is ReleaseState.REVIEWED:
        view = board.releases.approve(SECRETARY, release, digest)
        progress.tell(f"review {release}", "done", view.state.ko)
    else:
        progress.tell(f"review {release}", "kept", view.state.ko)


def hospital_name(site_id: str) -> str:
    """The Korean name of one of the demo's hospitals."""
    return next(hospital.ko for hospital in HOSPITALS if hospital.id == site_id)


def folders(told: Told) -> list[Path]:
    """Where the pulled releases lie."""
    return [Path(release["folder"]) for release in told.releases]
