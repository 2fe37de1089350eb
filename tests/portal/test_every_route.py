"""Every route is walked by every role: nothing is open that the generated matrix does not open, and no attempt is lost."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from drb import Board, matrix, open_board
from drb.states import Role
from drb.transitions import AUDIT, CASE, GRANT, RELEASE, STANDING, AuditScope, Machine
from portal.actions import ELSEWHERE, FORMS
from portal.app import PAGES
from tests.drb.cast import RELEASE as NAME
from tests.portal.conftest import OF_ROLE, STRANGERS, visitor

MACHINES: dict[str, Machine] = {"case": CASE, "release": RELEASE, "grant": GRANT}
THINGS = {
    "case": ["case-a", "case-sent", "case-review"],
    "release": [NAME, f"{NAME}-next"],
    "grant": ["g-00001"],
}
# What opens a page. 'anybody': no sign-in. 'self': whoever is signed in, about themselves. 'object': as the board lets it
# be read. 'action': as the tables of transitions say. Everything else is a right that moves no machine.
OPENS: dict[tuple[str, str], str] = {
    ("GET", "/"): "self",
    ("GET", "/queue"): "read_board",
    ("POST", "/queue/assign"): "read_board",
    ("POST", "/queue/remind"): "read_board",
    ("GET", "/cases"): "read_board",
    ("GET", "/cases/new"): "apply",
    ("POST", "/cases/new"): "apply",
    ("GET", "/cases/{key}"): "object",
    ("GET", "/cases/{key}/edit"): "object",
    ("POST", "/cases/{key}/edit"): "object",
    ("GET", "/cases/{key}/minutes"): "object",
    ("POST", "/cases/{key}/{action}"): "action",
    ("GET", "/releases"): "read_board",
    ("GET", "/releases/{key}"): "object",
    ("GET", "/releases/{key}/evidence"): "object",
    ("GET", "/releases/{key}/evidence.json"): "object",
    ("GET", "/releases/{key}/evidence.html"): "object",
    ("POST", "/releases/{key}/download"): "object",
    ("POST", "/releases/{key}/{action}"): "action",
    ("GET", "/grants"): "read_board",
    ("GET", "/grants/{key}"): "object",
    ("POST", "/grants/{key}/accept_terms"): "object",
    ("POST", "/grants/{key}/{action}"): "action",
    ("GET", "/catalogue"): "read_catalogue",
    ("GET", "/keys"): "read_board",
    ("POST", "/keys"): "register_key",
    ("GET", "/sites"): "read_sites",
    ("GET", "/sites/{site}"): "object",
    ("GET", "/statistics"): "read_statistics",
    ("GET", "/statistics.csv"): "read_statistics",
    ("GET", "/people"): "manage_people",
    ("POST", "/people"): "manage_people",
    ("POST", "/organisations"): "manage_people",
    ("POST", "/people/{key}/account"): "manage_people",
    ("POST", "/people/{key}/{action}"): "manage_people",
    ("GET", "/audit"): "read_ledger",
    ("POST", "/audit/verify"): "read_ledger",
    ("GET", "/me"): "self",
    ("POST", "/me/password"): "self",
    ("POST", "/me/tokens"): "self",
    ("POST", "/me/tokens/{key}/revoke"): "object",
    ("GET", "/sign-in"): "anybody",
    ("POST", "/sign-in"): "anybody",
    ("GET", "/sign-in/second"): "self",
    ("POST", "/sign-in/second"): "self",
    ("GET", "/sign-in/enrol"): "self",
    ("POST", "/sign-in/enrol"): "self",
    ("GET", "/invitation"): "anybody",
    ("POST", "/invitation"): "anybody",
    ("POST", "/sign-out"): "self",
    ("GET", "/language/{lang}"): "anybody",
    ("GET", "/sign-in/oidc"): "anybody",
    ("GET", "/sign-in/oidc/back"): "anybody",
}
DENIED = {403, 409}
# No form at all: the table of forms does not know them.
NO_FORM = {kind: actions - {"edit", "download"} for kind, actions in ELSEWHERE.items()}


def routes() -> set[tuple[str, str]]:
    return {
        (method, route.path)
        for page in PAGES
        for route in page.router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }


def test_every_route_is_known_here() -> None:
    assert routes() == set(OPENS)


def test_every_action_of_the_tables_has_a_form_or_a_reason_to_have_none() -> None:
    for kind, machine in MACHINES.items():
        assert set(FORMS[kind]) - {"declare_interest"} == set(machine.actions) - ELSEWHERE[kind]


def test_nobody_who_is_not_signed_in_gets_any_page(app: FastAPI, board: Board) -> None:
    stranger = visitor(app, board, "secretary")
    stranger.cookies.clear()
    for method, path in sorted(routes()):
        if OPENS[method, path] == "anybody":
            continue
        address = path.replace("{key}", "case-a").replace("{action}", "approve").replace("{site}", "seoul01")
        answer = stranger.request(method, address)
        if (method, path) == ("GET", "/"):
            assert answer.status_code == 200
            assert 'lang="ko"' in answer.text
            assert 'action="/sign-in"' in answer.text
            continue
        assert (answer.status_code, answer.headers.get("location")) == (303, "/sign-in"), (method, path)


def test_pages_open_to_the_roles_that_the_matrix_names_and_to_nobody_else(app: FastAPI, board: Board) -> None:
    for role, person in OF_ROLE.items():
        browser = visitor(app, board, person)
        for (method, path), right in sorted(OPENS.items()):
            if right not in STANDING:
                continue
            address = path.replace("{key}", "nobody").replace("{action}", "propose")
            answer = browser.request(method, address, data={"_csrf": browser.csrf} if method == "POST" else None)
            allowed = Role(role) in STANDING[right]
            assert (answer.status_code != 403) is allowed, (method, path, role, answer.status_code)
            assert answer.status_code < 500


def cells() -> Iterator[tuple[str, str, str]]:
    for kind, machine in MACHINES.items():
        for action, role in product(machine.actions, OF_ROLE):
            yield kind, action, role


@dataclass(frozen=True)
class Thing:
    """An object as it stands before anybody tries anything. typed: what its grave forms ask to be typed."""

    kind: str
    key: str
    state: object
    typed: str
    digest: str

    def opens(self, action: str, role: str) -> bool:
        """Whether the generated matrix lets a role do this to an object of this state, own or not."""
        row = MACHINES[self.kind].row(self.state, action)
        return row is not None and any(matrix.opens(row, Role(role), own) for own in (True, False))


def things(board: Board, last: int) -> dict[str, list[Thing]]:
    found: dict[str, list[Thing]] = {kind: [] for kind in MACHINES}
    for key in THINGS["case"][-last:]:
        case = board.cases.get("system", key)
        found["case"].append(Thing("case", key, case.state, case.number, ""))
    for key in THINGS["release"][-last:]:
        release = board.releases.get("system", key)
        found["release"].append(Thing("release", key, release.state, release.case_number, release.manifest_digest))
    for key in THINGS["grant"][-last:]:
        found["grant"].append(Thing("grant", key, board.grants.get("system", key).state, key, ""))
    return found


# One object of each kind in `make test`, all of them among the slow ones.
SOME = pytest.mark.parametrize("last", [1, pytest.param(9, marks=pytest.mark.slow)])


@SOME
def test_no_form_does_what_the_matrix_denies(app: FastAPI, board: Board, last: int) -> None:
    """state x action x role, by POST; what is denied changes nothing."""
    before = board.verify().head, [event for event in board.events("system") if not event.action.startswith("refused:")]
    asked = 0
    there = things(board, last)
    for role, person in OF_ROLE.items():
        browser = visitor(app, board, person)
        for kind, machine in MACHINES.items():
            for thing, action in product(there[kind], [*(machine.actions.keys() - NO_FORM[kind]), "no_such_action"]):
                known = action in machine.actions
                if known and thing.opens(action, role):
                    continue
                form = {"_csrf": browser.csrf, "words": "사유", "typed": thing.typed, "choice": "APPROVE"}
                answer = browser.post(f"/{kind}s/{thing.key}/{action}", data=form)
                expected = DENIED if known else {404}
                if action in {"accept_terms", "edit", "download"}:
                    expected = DENIED | {404, 422}  # their own routes: the object is asked for first
                assert answer.status_code in expected, (role, kind, thing.key, action, answer.status_code)
                asked += 1
    after = [event for event in board.events("system") if not event.action.startswith("refused:")]
    assert after == before[1]
    assert board.verify().ok
    assert asked > (300 if last == 1 else 700)


def test_what_only_automation_does_has_no_address(app: FastAPI, board: Board) -> None:
    browser = visitor(app, board, "auditor")
    for kind, actions in NO_FORM.items():
        for action in actions:
            address = f"/{kind}s/{THINGS[kind][0]}/{action}"
            assert browser.post(address, data={"_csrf": browser.csrf}).status_code == 404, address


def anew(board: Board, filled: Path, path: Path) -> None:
    """Put the board back to where it stood; what SQLAlchemy compiled stays."""
    board.engine.dispose()
    for suffix in ("-wal", "-shm"):
        path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)
    shutil.copy(filled, path)


@SOME
def test_what_the_matrix_allows_is_decided_by_the_board_alone(
    app: FastAPI, filled: Path, tmp_path: Path, last: int
) -> None:
    """Every cell that is open to a role: the answer is the board's decision, on a board of its own each time."""
    done = 0
    path = tmp_path / "own.sqlite"
    shutil.copy(filled, path)
    with open_board(f"sqlite:///{path}") as board:
        there = things(board, last)
        app.state.portal = replace(app.state.portal, board=board)
        for kind, action, role in cells():
            for thing in there[kind]:
                if action in ELSEWHERE[kind] or not thing.opens(action, role):
                    continue
                anew(board, filled, path)
                person = OF_ROLE[role]
                decision = board.decide(person, action, f"{kind}:{thing.key}")
                browser = visitor(app, board, person)
                form = {"_csrf": browser.csrf, "words": "사유", "typed": thing.typed, "choice": "APPROVE"}
                form |= {"digest": thing.digest, "route": "FULL", "assignee": "secretary"}
                form |= {"requirement": "r1", "requirements": "증빙", "section.purpose": "더 자세히"}
                answer = browser.post(f"/{kind}s/{thing.key}/{action}", data=form)
                assert answer.status_code in ({303, 404, 422} if decision else DENIED), (role, kind, thing.key, action)
                done += answer.status_code == 303
                assert board.verify().ok
    assert done > (8 if last == 1 else 20)


