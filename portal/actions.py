"""Every action of the three machines as a form: which fields it asks for, and which call of the board it makes.

Whether it may be done is the board's to say, here and nowhere else: a form is shown when `Board.options` opens it, and the
call decides again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from drb import Board
from drb.destruction import certify
from drb.form import SECTIONS
from drb.states import Choice, Route
from drb.views import GrantView
from portal.visit import Visit

Call = Callable[[Board, str, str, "Given"], Any]


class Incomplete(Exception):
    """A form lacks something; key: of the sentence in the catalogue."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


@dataclass(frozen=True)
class Given:
    """What was filled in."""

    fields: Mapping[str, list[str]]

    def text(self, name: str) -> str:
        """One field."""
        return self.fields.get(name, [""])[0].strip()

    def lines(self, name: str) -> tuple[str, ...]:
        """A field with one entry a line."""
        return tuple(line.strip() for line in self.text(name).splitlines() if line.strip())

    def sections(self) -> dict[str, str]:
        """What was written for sections of the form."""
        found = {name: self.text(f"section.{name}") for name in SECTIONS}
        return {name: words for name, words in found.items() if words}

    def choice(self) -> Choice:
        """A vote. Raises Incomplete."""
        try:
            return Choice(self.text("choice"))
        except ValueError:
            raise Incomplete("error.choice") from None

    def route(self) -> Route:
        """A route. Raises Incomplete."""
        try:
            return Route(self.text("route"))
        except ValueError:
            raise Incomplete("error.route") from None


@dataclass(frozen=True)
class Form:
    """A call and what it asks for.

    fields: kinds of fields, as `templates/parts/act.html` draws them. typed: the number must be typed. grave: it stops or
    ends something.
    """

    call: Call
    fields: tuple[str, ...] = ()
    typed: bool = False
    grave: bool = False


def _certify(board: Board, actor: str, key: str, given: Given) -> GrantView:
    """Certify a destruction: by a signed certificate, as a file or pasted (JSON begins with a brace), else in words."""
    words = given.text("words")
    document = given.text("signed") or (words if words.startswith("{") else "")
    if document:
        return certify(board, actor, key, document.encode("utf-8", "replace"))
    if not words:
        raise Incomplete("error.certificate")
    return board.grants.certify_destruction(actor, key, words)


CASE: Mapping[str, Form] = {
    "submit": Form(lambda b, a, k, g: b.cases.submit(a, k)),
    "screen": Form(lambda b, a, k, g: b.cases.screen(a, k)),
    "return": Form(lambda b, a, k, g: b.cases.return_(a, k, g.sections()), ("sections",)),
    "resubmit": Form(lambda b, a, k, g: b.cases.resubmit(a, k, g.sections()), ("answers",)),
    "route": Form(lambda b, a, k, g: b.cases.route(a, k, g.route()), ("route",)),
    "vote": Form(lambda b, a, k, g: b.cases.vote(a, k, g.choice(), g.text("words") or None), ("choice", "words?")),
    "approve": Form(lambda b, a, k, g: b.cases.approve(a, k), typed=True),
    "approve_conditionally": Form(
        lambda b, a, k, g: b.cases.approve_conditionally(a, k, g.lines("requirements")), ("requirements",), typed=True
    ),
    "reject": Form(lambda b, a, k, g: b.cases.reject(a, k, g.text("words")), ("words",), typed=True, grave=True),
    "undo": Form(lambda b, a, k, g: b.cases.undo(a, k), grave=True),
    "give_evidence": Form(
        lambda b, a, k, g: b.cases.give_evidence(a, k, g.text("requirement"), g.text("words")),
        ("requirement", "words"),
    ),
    "endorse": Form(lambda b, a, k, g: b.cases.endorse(a, k)),
    "confirm_conditions": Form(lambda b, a, k, g: b.cases.confirm_conditions(a, k), typed=True),
    "suspend": Form(lambda b, a, k, g: b.cases.suspend(a, k, g.text("words")), ("words",), typed=True, grave=True),
    "resume": Form(lambda b, a, k, g: b.cases.resume(a, k, g.text("words")), ("words",), typed=True),
    "close": Form(lambda b, a, k, g: b.cases.close(a, k), typed=True, grave=True),
    "withdraw": Form(lambda b, a, k, g: b.cases.withdraw(a, k), typed=True, grave=True),
    "assign": Form(lambda b, a, k, g: b.cases.assign(a, k, g.text("assignee")), ("assignee",)),
    "remind": Form(lambda b, a, k, g: b.cases.remind(a, k)),
    "declare_interest": Form(lambda b, a, k, g: b.cases.declare_interest(a, k), typed=True, grave=True),
}
RELEASE: Mapping[str, Form] = {
    "submit": Form(lambda b, a, k, g: b.releases.submit(a, k, g.text("digest")), ("digest",)),
    "resubmit": Form(lambda b, a, k, g: b.releases.resubmit(a, k, g.text("digest")), ("digest",)),
    "vote": Form(
        lambda b, a, k, g: b.releases.vote(a, k, g.text("digest"), g.choice(), g.text("words") or None),
        ("digest", "yesno", "words?"),
    ),
    "return": Form(lambda b, a, k, g: b.releases.return_(a, k, g.text("words")), ("words",)),
    "approve": Form(lambda b, a, k, g: b.releases.approve(a, k, g.text("digest")), ("digest",), typed=True),
    "reject": Form(lambda b, a, k, g: b.releases.reject(a, k, g.text("words")), ("words",), typed=True, grave=True),
    "undo": Form(lambda b, a, k, g: b.releases.undo(a, k), grave=True),
    "recall": Form(lambda b, a, k, g: b.releases.recall(a, k, g.text("words")), ("words",), typed=True, grave=True),
    "confirm_destroyed": Form(lambda b, a, k, g: b.releases.confirm_destroyed(a, k), typed=True),
    "assign": Form(lambda b, a, k, g: b.releases.assign(a, k, g.text("assignee")), ("assignee",)),
    "remind": Form(lambda b, a, k, g: b.releases.remind(a, k)),
}
GRANT: Mapping[str, Form] = {
    "accept_terms": Form(lambda b, a, k, g: b.grants.accept_terms(a, k, g.text("terms")), ("terms",)),
    "revoke": Form(lambda b, a, k, g: b.grants.revoke(a, k, g.text("words")), ("words",), typed=True, grave=True),
    "certify_destruction": Form(_certify, ("signed", "certificate"), typed=True),
    "confirm_destroyed": Form(lambda b, a, k, g: b.grants.confirm_destroyed(a, k), typed=True),
    "remind": Form(lambda b, a, k, g: b.grants.remind(a, k)),
}
FORMS: Mapping[str, Mapping[str, Form]] = {"case": CASE, "release": RELEASE, "grant": GRANT}
# Done by filling in the application again, by automation, or by `may_download`'s own page.
ELSEWHERE = {
    "case": frozenset({"create", "edit"}),
    "release": frozenset(
        {
            "build",
            "rebuild",
            "pass_gates",
            "block",
            "begin_publish",
            "finish_publish",
            "fail_publish",
            "supersede",
        }
    ),
    "grant": frozenset({"create", "download", "fall_due"}),
}


def run(visit: Visit, kind: str, action: str, key: str, number: str | None) -> None:
    """Do what a form asks. number: what must be typed where a decision is grave.

    Raises Incomplete, and what the board raises.
    """
    form, given = FORMS[kind][action], Given(visit.given)
    if form.typed and number is not None and given.text("typed") != number:
        raise Incomplete("error.typed")
    form.call(visit.board, visit.me, key, given)
