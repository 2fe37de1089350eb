"""What holds of every text: twice is once, nothing of a hit stays, nothing else changes, and slow gives the same."""

from __future__ import annotations

import re

import pyarrow as pa
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from deid.text import TextSettings
from deid.text.patterns import TABLE
from deid.text.scrub import scrub
from tests.deid.text.clean import NOTES
from tests.deid.text.reference import Reference, normal
from tests.deid.text.tools import clean
from tests.deid.text.variants import KINDS, Canary, plant

PLANTED = [canary for canary in plant(each=20, seed=9) if not canary.kind.startswith("name")]
EXAMPLES = [example for rule in TABLE for example in rule.examples]
LABELS = [rule.label(language) for rule in TABLE for language in ("ko", "en")]
CUES = [
    "등록번호: ",
    "생년월일 ",
    "계좌번호 ",
    "보험증번호 ",
    "MRN ",
    "주소 ",
    "차량번호 ",
    "나이 ",
    "서울 ",
    "경기도 ",
]
LOOSE = st.text(alphabet="0123456789 -./\n,:()@+공일이삼년월일세동호로길시구abM²ㅡ０１", max_size=14)
PIECE = st.one_of(
    st.sampled_from([canary.written for canary in PLANTED]),
    *(st.sampled_from(pieces) for pieces in (EXAMPLES, NOTES, CUES, LABELS)),
    LOOSE,
)
TEXTS = st.lists(st.lists(PIECE, min_size=1, max_size=5).map("".join), min_size=12, max_size=16)
# Few examples of many texts each: what costs is a call, not a text. Not shrunk, so that a failure is as quick as a success.
BOUNDED = settings(derandomize=True, max_examples=3, deadline=None, phases=(Phase.generate,))
SLOW, SLOW_SHIFT = Reference(TextSettings()), Reference(TextSettings(dates="shift"))


@BOUNDED
@given(TEXTS)
def test_the_vectorised_scrubbing_is_the_one_row_by_row(texts: list[str]) -> None:
    assert clean(*texts) == [SLOW.scrub(text) for text in texts]


@BOUNDED
@given(TEXTS, st.integers(-365, 365))
def test_so_it_is_where_dates_move(texts: list[str], days: int) -> None:
    table = pa.table({"note": texts, "offset_days": [days] * len(texts)})
    after = scrub(table, "note", None, SLOW_SHIFT.settings).text.to_pylist()
    assert after == [SLOW_SHIFT.scrub(text, days) for text in texts]


@BOUNDED
@given(TEXTS)
def test_scrubbing_twice_is_scrubbing_once(texts: list[str]) -> None:
    once = clean(*texts, names=("홍길동", "이상"))
    assert clean(*once, names=("홍길동", "이상")) == once


@BOUNDED
@given(st.lists(st.sampled_from(PLANTED), min_size=60, max_size=100))
def test_no_run_of_digits_of_a_hit_stays(planted: list[Canary]) -> None:
    frames = [KINDS[canary.kind].korean[0] for canary in planted]
    after = clean(*(frame.format(canary.written) for frame, canary in zip(frames, planted, strict=True)))
    for frame, canary, note in zip(frames, planted, after, strict=True):
        found = re.findall("[0-9]+", str(note).replace("89세 초과", ""))
        assert found == re.findall("[0-9]+", frame), canary


@BOUNDED
@given(
    st.lists(
        st.one_of(st.sampled_from(NOTES), st.text(alphabet="가나다라 abc,.²½①\n", max_size=20)),
        min_size=10,
        max_size=20,
    )
)
def test_a_text_without_hits_changes_in_its_writing_only(texts: list[str]) -> None:
    quiet = [text for text in texts if SLOW.scrub(text) == normal(text)]
    assert clean(*quiet) == [normal(text) for text in quiet]
