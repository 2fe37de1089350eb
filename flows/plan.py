"""From a request (study, hospital, case) to a run: everything is checked here, before any patient's row is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from cdm.errors import BadInput, GateRefused
from deid.keys import KeyStore
from deid.policy import Policy
from drb import Board
from drb.rights import KOREA
from drb.states import CaseState, ReleaseState
from drb.views import CaseView
from extract.manifest import read_manifest
from extract.versions import Built, next_version, numbers
from flows import study_check
from flows.home import Home
from flows.policies import policy_of
from flows.run import Run, grant_id
from flows.site import read
from flows.study import load
from flows.withdrawals import withdrawals_digest


def plan(home: Home, board: Board, study_file: Path, site_id: str, case_id: str | None, actor: str) -> Run:
    """Plan a run. Raises BadInput (study, site, database, keys), GateRefused where no approved case covers it."""
    study, site = load(study_file), read(home, site_id)
    case = covering(board, actor, study.id, site.id, case_id)
    policy = policy_of(site, study)
    refuse_unapproved(policy, case)
    with site.open(home) as source:
        release = source.release()
        study_check.refuse_unanswerable(study, source)
    keys = KeyStore(home.site_keys(site.id)).grant(grant_id(case.id, site.id, study.id))
    conditions = {**case.conditions.to_json(), "duo": list(case.conditions.duo())}
    gone = withdrawals_digest(home, site.id)
    draft = Run(
        home, study, site, case.id, case.organisation, conditions, policy, keys, release, "", "", withdrawn=gone
    )
    return named(draft, board)


def covering(board: Board, actor: str, study_id: str, site_id: str, case_id: str | None) -> CaseView:
    """The one approved case under which `actor` may extract this study here. Raises GateRefused, BadInput."""
    what = f"study '{study_id}' at site '{site_id}'"
    if actor not in {person.id for person in board.people.list()}:
        raise BadInput(
            f"'{actor}' is not registered at the board; say who acts with --as PERSON or NARU_USER "
            "(naru board person list shows who is)"
        )
    approved = [
        case
        for case in board.cases.list(actor, CaseState.APPROVED)
        if (case.study_id, case.site_id) == (study_id, site_id) and case_id in (None, case.id)
    ]
    if not approved:
        named = f"case '{case_id}'" if case_id else "no case"
        raise GateRefused(
            f"{named} that '{actor}' may see is approved for {what}; a startup applies with `naru board case create`, "
            "and the board approves before anything is extracted"
        )
    ends = approved[0].conditions.expires_on
    if len(approved) == 1 and ends is not None and ends < datetime.now(KOREA).date():
        raise GateRefused(
            f"case '{approved[0].id}': the use that it approves ended on {ends}; nothing is extracted for it any more"
        )
    if len(approved) > 1:
        cases = ", ".join(case.id for case in approved)
        raise BadInput(f"several cases are approved for {what} ({cases}); say for which with --case")
    return approved[0]


def refuse_unapproved(policy: Policy, case: CaseView) -> None:
    """Raise GateRefused where the study asks for a sensitive category or free text that the approval does not name."""
    lacking = [name for name in policy.sensitive_approved if name not in case.conditions.sensitive]
    if lacking:
        raise GateRefused(
            f"the study asks for the sensitive category '{lacking[0]}' (deid.sensitive_asked), which the approval of case "
            f"'{case.id}' does not name; leave it out, or apply with --condition sensitive={','.join(policy.sensitive_approved)}"
        )
    texts = [name for name in policy.text_approved if name not in case.conditions.free_text]
    if texts:
        raise GateRefused(
            f"the study asks for the free text of '{texts[0]}' (deid.text_asked), which the approval of case '{case.id}' does "
            f"not name; leave it out, or apply with --condition free_text={','.join(policy.text_approved)}"
        )


def named(draft: Run, board: Board) -> Run:
    """The run with the name and version that its release will bear, told from what was built for this case before."""
    earlier = [
        Built(release.name.rpartition("-")[2], release.provenance)
        for release in board.releases.list("system")
        if (release.study_id, release.site_id, release.case_id) == (draft.study.id, draft.site.id, draft.case_id)
    ]
    version = next_version(earlier, draft.provenance)
    # The recipient is part of the name: pseudonyms are per grant, so two startups never receive the same package.
    name = f"{draft.study.id}-{draft.site.id}-{draft.recipient}-{version}".lower()
    last = published_before(draft, board, version)
    digest = read_manifest(last).digest if last else ""
    return replace(draft, release=name, release_version=version, earlier=last, earlier_digest=digest)


def published_before(draft: Run, board: Board, version: str) -> Path | None:
    """The newest published version of the same grant that is older than `version` and stands in the store."""
    found = [
        (numbers(number), draft.home.store / release.name)
        for release in board.releases.list("system")
        for number in (release.name.rpartition("-")[2],)
        if (release.study_id, release.site_id, release.case_id) == (draft.study.id, draft.site.id, draft.case_id)
        and release.state in (ReleaseState.RELEASED, ReleaseState.SUPERSEDED)
        and numbers(number) < numbers(version)
    ]
    there = [pair for pair in found if pair[1].is_dir()]
    return max(there)[1] if there else None
