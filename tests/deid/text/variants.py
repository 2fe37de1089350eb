"""Made-up identifiers in eight written forms, planted in made-up notes: written without a look at the patterns.

A form is a way of writing that does not know what it writes: groups of characters go in, a text comes out.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

Groups = tuple[str, ...]
WORDS = dict(zip("0123456789", "공일이삼사오육칠팔구", strict=True))
FULL = {chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)}
FORMS = ("plain", "hyphens", "dots", "spaces", "full-width", "line breaks", "Korean words", "mixed")


@dataclass(frozen=True)
class Canary:
    """One planted identifier. groups: what it is made of; secret: its letters and digits alone; note: the text in which it stands."""

    kind: str
    form: str
    groups: Groups
    secret: str
    written: str
    note: str
    language: str


def write(groups: Groups, form: str, rng: random.Random) -> str:
    """Write groups of characters in one form."""
    whole = "".join(groups)
    match form:
        case "plain":
            return whole
        case "hyphens":
            return "-".join(groups)
        case "dots":
            return rng.choice((".", "·", "․")).join(groups)
        case "spaces":
            return rng.choice((" ".join(groups), " - ".join(groups), " ".join(whole), "\u00a0".join(groups)))
        case "full-width":
            return "".join(FULL.get(char, char) for char in "-".join(groups))
        case "line breaks":
            at = rng.randrange(1, len(whole))
            return rng.choice((whole[:at] + "\n" + whole[at:], "-\n".join(groups), "\r\n".join(groups)))
        case "Korean words":
            joint = rng.choice((" ", "", "다시", " 다시 "))
            return joint.join("".join(WORDS.get(char, char) for char in group) for group in groups)
        case _:
            return _mixed(groups, rng)


def _mixed(groups: Groups, rng: random.Random) -> str:
    first = "".join(FULL.get(char, char) for char in groups[0])
    last = "\u200b".join(groups[-1])
    dashes = ["–", "−", " ‐ ", "―", " ", "．", "~", "－"]
    middle = ["".join(WORDS.get(c, c) for c in group) if rng.random() < 0.3 else group for group in groups[1:-1]]
    text = first
    for group in (*middle, last) if len(groups) > 1 else ():
        text += rng.choice(dashes) + group
    return text


def digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def day(rng: random.Random) -> tuple[str, str, str]:
    return str(rng.randrange(1931, 2024)), f"{rng.randrange(1, 13):02}", f"{rng.randrange(1, 29):02}"


def resident(rng: random.Random) -> Groups:
    year, month, date = day(rng)
    return (year[2:] + month + date, rng.choice("1234") + digits(rng, 6))


def foreigner(rng: random.Random) -> Groups:
    year, month, date = day(rng)
    return (year[2:] + month + date, rng.choice("5678") + digits(rng, 6))


def mobile(rng: random.Random) -> Groups:
    return ("010", str(rng.randrange(2000, 9999)), digits(rng, 4))


def abroad(rng: random.Random) -> Groups:
    return ("+82", "10", str(rng.randrange(2000, 9999)), digits(rng, 4))


def landline(rng: random.Random) -> Groups:
    return (rng.choice(("02", "031", "051", "064", "070")), str(rng.randrange(200, 9999)), digits(rng, 4))


def card(rng: random.Random) -> Groups:
    return (rng.choice("45") + digits(rng, 3), digits(rng, 4), digits(rng, 4), digits(rng, 4))


def licence(rng: random.Random) -> Groups:
    return (str(rng.randrange(11, 29)), digits(rng, 2), digits(rng, 6), digits(rng, 2))


def passport(rng: random.Random) -> Groups:
    return (
        ("M" + digits(rng, 4), digits(rng, 4)) if rng.random() < 0.5 else ("M" + digits(rng, 3), "B" + digits(rng, 4))
    )


def insurance(rng: random.Random) -> Groups:
    return (rng.choice("1235"), digits(rng, 10))


def account(rng: random.Random) -> Groups:
    return (digits(rng, 3), digits(rng, 3), digits(rng, 6))


def patient(rng: random.Random) -> Groups:
    return (digits(rng, 4), digits(rng, 4))


def date(rng: random.Random) -> Groups:
    return day(rng)


def address(rng: random.Random) -> Groups:
    return (rng.choice(("서울특별시", "경기도 수원시", "부산광역시")), rng.choice(("가온구", "나래구")),
            rng.choice(("무지개로", "샘물길", "달빛대로")), str(rng.randrange(2, 400)))  # fmt: skip


def flat(rng: random.Random) -> Groups:
    return (rng.choice(("샘터아파트", "한빛빌라")), f"{rng.randrange(101, 120)}동", f"{rng.randrange(101, 2500)}호")


def plate(rng: random.Random) -> Groups:
    return (str(rng.randrange(100, 999)) + rng.choice("가나다라마거너더러머"), digits(rng, 4))


def email(rng: random.Random) -> Groups:
    return (f"zq{digits(rng, 5)}", rng.choice(("example.com", "mail.example.org", "example.co.kr")))


def url(rng: random.Random) -> Groups:
    return (f"https://example.org/p/{digits(rng, 7)}",)


def ip(rng: random.Random) -> Groups:
    return tuple(str(rng.randrange(100, 255)) for _ in range(4))


def mac(rng: random.Random) -> Groups:
    return tuple(f"{rng.randrange(256):02x}" for _ in range(6))


def age(rng: random.Random) -> Groups:
    return (str(rng.randrange(90, 109)),)


FAMILY, GIVEN = "김이박최정강조윤장임한오서신권황안송류홍", "담솔별빛샘누리봄찬하람온유결준민서우진"
LATIN = ("Zorvak", "Quelim", "Brontu", "Xavri", "Mirqos", "Tulnep"), ("Yolda", "Kesmir", "Wondra", "Jubex", "Falgor")


def person(rng: random.Random) -> Groups:
    return (rng.choice(FAMILY), rng.choice(GIVEN), rng.choice(GIVEN))


def foreign_name(rng: random.Random) -> Groups:
    return (rng.choice(LATIN[0]), rng.choice(LATIN[1]))


@dataclass(frozen=True)
class Kind:
    """How identifiers of one kind are made, and between what words they stand."""

    make: Callable[[random.Random], Groups]
    korean: tuple[str, ...]
    english: tuple[str, ...]
    write: Callable[[Groups, str, random.Random], str | None] = write


def _email(groups: Groups, form: str, rng: random.Random) -> str | None:
    local, domain = groups
    return {
        "plain": f"{local}@{domain}",
        "hyphens": f"{local[:3]}-{local[3:]}@{domain}",
        "dots": f"{local[:3]}.{local[3:]}@{domain}",
        "spaces": f"{local} @ {domain.replace('.', ' . ')}",
        "full-width": "".join(FULL.get(c, c) for c in f"{local}@{domain}"),
        "line breaks": rng.choice((f"{local}@\n{domain}", f"{local}\n@{domain}")),
        "Korean words": f"{local}골뱅이{domain.replace('.', '닷')}",
        "mixed": f"{local}(at){domain.replace('.', '[dot]')}",
    }[form]


def _date(groups: Groups, form: str, rng: random.Random) -> str | None:
    if form == "Korean words":
        return f"{groups[0]}년 {int(groups[1])}월 {int(groups[2])}일"
    if form == "dots":
        return ".".join(groups)
    return write(groups, form, rng)


def _address(groups: Groups, form: str, rng: random.Random) -> str | None:
    if form in ("hyphens", "dots", "Korean words", "plain", "mixed"):
        return " ".join(groups) + {"hyphens": "-3", "Korean words": "번지", "mixed": ", 101동 1203호", "dots": "."}.get(
            form, ""
        )
    if form == "spaces":
        return "  ".join(groups)
    if form == "line breaks":
        return rng.choice((" \n", "\n")).join(groups)
    return "　".join("".join(FULL.get(c, c) for c in group) for group in groups)


def _person(groups: Groups, form: str, rng: random.Random) -> str | None:
    whole = "".join(groups)
    return {
        "plain": whole,
        "hyphens": "-".join(groups),
        "dots": rng.choice(".·").join(groups),
        "spaces": rng.choice((" ".join(groups), f"{groups[0]} {groups[1]}{groups[2]}")),
        "full-width": unicodedata.normalize("NFD", whole),
        "line breaks": rng.choice((f"{whole[:2]}\n{whole[2:]}", f"{whole[0]}\n{whole[1:]}")),
        "Korean words": rng.choice((f"{whole}님", f"{whole}씨", f"{whole} 환자", f"{whole} 선생님", f"환자 {whole}")),
        "mixed": f"{groups[0]}\u200b{groups[1]}\u3000{groups[2]}",
    }[form]


def _latin(groups: Groups, form: str, rng: random.Random) -> str | None:
    family, given = groups
    return {
        "plain": f"{given} {family}",
        "hyphens": f"{family}-{given}",
        "dots": f"{given[0]}. {family}",
        "spaces": f"{family}  {given}",
        "full-width": "".join(FULL.get(c, c) for c in f"{family} {given}"),
        "line breaks": f"{given}\n{family}",
        "Korean words": f"{given} {family}님",
        "mixed": rng.choice((f"{family.upper()}, {given}", f"{family}, {given[0]}.")),
    }[form]


def _only(*forms: str) -> Callable[[Groups, str, random.Random], str | None]:
    return lambda groups, form, rng: write(groups, form, rng) if form in forms else None


def _ip(groups: Groups, form: str, rng: random.Random) -> str | None:
    return {"plain": ".".join(groups), "dots": ".".join(groups), "full-width": "．".join(groups)}.get(form)


def _mac(groups: Groups, form: str, rng: random.Random) -> str | None:
    return {"plain": ":".join(groups), "hyphens": "-".join(groups), "full-width": "：".join(groups)}.get(form)


def _flat(groups: Groups, form: str, rng: random.Random) -> str | None:
    joint = {
        "plain": " ",
        "hyphens": None,
        "dots": None,
        "spaces": "  ",
        "full-width": "　",
        "line breaks": "\n",
        "mixed": "",
    }
    found = joint.get(form)
    return None if found is None else found.join(groups)


def _plate(groups: Groups, form: str, rng: random.Random) -> str | None:
    return write(groups, form, rng) if form != "Korean words" else None


def _age(groups: Groups, form: str, rng: random.Random) -> str | None:
    (years,) = groups
    return {
        "plain": f"{years}세",
        "hyphens": f"{years}-year-old",
        "spaces": f"{years} 세",
        "full-width": "".join(FULL.get(c, c) for c in years) + "세",
        "line breaks": f"{years}\n세",
        "Korean words": f"만 {years}살",
        "mixed": rng.choice((f"{years}/M", f"{years} y/o", f"{years}yo")),
    }.get(form)


_SAID = (
    "보호자 확인함: {} 로 기재됨.",
    "문의 시 {}(으)로 연락 바람. BP 120/80.",
    "기록: {}입니다. 아스피린 100 mg 유지.",
    "{}\n",
    "외래 메모({}) 확인 후 퇴원.",
    "번호는{}번이라고 함",
    "연락처 {}번, 확인함",
    "주민등록번호: {} 확인",
    "전화 {}. 재진 예정",
)
_TOLD = (
    "Contact on file: {}. Aspirin 100 mg daily.",
    "tel. {}, call if fever",
    "ID: {} noted",
    "Noted {} in the chart, BP 120/80.",
    "({}) was given by the family",
    "On record: {}\nHbA1c 6.5 %",
)


def _after(*cues: str) -> tuple[str, ...]:
    return tuple(f"통증 호전. {cue}{{}}, 재진 예정." for cue in cues)


KINDS: dict[str, Kind] = {
    "resident_number": Kind(resident, _SAID, _TOLD),
    "foreigner_number": Kind(foreigner, _SAID, _TOLD),
    "mobile": Kind(mobile, _SAID, _TOLD),
    "mobile abroad": Kind(abroad, _SAID, _TOLD),
    "landline": Kind(landline, _SAID, _TOLD),
    "card": Kind(card, _SAID, _TOLD),
    "driver_licence": Kind(licence, _SAID, _TOLD),
    "passport": Kind(passport, _SAID, _TOLD),
    "insurance_number": Kind(insurance, _after("건강보험증번호 ", "보험번호: "), ("insurance no. {} noted",)),
    "account": Kind(account, _after("계좌번호: ", "가온은행 ", "계좌 "), ("account no. {} noted",)),
    "patient_number": Kind(
        patient, _after("등록번호: ", "환자번호 ", "차트번호 : "), ("MRN {} seen", "chart no. {} seen")
    ),
    "email": Kind(email, _SAID, _TOLD, _email),
    "url": Kind(url, _SAID, _TOLD, _only("plain", "full-width")),
    "ip": Kind(ip, _SAID, _TOLD, _ip),
    "mac": Kind(mac, _SAID, _TOLD, _mac),
    "vehicle": Kind(plate, _SAID, _TOLD, _plate),
    "address": Kind(address, _SAID, _TOLD, _address),
    "flat": Kind(flat, _SAID, _TOLD, _flat),
    "birth_date": Kind(date, _after("생년월일: ", "생년월일 "), ("DOB {} noted", "Date of birth: {}."), _date),
    "date": Kind(date, _SAID, _TOLD, _date),
    "age": Kind(age, ("내원한 {} 환자임.", "{} 남자, 통증 호소"), ("Seen: {} patient.",), _age),
    "name": Kind(person, ("{} 내원함.", "보호자 {}", "설명함({})", "오늘 {}에게 설명함"), ("Seen: {}.",), _person),
    "name in Latin letters": Kind(foreign_name, ("담당 {} 확인", "({})"), ("Seen by {} today.", "{}\n"), _latin),
}


def plant(each: int, seed: int) -> list[Canary]:
    """Plant so many canaries of every kind in every form that it has, in Korean and English by turns."""
    found = []
    for name, kind in KINDS.items():
        for form in FORMS:
            rng = random.Random(f"{seed}/{name}/{form}")
            for turn in range(each):
                groups = kind.make(rng)
                written = kind.write(groups, form, rng)
                if written is None:
                    break
                language = "en" if turn % 3 == 2 else "ko"
                note = rng.choice(kind.english if language == "en" else kind.korean).format(written)
                found.append(Canary(name, form, groups, bare("".join(groups)), written, note, language))
    return found


def bare(text: str) -> str:
    """The letters and digits of a text alone, lower case, Korean digits as digits: whatever it is written with."""
    plain = unicodedata.normalize("NFKC", text).lower()
    spelled = {word: number for number, word in WORDS.items()} | {"영": "0", "륙": "6"}
    return re.sub(r"[\W_]", "", "".join(spelled.get(char, char) for char in plain.replace("다시", "")))


def leaks(canary: Canary, output: str) -> bool:
    """Whether the canary, as written or plain, or any six digits of it in a row, can be read in a scrubbed note."""
    left, secret = bare(output), canary.secret
    if bare(canary.written) in left:
        return True
    if canary.kind in ("age",):
        return secret in left
    if canary.kind in ("address", "flat"):
        return secret[-8:] in left or secret[:6] in left
    if canary.kind.startswith("name"):
        return _name_left(canary, left)
    if canary.kind == "ip" or canary.kind == "mac":
        return secret in left
    size = min(6, len(secret))
    return any(secret[at : at + size] in left for at in range(len(secret) - size + 1))


def _name_left(canary: Canary, left: str) -> bool:
    if canary.kind == "name":
        return canary.secret in left
    family = next(name for name in LATIN[0] if canary.secret.startswith(name.lower()))
    return family.lower() in left


def known_names(canaries: list[Canary]) -> list[str]:
    """The names that the hospital's tables would hold for these canaries, once each."""
    korean = ("".join(c.groups) for c in canaries if c.kind == "name")
    latin = (f"{family} {given}" for family in LATIN[0] for given in LATIN[1])
    return sorted({*korean, *latin})
