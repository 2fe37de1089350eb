"""The rules that the transition tables name. A guard answers None (yes), or the fields of its sentence in `drb.reasons`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

from drb.facts import Bound, CaseFacts, GrantFacts, Question, ReleaseFacts
from drb.form import SECTIONS
from drb.quorum import Settings, lacking, majority
from drb.states import CaseState, Choice, ReleaseState, Route

Unmet = Mapping[str, object]
Guard = Callable[[Question, Settings], Unmet | None]
GUARDS: dict[str, Guard] = {}

# Rules about what is given with the action: not asked when the question is only whether the action is open to somebody.
OF_INPUT = frozenset(
    {
        "choice_given",
        "comments_answered",
        "comments_given",
        "digest_is_current",
        "requirement_known",
        "requirements_given",
        "route_chosen",
        "words_given",
    }
)
CHOICES = {True: (Choice.APPROVE, Choice.REJECT), False: tuple(Choice)}
PARTS = {
    "manifest_digest": ("package digest", "패키지 다이제스트"),
    "policy_digest": ("policy", "정책"),
    "cdm_digest": ("CDM release", "CDM 버전"),
    "case_version": ("version of the case", "심의 건 버전"),
}


def guard(rule: Guard) -> Guard:
    """Register a rule under its own name."""
    GUARDS[rule.__name__] = rule
    return rule


def _unless(met: bool, **fields: object) -> Unmet | None:
    return None if met else fields


def _release(question: Question) -> ReleaseFacts:
    facts = question.facts
    if isinstance(facts, GrantFacts):
        return facts.release
    if isinstance(facts, ReleaseFacts):
        return facts
    raise AssertionError("a rule about a release was asked of a case")


def _grant(question: Question) -> GrantFacts:
    if isinstance(question.facts, GrantFacts):
        return question.facts
    raise AssertionError("a rule about a grant was asked of something else")


# --- people: compared as persons, never as roles


@guard
def is_applicant(question: Question, settings: Settings) -> Unmet | None:
    return _unless(question.actor.id == question.facts.case.applicant)


@guard
def not_applicant(question: Question, settings: Settings) -> Unmet | None:
    return _unless(question.actor.id != question.facts.case.applicant)


@guard
def no_conflict(question: Question, settings: Settings) -> Unmet | None:
    case, actor = question.facts.case, question.actor
    return _unless(actor.organisation != case.organisation and actor.id not in case.interested)


@guard
def not_author(question: Question, settings: Settings) -> Unmet | None:
    return _unless(question.actor.id != _release(question).author)


@guard
def not_builder(question: Question, settings: Settings) -> Unmet | None:
    return _unless(question.actor.id != _release(question).built_by)


@guard
def not_reviewer(question: Question, settings: Settings) -> Unmet | None:
    return _unless(all(ballot.person != question.actor.id for ballot in _release(question).ballots))


@guard
def not_voted(question: Question, settings: Settings) -> Unmet | None:
    ballots = question.facts.case.ballots if isinstance(question.facts, CaseFacts) else _release(question).ballots
    return _unless(all(ballot.person != question.actor.id for ballot in ballots))


@guard
def is_grantee(question: Question, settings: Settings) -> Unmet | None:
    return _unless(question.actor.id == _grant(question).person)


@guard
def not_grantee(question: Question, settings: Settings) -> Unmet | None:
    return _unless(question.actor.id != _grant(question).person)


@guard
def builder_of_hospital(question: Question, settings: Settings) -> Unmet | None:
    release = _release(question)
    return _unless(release.builder_serves, site=release.site_id)


@guard
def person_entitled(question: Question, settings: Settings) -> Unmet | None:
    why = _grant(question).not_entitled
    return _unless(why is None, why=why)


# --- what is given with the action


@guard
def words_given(question: Question, settings: Settings) -> Unmet | None:
    return _unless(bool((question.asked.words or "").strip()))


@guard
def comments_given(question: Question, settings: Settings) -> Unmet | None:
    given = question.asked.sections
    known = bool(given) and all(name in SECTIONS and text.strip() for name, text in given.items())
    return _unless(known, sections=", ".join(SECTIONS))


@guard
def route_chosen(question: Question, settings: Settings) -> Unmet | None:
    return _unless(question.asked.route in settings.routes, routes=", ".join(Route))


@guard
def choice_given(question: Question, settings: Settings) -> Unmet | None:
    choices = CHOICES[isinstance(question.facts, ReleaseFacts)]
    return _unless(question.asked.choice in choices, choices=", ".join(choices))


@guard
def requirements_given(question: Question, settings: Settings) -> Unmet | None:
    given = question.asked.requirements
    return _unless(bool(given) and all(text.strip() for text in given))


@guard
def requirement_known(question: Question, settings: Settings) -> Unmet | None:
    known = question.facts.case.requirements
    return _unless(question.asked.requirement in known, known=", ".join(sorted(known)))


@guard
def digest_is_current(question: Question, settings: Settings) -> Unmet | None:
    current, asked = _release(question).bound.manifest_digest, question.asked.digest
    return _unless(asked == current, asked=str(asked)[:12], current=current[:12])


# --- the case


@guard
def form_complete(question: Question, settings: Settings) -> Unmet | None:
    missing = question.facts.case.missing
    return _unless(not missing, missing=", ".join(missing))


@guard
def comments_answered(question: Question, settings: Settings) -> Unmet | None:
    left = question.facts.case.open_sections - {name for name, text in question.asked.sections.items() if text.strip()}
    return _unless(not left, sections=", ".join(sorted(left)))


@guard
def quorum_met(question: Question, settings: Settings) -> Unmet | None:
    case = question.facts.case
    if case.route is None or case.route not in settings.routes:
        return {"lacking": "no route"}
    lack = lacking(settings.routes[case.route], case.ballots, case.entitled)
    return _unless(lack is None, lacking=lack)


@guard
def votes_approve(question: Question, settings: Settings) -> Unmet | None:
    return _unless(majority(question.facts.case.ballots, frozenset({Choice.APPROVE})))


@guard
def votes_favour(question: Question, settings: Settings) -> Unmet | None:
    return _unless(majority(question.facts.case.ballots, frozenset({Choice.APPROVE, Choice.CONDITIONAL})))


@guard
def votes_reject(question: Question, settings: Settings) -> Unmet | None:
    return _unless(votes_favour(question, settings) is not None)


@guard
def evidence_complete(question: Question, settings: Settings) -> Unmet | None:
    unmet = question.facts.case.unmet
    return _unless(not unmet, unmet=", ".join(sorted(unmet)))


@guard
def endorsed_by_another(question: Question, settings: Settings) -> Unmet | None:
    return _unless(bool(question.facts.case.endorsers - {question.actor.id}))


@guard
def copies_destroyed(question: Question, settings: Settings) -> Unmet | None:
    if isinstance(question.facts, GrantFacts):
        raise AssertionError("a grant is a copy, it has none")
    return _unless(question.facts.copies_out == 0, copies=question.facts.copies_out)


@guard
def case_approved(question: Question, settings: Settings) -> Unmet | None:
    case = question.facts.case
    state = case.state
    return _unless(
        state is CaseState.APPROVED,
        case=case.id,
        state=state.en if state else "unknown",
        state_ko=state.ko if state else "-",
    )


# --- the release


@guard
def case_matches(question: Question, settings: Settings) -> Unmet | None:
    release = _release(question)
    same = (release.case.site_id, release.case.study_id) == (release.site_id, release.study_id)
    return _unless(same, case=release.case.id)


@guard
def gates_passed(question: Question, settings: Settings) -> Unmet | None:
    release = _release(question)
    return _unless(release.checked_digest == release.bound.manifest_digest)


@guard
def within_case(question: Question, settings: Settings) -> Unmet | None:
    beyond = _release(question).beyond_case
    return _unless(not beyond, beyond="; ".join(beyond))


@guard
def two_approvals(question: Question, settings: Settings) -> Unmet | None:
    release = _release(question)
    people = {b.person for b in release.ballots if b.choice is Choice.APPROVE and b.bound == release.bound}
    people -= {release.author, release.built_by}
    against = any(b.choice is not Choice.APPROVE for b in release.ballots)
    return _unless(len(people) >= 2 and not against, count=len(people))


@guard
def approval_stands(question: Question, settings: Settings) -> Unmet | None:
    release, asked = _release(question), question.asked
    if release.approved is None:
        return {"what": PARTS["manifest_digest"][0], "what_ko": PARTS["manifest_digest"][1]}
    now = Bound(
        release.bound.manifest_digest,
        asked.policy_digest or release.bound.policy_digest,
        asked.cdm_digest or release.bound.cdm_digest,
        release.case.version,
    )
    for part, (english, korean) in PARTS.items():
        if getattr(now, part) != getattr(release.approved, part):
            return {"what": english, "what_ko": korean}
    return None


@guard
def undo_over(question: Question, settings: Settings) -> Unmet | None:
    release = _release(question)
    after = _undo_end(release.approved_at, release.undo_until, settings)
    if after is None:
        return None
    return _unless(question.now >= after, after=after.isoformat(timespec="minutes"))


@guard
def within_undo(question: Question, settings: Settings) -> Unmet | None:
    facts = _decided(question)
    after = _undo_end(facts.decided_at, facts.undo_until, settings)
    if after is None:
        return {"after": "-"}
    return _unless(question.now < after, after=after.isoformat(timespec="minutes"))


@guard
def is_decider(question: Question, settings: Settings) -> Unmet | None:
    return _unless(question.actor.id == _decided(question).decided_by)


def _undo_end(decided_at: datetime | None, promised: datetime | None, settings: Settings) -> datetime | None:
    """When a decision is final: what was promised when it was recorded holds, whatever this process is set to."""
    if decided_at is None:
        return None
    ends = decided_at + settings.undo
    return ends if promised is None else max(ends, promised)


def _decided(question: Question) -> CaseFacts | ReleaseFacts:
    facts = question.facts
    if isinstance(facts, GrantFacts):
        raise AssertionError("a grant has no decision to undo")
    return facts


@guard
def ledger_intact(question: Question, settings: Settings) -> Unmet | None:
    broken = _release(question).ledger_break
    return None if broken is None else {"break": broken}


@guard
def newer_released(question: Question, settings: Settings) -> Unmet | None:
    return _unless(_release(question).successor_released)


# --- the grant

_OPEN = (ReleaseState.APPROVED, ReleaseState.PUBLISHING, ReleaseState.PUBLISH_FAILED, ReleaseState.RELEASED)


def _state_fields(release: ReleaseFacts) -> dict[str, object]:
    state = release.state
    return {"state": state.en if state else "unknown", "state_ko": state.ko if state else "-"}


@guard
def release_open(question: Question, settings: Settings) -> Unmet | None:
    release = _release(question)
    return _unless(release.state in _OPEN, **_state_fields(release))


@guard
def release_released(question: Question, settings: Settings) -> Unmet | None:
    release = _release(question)
    return _unless(release.state is ReleaseState.RELEASED, **_state_fields(release))


def _ends(question: Question) -> date | None:
    return question.facts.case.conditions.expires_on


@guard
def not_expired(question: Question, settings: Settings) -> Unmet | None:
    ends = _ends(question)
    return _unless(ends is None or question.today <= ends, date=ends)


@guard
def expired(question: Question, settings: Settings) -> Unmet | None:
    return _unless(not_expired(question, settings) is not None)


@guard
def destruction_certified(question: Question, settings: Settings) -> Unmet | None:
    return _unless(_grant(question).certified)
