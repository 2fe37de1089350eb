"""심의 건: from the applicant's draft to the board's decision, and what follows it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from drb.case_view import case_view, case_views
from drb.columns import canonical
from drb.conditions import Conditions
from drb.conditions import read as read_conditions
from drb.counting import following
from drb.errors import BadInput, NotFound
from drb.facts import Asked, CaseFacts
from drb.load import ENDORSEMENT, INTEREST, REQUIREMENT, case_facts, locked, requirement_name
from drb.models import Case, CaseComment, CaseCondition, CasePerson, Organisation, Release, Vote
from drb.rights import KOREA, may
from drb.states import CaseState, Choice, Role, Route
from drb.views import CaseView
from drb.visible import seen, seen_cases
from drb.work import Desk, Work, checked_key, refusal

Tables = Mapping[str, Sequence[str]] | Sequence[str]
_FORM = ("study_id", "site_id", "title", "purpose", "tables", "wished", "irb_reference")
_EDITABLE = ("title", "purpose", "tables", "irb_reference", "conditions")


@dataclass(frozen=True)
class Cases:
    """Every call takes the person who acts; it raises Refused when the rules say no, BadInput for what cannot be."""

    desk: Desk

    def create(  # noqa: PLR0913 - one argument for each part of the form
        self,
        actor: str,
        study_id: str,
        site_id: str,
        title: str,
        purpose: str,
        tables: Tables,
        *,
        conditions: Conditions | Mapping[str, Any] | None = None,
        irb_reference: str = "",
        case_id: str | None = None,
    ) -> CaseView:
        """Draft a case. tables: names, or table -> columns (none listed: all). conditions: those wished for.

        case_id: a key of one's own; creating the same again gives the case that is there.
        """
        form = {
            "study_id": checked_key(study_id, "study"),
            "site_id": checked_key(site_id, "site"),
            "title": title,
            "purpose": purpose,
            "tables": _tables(tables),
            "wished": read_conditions(conditions).to_json(),
            "irb_reference": irb_reference,
        }
        if case_id is not None:
            checked_key(case_id, "case")
        with self.desk.write(actor, "create", f"case:{case_id or 'new'}") as work:
            there = work.session.get(Case, case_id) if case_id is not None else None
            if there is not None:
                return _again(work, there, actor, form)
            return self._create(work, actor, case_id, form)

    def _create(self, work: Work, actor: str, case_id: str | None, form: Mapping[str, Any]) -> CaseView:
        site_id = form["site_id"]
        if work.session.scalar(select(Organisation.id).where(Organisation.site_id == site_id)) is None:
            raise BadInput(
                f"no hospital with site '{site_id}' is registered; add its organisation first",
                "등록되지 않은 병원입니다",
            )
        acting = work.actor(actor)
        year = work.now.astimezone(KOREA).year
        facts = CaseFacts(case_id or "new", None, site_id, form["study_id"], acting.organisation, acting.id)

        def change() -> tuple[Case, Mapping[str, Any]]:
            number = f"{year}-{following(work.session, f'case {year}'):04d}"
            case = Case(
                id=case_id or f"case-{number}",
                number=number,
                state=CaseState.DRAFT,
                organisation_id=acting.organisation,
                applicant_id=acting.id,
                round=0,
                digest=_digest(form),
                created_at=work.now,
                changed_at=work.now,
                **form,
            )
            work.session.add(case)
            work.session.flush()
            return case, {"number": number}

        return case_view(work.session, work.step(acting, "create", facts, Asked(), change))

    def edit(self, actor: str, case_id: str, **form: Any) -> CaseView:
        """Change parts of the form: title, purpose, tables, irb_reference, conditions."""
        unknown = sorted(set(form) - set(_EDITABLE))
        if unknown or not form:
            raise BadInput(f"case '{case_id}': the parts of the form are {', '.join(_EDITABLE)}")
        if "tables" in form:
            form["tables"] = _tables(form["tables"])
        if "conditions" in form:
            form["wished"] = read_conditions(form.pop("conditions")).to_json()

        def change(work: Work, case: Case, facts: CaseFacts) -> Mapping[str, Any]:
            for part, content in form.items():
                setattr(case, part, content)
            case.digest = _digest({part: getattr(case, part) for part in _FORM})
            return {"parts": sorted(form)}

        return self._act(actor, "edit", case_id, Asked(), change)

    def submit(self, actor: str, case_id: str) -> CaseView:
        """Send the form in."""
        return self._act(actor, "submit", case_id, Asked(), _next_round)

    def screen(self, actor: str, case_id: str) -> CaseView:
        """Take a case for administrative screening; the secretary becomes its assignee."""

        def change(work: Work, case: Case, facts: CaseFacts) -> Mapping[str, Any]:
            case.assignee = actor
            return {"assignee": actor}

        return self._act(actor, "screen", case_id, Asked(), change)

    def return_(self, actor: str, case_id: str, comments: Mapping[str, str]) -> CaseView:
        """Send a case back; comments: section of the form -> what it lacks. Votes are voided, their events kept."""

        def change(work: Work, case: Case, facts: CaseFacts) -> Mapping[str, Any]:
            void_votes(work, f"case:{case_id}")
            for section, words in comments.items():
                text = work.seal(words)
                work.session.add(CaseComment(case_id=case_id, round=case.round, section=section, words_id=text))
            return {"sections": sorted(comments)}

        return self._act(actor, "return", case_id, Asked(sections=comments), change)

    def resubmit(self, actor: str, case_id: str, answers: Mapping[str, str]) -> CaseView:
        """Send a returned case in again; answers: section -> answer, one for every open comment."""

        def change(work: Work, case: Case, facts: CaseFacts) -> Mapping[str, Any]:
            query = select(CaseComment).where(CaseComment.case_id == case_id, CaseComment.answer_id.is_(None))
            for comment in work.session.scalars(query.order_by(CaseComment.id)):
                comment.answer_id = work.seal(answers[comment.section])
            return _next_round(work, case, facts)

        return self._act(actor, "resubmit", case_id, Asked(sections=answers), change)

    def route(self, actor: str, case_id: str, route: Route) -> CaseView:
        """Send a screened case into review by one of the routes."""

        def change(work: Work, case: Case, facts: CaseFacts) -> Mapping[str, Any]:
            case.route = Route(route)
            return {"route": route}

        return self._act(actor, "route", case_id, Asked(route=route), change)

    def vote(self, actor: str, case_id: str, choice: Choice, words: str | None = None) -> CaseView:
        """Vote on a case in review."""

        def change(work: Work, case: Case, facts: CaseFacts) -> Mapping[str, Any]:
            cast(work, f"case:{case_id}", actor, choice, {"digest": case.digest, "version": case.round}, words)
            return {"choice": choice, "digest": case.digest, "version": case.round}

        return self._act(actor, "vote", case_id, Asked(choice=choice, words=words), change)

    def approve(self, actor: str, case_id: str, conditions: Conditions | Mapping[str, Any] | None = None) -> CaseView:
        """Record the approval. conditions: those imposed; None: those wished for."""
        imposed = None if conditions is None else read_conditions(conditions)

        def change(work: Work, case: Case, facts: CaseFacts) -> Mapping[str, Any]:
            decided(work, case, actor)
            return _impose(work, case, imposed)

        return self._act(actor, "approve", case_id, Asked(), change)

    def approve_conditionally(
        self,
        actor: str,
        case_id: str,
        requirements: Sequence[str],
        conditions: Conditions | Mapping[str, Any] | None = None,
    ) -> CaseView:
        """Record an approval that holds once every requirement (words) has evidence; they are named r1, r2 ..."""
        imposed = None if conditions is None else read_conditions(conditions)

        def change(work: Work, case: Case, facts: CaseFacts) -> Mapping[str, Any]:
            decided(work, case, actor)
            told = dict(_impose(work, case, imposed))
            names = [f"r{number}" for number in range(1, len(requirements) + 1)]
            for name, words in zip(names, requirements, strict=True):
                row = CaseCondition(case_id=case_id, kind=REQUIREMENT, value=name, words_id=work.seal(words))
                work.session.add(row)
            return {**told, "requirements": names}

        asked = Asked(requirements=tuple(requirements))
        return self._act(actor, "approve_conditionally", case_id, asked, change)

    def reject(self, actor: str, case_id: str, reason: str) -> CaseView:
        """Record the rejection."""

        def change(work: Work, case: Case, facts: CaseFacts) -> Mapping[str, Any]:
            decided(work, case, actor)
            return {"words": work.seal(reason)}

        return self._act(actor, "reject", case_id, Asked(words=reason), change)

    def undo(self, actor: str, case_id: str) -> CaseView:
        """Take one's own decision back while it can still be undone: the case is in review again, its votes stand."""

        def change(work: Work, case: Case, facts: CaseFacts) -> Mapping[str, Any]:
            for row in work.session.scalars(select(CaseCondition).where(CaseCondition.case_id == case_id)):
                work.session.delete(row)
            return undone(case)

        return self._act(actor, "undo", case_id, Asked(), change)

    def assign(self, actor: str, case_id: str, assignee: str) -> CaseView:
        """Give a case to a secretary who serves its hospital."""

        def change(work: Work, case: Case, facts: CaseFacts) -> Mapping[str, Any]:
            case.assignee = secretary(work, assignee, case.site_id)
            return {"assignee": assignee}

        return self._act(actor, "assign", case_id, Asked(), change)

    def remind(self, actor: str, case_id: str) -> CaseView:
        """Remind those on whom a case waits: an outbox row, nothing else changes."""
        return self._act(actor, "remind", case_id, Asked(), _nothing)

    def give_evidence(self, actor: str, case_id: str, requirement: str, words: str) -> CaseView:
        """Say how a requirement is met, and where the evidence is."""

        def change(work: Work, case: Case, facts: CaseFacts) -> Mapping[str, Any]:
            query = select(CaseCondition).where(CaseCondition.case_id == case_id, CaseCondition.kind == REQUIREMENT)
            row = next(r for r in work.session.scalars(query) if requirement_name(r) == requirement)
            row.evidence_id = work.seal(words)
            _withdraw_endorsements(work, case_id)
            return {"requirement": requirement}

        return self._act(actor, "give_evidence", case_id, Asked(requirement=requirement, words=words), change)

    def endorse(self, actor: str, case_id: str) -> CaseView:
        """As a member, endorse the evidence of all requirements."""

        def change(work: Work, case: Case, facts: CaseFacts) -> Mapping[str, Any]:
            if actor not in facts.endorsers:
                work.session.add(CasePerson(case_id=case_id, person_id=actor, kind=ENDORSEMENT))
            return {}

        return self._act(actor, "endorse", case_id, Asked(), change)

    def confirm_conditions(self, actor: str, case_id: str) -> CaseView:
        """As secretary, turn a conditional approval into an approval, once a member endorsed the evidence."""
        return self._act(actor, "confirm_conditions", case_id, Asked(), _nothing)

    def withdraw(self, actor: str, case_id: str) -> CaseView:
        """Withdraw a case before the decision."""
        return self._act(actor, "withdraw", case_id, Asked(), _nothing)

    def suspend(self, actor: str, case_id: str, reason: str) -> CaseView:
        """Stop the use of everything released under a case; one person is enough."""
        return self._with_words(actor, "suspend", case_id, reason)

    def resume(self, actor: str, case_id: str, reason: str) -> CaseView:
        """Lift a suspension."""
        return self._with_words(actor, "resume", case_id, reason)

    def close(self, actor: str, case_id: str) -> CaseView:
        """Close a case, once all copies are confirmed as destroyed."""
        return self._act(actor, "close", case_id, Asked(), _nothing)

    def declare_interest(self, actor: str, case_id: str) -> CaseView:
        """Recuse oneself: one's votes on the case and its releases count no more, the quorum is counted anew."""
        with self.desk.write(actor, "declare_interest", f"case:{case_id}") as work:
            acting = work.actor(actor)
            decision = may(acting, "declare_interest")
            if not decision or decision.role is None:
                raise refusal(decision)
            case = existing(work, case_id)
            if actor not in case_facts(work.session, [case])[case_id].interested:
                work.session.add(CasePerson(case_id=case_id, person_id=actor, kind=INTEREST))
                digest = case.digest
                work.record(actor, decision.role.value, "declare_interest", ("case", case_id), digest, {})
            return case_view(work.session, case)

    def get(self, actor: str, case_id: str) -> CaseView:
        """Read a case. Raises Refused, recorded, for whoever may not see it; BadInput when there is none."""
        with self.desk.look(actor, f"case:{case_id}") as work:
            query = seen_cases(work.actor(actor)).where(Case.id == case_id)
            return case_view(work.session, seen(work, query, Case, "case", case_id))

    def list(self, actor: str, state: CaseState | None = None) -> tuple[CaseView, ...]:
        """Read the cases that one may see, by number."""
        with self.desk.read() as work:
            query = seen_cases(work.actor(actor)).order_by(Case.number)
            if state is not None:
                query = query.where(Case.state == state)
            return case_views(work.session, work.session.scalars(query).all())

    def _with_words(self, actor: str, action: str, case_id: str, words: str) -> CaseView:
        def change(work: Work, case: Case, facts: CaseFacts) -> Mapping[str, Any]:
            return {"words": work.seal(words)}

        return self._act(actor, action, case_id, Asked(words=words), change)

    def _act(
        self,
        actor: str,
        action: str,
        case_id: str,
        asked: Asked,
        change: Callable[[Work, Case, CaseFacts], Mapping[str, Any]],
    ) -> CaseView:
        with self.desk.write(actor, action, f"case:{case_id}") as work:
            acting = work.actor(actor)
            case = existing(work, case_id)
            facts = case_facts(work.session, [case])[case_id]
            work.step(acting, action, facts, asked, lambda: (case, change(work, case, facts)))
            return case_view(work.session, case)


