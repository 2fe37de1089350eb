"""Why the board says no: for every rule one sentence in English and Korean. Fields are ids, names of tables, counts and dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Sentence:
    """The same sentence in the two languages."""

    en: str
    ko: str


REASONS: Mapping[str, Sentence] = {
    "known_person": Sentence(
        "nobody is registered under the id that acts; say who acts with --as PERSON or NARU_USER",
        "등록되지 않은 사용자입니다",
    ),
    "active": Sentence("this account is closed", "사용이 중지된 계정입니다"),
    "role": Sentence("'{action}' needs the role {roles}", "'{action}' 처리는 {roles_ko} 역할만 할 수 있습니다"),
    "site": Sentence(
        "your organisation does not serve hospital '{site}'", "소속 기관이 '{site}' 병원을 담당하지 않습니다"
    ),
    "state": Sentence(
        "'{action}' is not possible: the {object} is {state}; it needs {needed}",
        "'{action}' 처리를 할 수 없습니다: 현재 상태는 {state_ko}이며 {needed_ko} 상태여야 합니다",
    ),
    "is_applicant": Sentence("only the applicant of this case may do this", "이 심의 건의 신청자만 할 수 있습니다"),
    "not_applicant": Sentence(
        "whoever applied for the case may not take part in deciding on it",
        "신청자는 해당 건의 결정에 참여할 수 없습니다",
    ),
    "no_conflict": Sentence(
        "recused: same organisation as the applicant, or a declared interest",
        "제척·회피: 신청 기관 소속이거나 이해관계를 신고하였습니다",
    ),
    "form_complete": Sentence("the form is not complete: {missing}", "신청서가 완성되지 않았습니다: {missing}"),
    "comments_given": Sentence(
        "give a comment for each deficient section ({sections})",
        "보완할 항목({sections})마다 의견을 적어야 합니다",
    ),
    "comments_answered": Sentence(
        "sections without an answer: {sections}", "답변하지 않은 항목이 있습니다: {sections}"
    ),
    "route_chosen": Sentence("choose a route: {routes}", "심의 경로를 선택해야 합니다: {routes}"),
    "choice_given": Sentence("choose how to vote: {choices}", "표결 의견을 선택해야 합니다: {choices}"),
    "not_voted": Sentence("you have voted already", "이미 표결하였습니다"),
    "quorum_met": Sentence("the quorum is not met: {lacking}", "의결정족수 미달: {lacking}"),
    "votes_approve": Sentence("no majority voted to approve", "승인 의견이 과반수가 아닙니다"),
    "votes_favour": Sentence(
        "no majority voted to approve, with or without conditions", "(조건부)승인 의견이 과반수가 아닙니다"
    ),
    "votes_reject": Sentence(
        "a majority voted to approve, with or without conditions", "(조건부)승인 의견이 과반수입니다"
    ),
    "requirements_given": Sentence(
        "name at least one requirement that needs evidence", "증빙이 필요한 조건을 하나 이상 적어야 합니다"
    ),
    "requirement_known": Sentence("the requirements of this case are {known}", "이 건의 조건은 {known}입니다"),
    "evidence_complete": Sentence("requirements without evidence: {unmet}", "증빙이 없는 조건: {unmet}"),
    "endorsed_by_another": Sentence(
        "a member other than you must first endorse the evidence",
        "다른 위원 1명의 증빙 확인이 먼저 필요합니다",
    ),
    "words_given": Sentence("give a reason in words", "사유를 적어야 합니다"),
    "copies_destroyed": Sentence(
        "{copies} downloaded copies are not confirmed as destroyed",
        "파기가 확인되지 않은 사본이 {copies}건 있습니다",
    ),
    "case_matches": Sentence(
        "the package is of another study or hospital than case '{case}'",
        "패키지의 연구 또는 병원이 심의 건 '{case}'과 다릅니다",
    ),
    "builder_of_hospital": Sentence(
        "whoever ran the build is not a data engineer of hospital '{site}'",
        "생성자는 '{site}' 병원의 데이터 엔지니어가 아닙니다",
    ),
    "digest_is_current": Sentence(
        "this is not the digest of the current package: yours {asked}, current {current}",
        "현재 패키지의 다이제스트가 아닙니다: 요청 {asked}, 현재 {current}",
    ),
    "gates_passed": Sentence("this digest has not passed the gates", "이 다이제스트는 자동점검을 통과하지 않았습니다"),
    "within_case": Sentence(
        "the package goes beyond what the case approved: {beyond}",
        "승인 범위를 벗어난 항목이 있습니다: {beyond}",
    ),
    "case_approved": Sentence(
        "case '{case}' is not approved: it is {state}", "심의 건 '{case}'이 승인 상태가 아닙니다: {state_ko}"
    ),
    "not_author": Sentence(
        "whoever submitted the release may not decide on it", "반출 신청자는 결정에 참여할 수 없습니다"
    ),
    "not_builder": Sentence(
        "whoever ran the build may not decide on the release", "패키지 생성자는 결정에 참여할 수 없습니다"
    ),
    "not_reviewer": Sentence(
        "whoever reviewed the release may not record its decision", "검토한 사람은 결정을 기록할 수 없습니다"
    ),
    "two_approvals": Sentence(
        "{count} of 2 approvals of this digest, policy, CDM release and case version",
        "이 다이제스트·정책·CDM·심의 버전에 대한 승인이 2건 중 {count}건입니다",
    ),
    "approval_stands": Sentence(
        "the approval was for another {what}; it is void",
        "승인 당시와 {what_ko}이(가) 다르므로 승인이 무효입니다",
    ),
    "ledger_intact": Sentence("the ledger does not verify: {break}", "감사원장이 검증되지 않습니다: {break}"),
    "undo_over": Sentence(
        "the decision can still be undone; publishing starts after {after}",
        "결정 취소 가능 시간입니다; {after} 이후 배포합니다",
    ),
    "within_undo": Sentence(
        "the time in which the decision could be undone is over ({after})", "결정 취소 가능 시간이 지났습니다 ({after})"
    ),
    "is_decider": Sentence("only whoever recorded the decision may undo it", "결정을 기록한 사람만 취소할 수 있습니다"),
    "newer_released": Sentence(
        "no newer release of the same study, hospital and case is released", "배포된 신버전이 없습니다"
    ),
    "not_grantee": Sentence("nobody acts on their own grant here", "본인의 이용권은 처리할 수 없습니다"),
    "is_grantee": Sentence("this is another person's grant", "다른 사람의 이용권입니다"),
    "person_entitled": Sentence("the person is not entitled: {why}", "이용 자격이 없습니다: {why}"),
    "release_open": Sentence(
        "the release is {state}: it is neither approved nor released", "반출 건이 {state_ko} 상태입니다"
    ),
    "release_released": Sentence(
        "the release is {state}, not released", "반출 건이 배포완료가 아니라 {state_ko} 상태입니다"
    ),
    "not_expired": Sentence("the use ended on {date}", "이용 기간이 {date}에 끝났습니다"),
    "expired": Sentence("the use has not ended yet", "이용 기간이 아직 끝나지 않았습니다"),
    "destruction_certified": Sentence(
        "the startup has given no certificate of destruction", "파기확인서가 제출되지 않았습니다"
    ),
    "no_grant": Sentence("no grant for this person and release", "이 사용자에게 부여된 이용권이 없습니다"),
    "own_roles": Sentence("nobody changes or confirms their own roles", "본인의 역할은 변경하거나 확인할 수 없습니다"),
    "second_admin": Sentence(
        "a role change needs a second administrator", "역할 변경에는 두 번째 관리자의 확인이 필요합니다"
    ),
    "invitation": Sentence(
        "the invitation is not valid any more; ask an administrator for another",
        "초대가 유효하지 않습니다; 관리자에게 다시 요청하십시오",
    ),
    "visible": Sentence("this is not yours to read", "열람 권한이 없습니다"),
    "immutable": Sentence(
        "release '{release}' is {state}: its package does not change any more; build a new version under another name",
        "'{release}'은(는) {state_ko} 상태이므로 패키지를 바꿀 수 없습니다; 새 버전 이름으로 생성하십시오",
    ),
    "changed_meanwhile": Sentence(
        "somebody else decided first; look at it again", "다른 사람이 먼저 처리하였습니다; 다시 확인하십시오"
    ),
}


def sentence(code: str, fields: Mapping[str, object], lang: str = "en") -> str:
    """The sentence of a rule with its fields filled in."""
    text = REASONS[code]
    return (text.ko if lang == "ko" else text.en).format_map(fields)