@pytest.mark.parametrize("person", ["rival", *(name for name, _, _ in STRANGERS), "coordinator", "admin2"])
def test_objects_of_others_are_denied_and_every_attempt_is_recorded(app: FastAPI, board: Board, person: str) -> None:
    browser = visitor(app, board, person)
    for kind, keys in THINGS.items():
        for key in keys:
            attempts = len([e for e in board.events("system") if e.action == "refused:read"])
            for path in (
                f"/{kind}s/{key}",
                f"/releases/{key}/evidence.json" if kind == "release" else f"/{kind}s/{key}",
            ):
                assert browser.get(path).status_code == 403, path
            recorded = [e for e in board.events("system") if e.action == "refused:read"]
            assert len(recorded) == attempts + 2
            assert recorded[-1].actor == person
    assert browser.get("/sites/seoul01").status_code == 403
    assert browser.post(f"/releases/{NAME}/download", data={"_csrf": browser.csrf}).status_code == 403
    assert browser.post("/grants/g-00001/certify_destruction", data={"_csrf": browser.csrf}).status_code in {403, 422}
    assert board.verify().ok


def test_what_a_person_may_read_is_what_the_audit_scope_says(app: FastAPI, board: Board) -> None:
    for role, person in OF_ROLE.items():
        scope = AUDIT.get(Role(role))
        browser = visitor(app, board, person)
        status = browser.get("/cases/case-a").status_code
        assert (status == 200) is (scope not in {None, AuditScope.COUNTS}), role
        assert (browser.get("/cases/case-draft").status_code == 200) is (
            role == "STARTUP_USER" or scope is AuditScope.ALL
        )
