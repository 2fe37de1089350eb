"""Ways to reach a person: telephones, addresses on the network, the plate of a car."""

from __future__ import annotations

from deid.text.model import Rule
from deid.text.pieces import GAP, LEFT, RIGHT, SPACE, cued, digit, either, group, many, number

# The country's code: only a mobile number may carry it without its plus sign.
_TRUNK = rf"{group(digit('8'), digit('2'))}\)?{GAP}(?:\(0\){SPACE}?|0)?"
_HOME, _BARE = rf"(?:\+{SPACE}?|{LEFT}00){_TRUNK}", rf"(?:\+{SPACE}?|{LEFT}(?:00)?){_TRUNK}"
_LINE = either(many(4), many(3))
_CODES = (("2",), ("3", "123"), ("4", "1234"), ("5", "12345"), ("6", "1234"), ("78", "0"), ("5", "0", "0123456789"))


def _area(*before: str) -> str:
    """Give the pattern of an area code, with or without its 0."""
    return either(*(group(*before, *(digit(allowed) for allowed in code)) for code in _CODES))


_ROOM = rf"{SPACE}{{0,2}}"
_LOCAL = r"[A-Za-z0-9][A-Za-z0-9._%+-]*"
_AT = rf"(?:{_ROOM}(?:@|\(at\)|\[at\]|골뱅이){_ROOM}| at )"
_DOT = rf"{_ROOM}(?:\.|\(dot\)|\[dot\]|닷){_ROOM}"
_NAME = r"[A-Za-z0-9][A-Za-z0-9-]*"
_TOP = r"(?i:com|net|org|kr|edu|gov|io|info|biz|me)"
_MAIL = "naver|daum|hanmail|gmail|kakao|nate|hotmail|outlook|yahoo"
_TELEPHONE = r"[☎☏]|tel\.?|phone|전화(?:번호)?|연락처|자택|핸드폰|휴대폰"
_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
# The usage letters of a plate. 주, 도, 호, 수, 부, 구 are also units (28주 1050 g): they need a plate's own word before.
_USAGE = "[가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주하허호바사아자배]"
_NO_UNIT = "[가나다라마거너더러머버서어저고노로모보소오조누두루무우하허바사아자배]"

RULES = (
    Rule(
        "url",
        either(r"(?i:https?|ftp)://", LEFT + r"(?i:www)\.") + "[!-~]*[A-Za-z0-9/=&#_-]",
        "URL",
        "URL",
        "RFC 3986",
        ("https://example.org/p?id=1", "www.example.org/a"),
    ),
    Rule(
        "email",
        either(
            rf"{_LOCAL}{_AT}(?:{_NAME}{_DOT})+{_TOP}{RIGHT}",
            rf"{_LOCAL}@{_NAME}(?:\.{_NAME})+",
            rf"{_LOCAL}@(?i:{_MAIL}){RIGHT}",
        ),
        "전자우편",
        "E-MAIL",
        "RFC 5322, 3.4.1",
        ("hong.gd@example.org", "hong @ example . co . kr", "hong골뱅이example.com"),
    ),
    Rule(
        "mac",
        LEFT + "(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}" + RIGHT,
        "MAC",
        "MAC",
        "IEEE 802",
        ("00:1A:2b:3C:4d:5E",),
    ),
    Rule(
        "ip",
        LEFT + either(rf"(?:{_BYTE}\.){{3}}{_BYTE}", "(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}") + RIGHT,
        "IP",
        "IP",
        "RFC 791, RFC 4291",
        ("192.168.0.12", "2001:db8:0:0:0:0:0:1"),
    ),
    Rule(
        "mobile",
        either(
            number(group(digit("0"), digit("1"), digit("016789")), _LINE, many(4)),
            rf"{_BARE}{group(digit('1'), digit('016789'))}{GAP}{_LINE}{GAP}{many(4)}{RIGHT}",
            rf"{LEFT}10[-. ][0-9]{{4}}[-. ][0-9]{{4}}{RIGHT}",
        ),
        "휴대전화",
        "MOBILE PHONE",
        "전기통신번호관리세칙 (과학기술정보통신부 고시), ITU-T E.164",
        ("010-1234-5678", "01012345678", "+82 10 1234 5678", "+82-(0)10-1234-5678", "공일공 일이삼사 오육칠팔"),
    ),
    Rule(
        "landline",
        either(
            number(_area(digit("0")), _LINE, many(4)),
            rf"\({SPACE}?{_area(digit('0'))}{SPACE}?\){GAP}{_LINE}{GAP}{many(4)}{RIGHT}",
            rf"{_HOME}{_area()}{GAP}{_LINE}{GAP}{many(4)}{RIGHT}",
            cued(_TELEPHONE, rf"[1-9][0-9]{{2,3}}{GAP}{many(4)}(?:{GAP}{many(4)})?(?: ?\(01[0-9]\))?{RIGHT}"),
        ),
        "전화번호",
        "TELEPHONE",
        "전기통신번호관리세칙 (과학기술정보통신부 고시), ITU-T E.164",
        ("02-123-4567", "031.123.4567", "(051) 123-4567", "+82 2 1234 5678"),
        _TELEPHONE,
    ),
    Rule(
        "vehicle",
        either(
            rf"{LEFT}[0-9]{{2,3}}{_USAGE}[0-9]{{4}}{RIGHT}",
            rf"{LEFT}{either(many(3), many(2))}{SPACE}?{_NO_UNIT}{GAP}{many(4)}{RIGHT}",
            rf"(?:차량\s?번호|차\s?번호|번호판){SPACE}?:?{SPACE}?(?:[가-힣]{{2}}{SPACE}?)?"
            rf"{either(many(3), many(2))}{SPACE}?{_USAGE}{GAP}{many(4)}{RIGHT}",
        ),
        "차량번호",
        "VEHICLE PLATE",
        "자동차 등록번호판 등의 기준에 관한 고시 (국토교통부)",
        ("12가3456", "123가 4567", "차량번호 서울 12 주 3456"),
    ),
)
