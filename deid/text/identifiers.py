"""Numbers that a state, a bank, an insurer or a hospital gives to one person."""

from __future__ import annotations

from deid.text.model import Rule
from deid.text.pieces import (
    DIGIT,
    GAP,
    LEFT,
    OFF,
    ONTO,
    RIGHT,
    SPELLED,
    cued,
    digit,
    either,
    group,
    many,
    number,
)

_ANY = digit("0123456789")
_MONTH = either(group(digit("0"), digit("123456789")), group(digit("1"), digit("012")))
_DAY = either(group(digit("0"), digit("123456789")), group(digit("12"), _ANY), group(digit("3"), digit("01")))
_BIRTH = (many(2), _MONTH, _DAY)
# As many digits as there are, with marks between them; after a space only three or more, as "12345678 45/M" goes on
# with an age; digit by digit; in words. No upper bound, so that no tail of a longer number stays.
_JOINT = r"(?:-?[ \t]?\n[ \t]{0,4}| ?- ?|[.·/:=~])"
_MARKED = f"[0-9](?:{_JOINT}?[0-9])*"
_RUN = either(
    rf"{_MARKED}(?: [0-9]{{3}}(?:{_JOINT}?[0-9])*)+{RIGHT}",
    rf"[0-9](?: [0-9]){{4,}}{RIGHT}",
    rf"{_MARKED}{OFF}",
    rf"[{SPELLED}](?:{GAP}[{SPELLED}]){{4,}}",
)
_LICENCE_REGION = either(group(digit("1"), digit("123456789")), group(digit("2"), digit("012345678")))
_ACCOUNT = r"(?:[ :]?[가-힣]{2,6}[ :])?" + either(
    rf"[0-9](?:{GAP}[0-9]){{9,}}{RIGHT}", rf"{DIGIT}(?:{GAP}{DIGIT}){{9,15}}"
)
_CITY = "(?:서울|부산|경기|강원|충북|충남|전북|전남|경북|경남|제주|대구|인천|광주|대전|울산)"
_INSURANCE = r"(?:건강)?보험증?\s?번호|증\s?번호|보험\s?no\.?|insurance (?:no\.?|number|id)|NHIS (?:no\.?|id)"
_PATIENT = (
    r"(?:환자|병원|병원\s?등록|차트|병록|원무|수진자|챠트|진찰권)\s?번호|등록\s?번호|병록|"
    r"(?:chart|hospital|patient|pt\.?|registration|reg\.?|medical record|record) ?(?:no\.?|number|id|#)|MRN"
)
_ID = f"{LEFT}ID"


def _registration(sexes: str) -> str:
    """Give the pattern of a birth date, a digit for century and sex, and six more that may be hidden already."""
    whole = number(*_BIRTH, group(digit(sexes), *[DIGIT] * 6))
    hidden = ONTO + GAP.join(_BIRTH) + rf" ?- ?{digit(sexes)}(?:[ -]?[*xX●○■]){{1,6}}"
    first = ONTO + r"[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])" + rf" ?- ?[{sexes}]{OFF}"
    return rf"(?:(?:주민|외국인)\s?등록\s?번호[\s:.(]{{0,4}})?{either(whole, hidden, first)}"


RULES = (
    Rule(
        "resident_number",
        _registration("012349"),
        "주민등록번호",
        "RESIDENT NUMBER",
        "주민등록법 시행규칙 제2조; 2020-10부터 뒤 6자리는 임의의 번호이므로 검증 숫자로 거르지 않는다",
        ("901010-1234567", "9010101234567", "90.10.10 - 1234567", "901010-1******", "901010-1"),
    ),
    Rule(
        "foreigner_number",
        _registration("5678"),
        "외국인등록번호",
        "FOREIGNER NUMBER",
        "출입국관리법 제31조의2 (외국인등록번호)",
        ("901010-5234567", "901010 6234567"),
    ),
    Rule(
        "card",
        either(
            number(group(digit("34569"), *[DIGIT] * 3), many(4), many(4), many(4)),
            number("3[47][0-9]{2}", many(6), many(5)),
        ),
        "카드번호",
        "CARD NUMBER",
        "ISO/IEC 7812-1",
        ("4123-4567-8901-2345", "5123 4567 8901 2345"),
    ),
    Rule(
        "driver_licence",
        either(
            number(_LICENCE_REGION, many(2), many(6), many(2)),
            rf"{_CITY} ?{number(many(2), many(6), many(2))}",
        ),
        "운전면허번호",
        "DRIVER LICENCE",
        "도로교통법 시행규칙 제77조 (운전면허증의 발급)",
        ("11-12-123456-12", "서울 02-123456-12"),
    ),
    Rule(
        "insurance_number",
        cued(_INSURANCE, _RUN),
        "보험증번호",
        "INSURANCE NUMBER",
        "국민건강보험법 제12조 (건강보험증)",
        ("건강보험증번호: 1-2345678901", "insurance no. 12345678901"),
        _INSURANCE,
    ),
    Rule(
        "account",
        cued(
            r"계좌(?:\s?번호)?|[가-힣]{2,4}은행|농협|신협|새마을금고|[가-힣]{2,4}뱅크|account(?: no\.?| number)?|acct\.?",
            _ACCOUNT,
        ),
        "계좌번호",
        "ACCOUNT NUMBER",
        "은행마다 10~16자리; 자리 수만으로는 알 수 없어 앞말을 본다",
        ("계좌번호 110-123-456789", "국민은행 123456-78-901234", "account no. 110-123-456789"),
    ),
    Rule(
        "patient_number",
        either(cued(_PATIENT, _RUN), cued(_ID, f"[0-9]{{5}}{_RUN}")),
        "환자번호",
        "PATIENT NUMBER",
        "병원마다 다르다; 앞말이 있는 숫자와 TextSettings.patient_number_patterns",
        ("등록번호: 12345678", "MRN 00123456", "chart no. 1234-5678"),
        f"{_PATIENT}|{_ID}",
    ),
    Rule(
        "passport",
        either(
            rf"{LEFT}(?i:[MSRODG]|PM|PS){GAP}{either(many(8), many(4) + GAP + many(4))}{OFF}",
            rf"{LEFT}(?i:[MSRODG]){GAP}{many(3)}{GAP}[A-Za-z]{GAP}{many(4)}{OFF}",
        ),
        "여권번호",
        "PASSPORT",
        "여권법 시행령 제3조; 차세대 여권(2021-12) 번호는 글자 하나, 숫자 셋, 글자 하나, 숫자 넷",
        ("M12345678", "M123A4567"),
    ),
    Rule(
        "long_number",
        # With dashes only where its groups are long: 130-80-88-20 are vital signs.
        ONTO
        + either("[0-9]{10,}", "[0-9]{3,}-[0-9]{3,}-[0-9]{4,}", "[0-9]{4,}-[0-9]{6,}", "[0-9]{6,}-[0-9]{4,}")
        + OFF,
        "긴 번호",
        "LONG NUMBER",
        "열 자리가 넘는 숫자는 무엇의 번호이든 사람이나 검체 하나를 가리킨다",
        ("12345678901234567890",),
    ),
)