def existing(work: Work, case_id: str) -> Case:
    """Read and lock a case. Raises BadInput when there is none."""
    case = work.session.scalars(locked(select(Case).where(Case.id == case_id))).one_or_none()
    if case is None:
        raise NotFound(
            f"no case '{checked_key(case_id, 'case')}'; `naru board case list` lists them", "심의 건이 없습니다"
        )
    return case


def decided(work: Work, thing: Case | Release, actor: str) -> None:
    """Note who decided, and until when they may take it back."""
    thing.decided_by, thing.decided_at = actor, work.now
    thing.undo_until = work.now + work.settings.undo


def undone(thing: Case | Release) -> Mapping[str, Any]:
    """Forget a decision that was taken back; its events stay."""
    thing.decided_by = thing.decided_at = thing.undo_until = None
    return {}


def secretary(work: Work, person_id: str, site_id: str) -> str:
    """Give back the id of a secretary who serves a hospital. Raises BadInput for anybody else."""
    found = work.people([person_id]).get(checked_key(person_id, "assignee"))
    serves = found is not None and (found.serves is None or site_id in found.serves)
    if found is None or not serves or not found.active or Role.SECRETARY not in found.roles:
        raise BadInput(
            f"'{person_id}' is no secretary who serves hospital '{site_id}'; assign to one who is",
            f"'{person_id}'은(는) '{site_id}' 병원을 담당하는 간사가 아닙니다; 담당 간사를 선택하십시오",
        )
    return person_id


