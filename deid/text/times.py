"""Dates and ages. Intervals are what research needs, calendar days are what gives a person away."""

from __future__ import annotations

from deid.text.model import Rule
from deid.text.pieces import BREAK, LEFT, RIGHT, SPELLED, TIME, cued, either

_S = r"[ \t\n]{0,2}"
YEAR, SHORT = "(?:19|20)[0-9]{2}", "[0-9]{2}"
MONTH, DAY = "(?:1[0-2]|0?[1-9])", "(?:3[01]|[12][0-9]|0?[1-9])"
_MONTH2, _DAY2 = "(?:1[0-2]|0[1-9])", "(?:3[01]|[12][0-9]|0[1-9])"
_TWO = rf"(?:{_DAY2}|[{SPELLED}]{{2}})"
WORDS = (
    "(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|"
    "aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_MARK = rf"{_S}[-./·,~]{_S}"
_KOREAN = rf"(?:{YEAR}|'?{SHORT}){_S}년{_S}{MONTH}{_S}월{_S}{DAY}{_S}일"
# Eight digits, across the end of a line too, or one by one.
_JOINED, _ONE_BY_ONE = (
    f"(?:1{gap}9|2{gap}0){gap}[0-9]{gap}[0-9]{mark}(?:0{gap}[1-9]|1{gap}[0-2]){mark}(?:0{gap}[1-9]|[12]{gap}[0-9]|3{gap}[01])"
    for gap, mark in ((BREAK, BREAK), (" ", " ?[-./ ] ?"))
)
_FULL = either(
    rf"{YEAR}{_MARK}{MONTH}{_MARK}{DAY}",
    rf"{YEAR}(?:{_MARK}|[ \n]){_TWO}(?:{_MARK}|[ \n]){_TWO}",
    _JOINED,
    _ONE_BY_ONE,
    rf"{DAY}(?:st|nd|rd|th)?[ -]?(?:of )?{WORDS}\.?,?[ -]?{YEAR}",
    rf"{WORDS}\.?[ -]?{DAY}(?:st|nd|rd|th)?,?[ -]?{YEAR}",
    rf"{MONTH}[-./]{DAY}[-./]{YEAR}",
    rf"{DAY}[-./]{MONTH}[-./]{YEAR}",
)
_SHORT = either(*(rf"'?{SHORT}{mark}{_MONTH2}{mark}{_DAY2}" for mark in ("-", r"\.", "/", r"\. ")))
_ANY_DATE = either(_KOREAN, rf"{LEFT}{either(_FULL, _SHORT)}{TIME}")
_WEEKDAY = rf"{_S}\({_S}(?:[월화수목금토일]|(?i:mon|tue|wed|thu|fri|sat|sun)){_S}\)"
# A birth date is often the first half of a resident number, and then the other half is there.
_REST = rf"(?: ?[-=:/]? ?[0-9](?:[ -]?[0-9*xX●○]){{6}}{RIGHT}|-[0-9]{RIGHT})?"
_SIX = rf"{SHORT}{_MONTH2}{_DAY2}{RIGHT}"

RULES = (
    Rule(
        "birth_date",
        either(
            cued(
                r"생년월일|생일|출생일?|(?:DOB|D\.O\.B\.?|date of birth|birth ?date|born(?: on)?)",
                either(_ANY_DATE, _SIX, rf"{YEAR}년?") + _REST,
            ),
            rf"{_ANY_DATE}{_S}(?:생|출생)",
            rf"(?:{YEAR}|'?{SHORT}){_S}년{_S}(?:생|출생)",
            rf"{LEFT}{YEAR}{_S}생",
            rf"{LEFT}{SHORT}{_MONTH2}{_DAY2}{_S}생",
        ),
        "생년월일",
        "DATE OF BIRTH",
        "개인정보 보호법의 가명정보 처리 가이드라인; HIPAA 45 CFR 164.514(b)(2)(i)(C)",
        ("생년월일: 1960-10-11", "DOB 10/11/1960", "60년 3월 5일생", "1960년생", "생년월일 601011"),
    ),
    Rule(
        "date",
        _ANY_DATE,
        "날짜",
        "DATE",
        "HIPAA 45 CFR 164.514(b)(2)(i)(C); ISO 8601",
        (
            "2020-10-11",
            "2020.10.11",
            "2020년 10월 11일",
            "20201011",
            "11 Oct 2020",
            "October 11, 2020",
            "10/13/2020",
            "20.10.11",
        ),
    ),
    Rule(
        "partial_date",
        either(
            rf"{LEFT}{MONTH}{_S}월{_S}{DAY}{_S}일",
            rf"(?:{YEAR}|'{SHORT}){_S}년{_S}{MONTH}{_S}월",
            rf"{LEFT}{YEAR}[-./]{_MONTH2}{RIGHT}",
            rf"{LEFT}{MONTH}/{DAY}{_WEEKDAY}",
            rf"{LEFT}{WORDS}\.? {DAY}(?:st|nd|rd|th)?{RIGHT}",
            rf"{LEFT}{DAY}(?:st|nd|rd|th)? (?:of )?{WORDS}{RIGHT}",
            rf"{LEFT}{WORDS}\.?,? {YEAR}{RIGHT}",
        ),
        "날짜",
        "DATE",
        "HIPAA 45 CFR 164.514(b)(2)(i)(C): 해가 없는 월·일은 옮길 수 없고, 옮긴 날짜 옆에서는 이동 일수를 드러낸다",
        ("10월 11일", "2020년 10월", "2020-10", "10/11 (일)", "October 11", "11 Oct", "Oct 2020"),
    ),
    Rule(
        "age",
        either(
            rf"{LEFT}(?:9[0-9]|1[0-2][0-9]){_S}(?:세|살)",
            rf"{LEFT}(?:9[0-9]|1[0-2][0-9])[ -]?(?i:y/o|yo|y\.o\.?|years?[ -]old|yrs?[ -]old|year[ -]?old){RIGHT}",
            rf"(?i:aged?|age:) ?(?:9[0-9]|1[0-2][0-9]){RIGHT}",
            rf"(?:연령|나이|향년)(?:은|는)?{_S}:?{_S}(?:9[0-9]|1[0-2][0-9]){RIGHT}",
            rf"{LEFT}(?:9[0-9]|1[0-2][0-9])/[MF]{RIGHT}",
            rf"구십[일이삼사오육칠팔구]?{_S}세|아흔(?:한|두|세|네|다섯|여섯|일곱|여덟|아홉)?{_S}살",
        ),
        "89세 초과",
        "AGE OVER 89",
        "HIPAA 45 CFR 164.514(b)(2)(i)(C)",
        ("92세", "101세", "92-year-old", "94 y/o", "91/M", "아흔두 살"),
    ),
)
