"""Who a person would be outside: names, numbers, addresses, all made up, and the forms in which staff write them.

No value can belong to a living person: resident registration numbers have a region code of 97-99, which was never
given out, with a valid check digit; mobile and land lines have an exchange that begins with 0; mail goes to the
reserved top-level domain `.example` (RFC 2606). Names join a common family name to a given name of two rare syllables,
so that a search for one finds nothing else.
"""

from __future__ import annotations

FAMILIES = {
    "김": "Kim", "이": "Lee", "박": "Park", "최": "Choi", "정": "Jung", "강": "Kang", "조": "Cho", "윤": "Yoon", "장": "Jang",
    "임": "Lim", "한": "Han", "오": "Oh", "서": "Seo", "신": "Shin", "권": "Kwon", "황": "Hwang", "남궁": "Namgung",
}  # fmt: skip
FIRST = {"솔": "Sol", "율": "Yul", "겸": "Gyeom", "샘": "Saem", "늘": "Neul", "결": "Gyeol", "람": "Ram", "든": "Deun",
         "별": "Byeol", "찬": "Chan", "휘": "Hwi", "설": "Seol"}  # fmt: skip
SECOND = {"빛": "bit", "슬": "seul", "봄": "bom", "담": "dam", "벼리": "byeori", "온": "on", "찬": "chan", "결": "gyeol",
          "휘": "hwi", "누리": "nuri", "솜": "som", "얀": "yan"}  # fmt: skip
ROADS = ("나루로", "느티나무길", "은행나무로", "한빛대로", "샘터길", "솔밭로", "강변북길", "물레방아로")

# How staff write a number: what stands between its parts. All are meant to be found by a de-identifier.
SEPARATORS = {
    "hyphen": "-",
    "plain": "",
    "space": " ",
    "dot": ".",
    "en_dash": "–",
    "full_width": "-",
    "spaced_hyphen": " - ",
    "slash": "/",
}
RELATIVE = 141  # salt of a relative's name
CHECK_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)  # of a resident registration number's check digit

# written(parts, form): a number's parts joined in the form-th way.
MACROS = (
    "CREATE MACRO full_width(text) AS translate(text, '0123456789-', '０１２３４５６７８９－')",
    "CREATE MACRO joined(parts, mark) AS parts[1] || mark || parts[2] || coalesce(mark || parts[3], '')",
    f"""CREATE MACRO written(parts, form) AS
        CASE WHEN form = {list(SEPARATORS).index("full_width")} THEN full_width(joined(parts, '-'))
             ELSE joined(parts, ({list(SEPARATORS.values())!r})[1 + form]) END""",
)


def name(h: str, salt: int = 41) -> str:
    """SQL: a full name in Korean, over a key `h`."""
    return (
        f"{_one(tuple(FAMILIES), h, salt)} || {_one(tuple(FIRST), h, salt + 1)} || {_one(tuple(SECOND), h, salt + 2)}"
    )


def english_name(h: str, salt: int = 41) -> str:
    """SQL: the same name in Latin letters, `Kim Sol-bit`."""
    given = f"{_one(tuple(FIRST.values()), h, salt + 1)} || '-' || {_one(tuple(SECOND.values()), h, salt + 2)}"
    return f"{_one(tuple(FAMILIES.values()), h, salt)} || ' ' || {given}"


def street(h: str) -> str:
    """SQL: road name, house and flat, `솔밭로 12-3, 104동 1203호`."""
    house = f"CAST(1 + pick({h}, 60, 240) AS VARCHAR) || '-' || CAST(1 + pick({h}, 61, 40) AS VARCHAR)"
    flat = f"CAST(101 + pick({h}, 62, 30) AS VARCHAR) || '동 ' || CAST(101 + 100 * pick({h}, 63, 20) + pick({h}, 64, 6) AS VARCHAR)"
    return f"{_one(ROADS, h, 59)} || ' ' || {house} || ', ' || {flat} || '호'"


def hospital_number(person: str = "person_id") -> str:
    """SQL: the hospital's number of a patient: a letter and eight digits, one to one with person_id."""
    return f"'H' || lpad(CAST({person} * 7 % 100000000 AS VARCHAR), 8, '0')"


def create_identities() -> str:
    """`identities`: one row a person: who they and a relative are, numbers as lists of the parts between separators."""
    day = "strftime(born, '%y%m%d')"
    digit = "CAST(CASE WHEN year(born) < 2000 THEN 1 ELSE 3 END + sex AS VARCHAR)"
    region = "'9' || CAST(7 + pick(h, 51, 3) AS VARCHAR)"
    exchange = "(['02', '031', '051', '053', '062', '042'])[1 + pick(h, 55, 6)]"
    family, given = _one(tuple(FAMILIES.values()), "h", 41), _one(tuple(FIRST.values()), "h", 42)
    weights = " + ".join(f"CAST(twelve[{i + 1}] AS INTEGER) * {weight}" for i, weight in enumerate(CHECK_WEIGHTS))
    return f"""
    CREATE TABLE identities AS
    SELECT person_id, {name("h")} AS name, {english_name("h")} AS name_en, {name("h", RELATIVE)} AS relative,
           {english_name("h", RELATIVE)} AS relative_en, {hospital_number()} AS number,
           [{day}, twelve[7:] || CAST((11 - ({weights}) % 11) % 10 AS VARCHAR)] AS resident_number,
           ['010', '0' || {_digits("h", 53, 3)}, {_digits("h", 54, 4)}] AS mobile,
           [{exchange}, '0' || {_digits("h", 56, 2)}, {_digits("h", 57, 4)}] AS land_line,
           lower({family}) || '.' || lower({given}) || CAST(pick(h, 58, 100000) AS VARCHAR) || '@naru-mail.example' AS mail,
           name_ko || ' ' || district || ' ' || {street("h")} AS address
    FROM (SELECT people.*, name_ko, district, {day} || {digit} || {region} || {_digits("h", 52, 3)} AS twelve
          FROM people JOIN regions ON regions.n = people.region)
    ORDER BY person_id
    """


def _digits(h: str, salt: int, places: int) -> str:
    return f"lpad(CAST(pick({h}, {salt}, {10**places}) AS VARCHAR), {places}, '0')"


def _one(words: tuple[str, ...], h: str, salt: int) -> str:
    quoted = ", ".join(f"'{word}'" for word in words)
    return f"([{quoted}])[1 + pick({h}, {salt}, {len(words)})]"
