"""Where a person lives."""

from __future__ import annotations

from deid.text.model import Rule
from deid.text.pieces import LEFT, either

# The 17 provinces and cities of the first order, short, long, and as they were called before 2023/2024.
_PROVINCE = (
    r"(?:서울(?:특별시|시)?|(?:부산|대구|인천|광주|대전|울산)(?:광역시|시)?|세종(?:특별자치시|시)?|경기(?:도)?|"
    r"강원(?:특별자치도|도)?|충청?[남북](?:도)?|충청[남북]도|전라?[남북](?:도)?|전북특별자치도|경상?[남북](?:도)?|제주(?:특별자치도|도|시)?)"
)
_S = r"[ \t\n]{0,2}"
_S1 = r"[ \t\n]{1,2}"
_N = r"[0-9]{1,5}(?:-[0-9]{1,5})?"
# Only five districts have two syllables; 친구, 연구, 당시 have two as well.
_COUNTY = "(?:[가-힣]{2,4}[시군구]|[중동서남북]구)"
_TOWN = "[가-힣]{1,5}[0-9]{0,2}(?:읍|면|동|리|가)"
_ROAD = rf"[가-힣]{{1,8}}(?:[0-9]{{1,4}}(?:번|[가-다])?)?(?:대로|로|길)(?:{_S}[0-9]{{1,4}}번?[가-다]?길)?"
_LOT = rf"{_S}(?:산{_S})?{_N}(?:{_S}번지)?"
# Building, block and flat, floor, what stands in brackets after a road address.
_FLAT = rf"[0-9]{{1,4}}동{_S}[0-9]{{1,5}}호"
_HOUSE = r"[가-힣A-Za-z0-9]{1,12}(?:아파트|APT|빌라|맨션|오피스텔|타운|주공|연립|빌딩|하이츠)"
_MORE = (
    rf"(?:,?{_S}\([가-힣0-9, ]{{2,20}}\))?(?:,?{_S}{_HOUSE})?"
    rf"(?:,?{_S}(?:{_FLAT}|[0-9]{{1,5}}호|[0-9]{{1,3}}층(?:{_S}[0-9]{{1,5}}호)?))?"
)
_PLACE = rf"(?:{_S}{_TOWN}){{0,2}}"

RULES = (
    Rule(
        "address",
        either(
            # From the province or city down, as far as it goes.
            rf"{_PROVINCE}{_S}{_COUNTY}(?:{_S}{_COUNTY})?{_PLACE}(?:{_S}{_ROAD})?(?:{_LOT})?{_MORE}",
            rf"{_PROVINCE}{_S1}(?:{_TOWN}|{_ROAD}){_LOT}{_MORE}",
            # From the county or district down, where a number says that it is a place.
            rf"{_COUNTY}{_S1}(?:{_TOWN}{_S1})?{_ROAD}{_LOT}{_MORE}",
            rf"(?:{_COUNTY}{_S1})?(?:{_TOWN}{_S1})?[가-힣]{{1,5}}[0-9]{{0,2}}(?:읍|면|동|리){_S}(?:산{_S})?{_N}{_S}번지{_MORE}",
            rf"[가-힣]{{1,8}}[0-9]{{0,4}}(?:대로|로|길){_S}[0-9]{{1,4}}번길(?:{_LOT})?{_MORE}",
            rf"[가-힣]{{2,3}}구{_S1}[가-힣]{{1,4}}[0-9]?동(?:{_LOT})?{_MORE}",
            rf"{_COUNTY}{_S1}[가-힣]{{1,4}}[읍면]{_S1}[가-힣]{{1,5}}리(?:{_LOT})?{_MORE}",
            # What is written after the word for it.
            rf"(?:주소|거주지|사는 곳|자택)(?:은|는)?{_S}[:：]?{_S}(?:{_COUNTY}{_S})?(?:{_TOWN}{_S})?(?:{_ROAD}|{_TOWN}){_LOT}{_MORE}",
            rf"(?i:address|lives at|residing at){_S}:?{_S}[0-9]{{1,5}}(?:-[0-9]{{1,4}})?,? [A-Za-z0-9 ,-]{{3,60}}",
            rf"{LEFT}[0-9]{{1,5}}(?:-[0-9]{{1,4}})?,? [A-Z][A-Za-z0-9-]*(?:-daero|-ro|-gil|-dong)"
            rf"(?: ?[0-9]{{1,4}}(?:beon)?-?gil)?(?:, ?[A-Z][A-Za-z-]+){{0,3}}",
            # A flat of an estate; a block and flat alone may be a ward and its room, and the estate says that it is not.
            rf"{_HOUSE}{_S}(?:{_FLAT}|[0-9]{{1,5}}호)",
            rf"{LEFT}[0-9]{{3,4}}동{_S}[0-9]{{3,4}}호",
        ),
        "주소",
        "ADDRESS",
        "도로명주소법 제2조, 주소체계(시·도, 시·군·구, 읍·면·동, 도로명, 건물번호)",
        (
            "서울특별시 종로구 세종대로 175",
            "경기도 성남시 분당구 불정로 6",
            "부산 해운대구 우동 123-4번지",
            "중앙로12번길 34",
            "푸른아파트 101동 1203호",
            "전북 전주시 완산구",
        ),
    ),
)