def void_votes(work: Work, name: str) -> None:
    """Void the standing votes on an object; their events stay."""
    for vote in work.session.scalars(select(Vote).where(Vote.object == name, Vote.voided_at.is_(None))):
        vote.voided_at = work.now


def cast(work: Work, name: str, actor: str, choice: Choice, bound: Mapping[str, Any], words: str | None) -> None:
    """Write a vote."""
    text = work.seal(words) if words and words.strip() else None
    work.session.add(
        Vote(object=name, person_id=actor, choice=Choice(choice), bound=dict(bound), words_id=text, at=work.now)
    )


def _next_round(work: Work, case: Case, facts: CaseFacts) -> Mapping[str, Any]:
    case.round += 1
    case.route = None
    return {"version": case.round, "digest": case.digest}


def _nothing(work: Work, case: Case, facts: CaseFacts) -> Mapping[str, Any]:
    return {}


def _impose(work: Work, case: Case, imposed: Conditions | None) -> Mapping[str, Any]:
    conditions = imposed or read_conditions(case.wished)
    plain = {kind: value for kind, value in conditions.to_json().items() if value not in (None, [], {})}
    for kind, value in plain.items():
        work.session.add(CaseCondition(case_id=case.id, kind=kind, value=value))
    return {"conditions": plain, "version": case.round, "duo": list(conditions.duo())}


def _withdraw_endorsements(work: Work, case_id: str) -> None:
    query = select(CasePerson).where(CasePerson.case_id == case_id, CasePerson.kind == ENDORSEMENT)
    for row in work.session.scalars(query):
        work.session.delete(row)


def _tables(tables: Tables) -> dict[str, list[str]]:
    listed = tables if isinstance(tables, Mapping) else dict.fromkeys(tables, ())
    for table, columns in listed.items():
        for name in (table, *columns):
            checked_key(name, "table or column")
    return {table: sorted(columns) for table, columns in listed.items()}


def _digest(form: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical({part: form[part] for part in _FORM}).encode()).hexdigest()


def _again(work: Work, case: Case, actor: str, form: Mapping[str, Any]) -> CaseView:
    if case.applicant_id != actor or case.digest != _digest(form):
        raise BadInput(f"case '{case.id}' is there already, with another content or applicant; give another id")
    return case_view(work.session, case)
