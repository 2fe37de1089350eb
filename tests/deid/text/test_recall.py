"""Planted identifiers in eight written forms: not one can be read in the scrubbed notes."""

from __future__ import annotations

import pyarrow as pa
import pytest

from deid.text import KINDS, Kind, TextSettings
from deid.text.scrub import scrub
from tests.deid.text import variants
from tests.deid.text.unseen import GAPS, UNSEEN
from tests.deid.text.variants import FORMS, Canary, known_names, leaks, plant

PLANTED = plant(each=8, seed=20261126)


def scrubbed(planted: list[Canary], settings: TextSettings, known: bool = True) -> list[str]:
    names = known_names(planted) if known else []
    table = pa.table({"person_id": pa.nulls(len(names), pa.int64()), "name": pa.array(names, pa.string())})
    notes = pa.table({"note": [canary.note for canary in planted]})
    return scrub(notes, "note", table, settings).text.to_pylist()


def test_more_than_a_thousand_of_every_kind_in_eight_forms_and_two_languages() -> None:
    assert len(PLANTED) > 1000
    assert {canary.kind for canary in PLANTED} == set(variants.KINDS)
    assert {canary.form for canary in PLANTED} == set(FORMS)
    assert {canary.language for canary in PLANTED} == {"ko", "en"}


def test_every_canary_can_be_read_before() -> None:
    assert all(leaks(canary, canary.note) for canary in PLANTED)


def test_no_canary_can_be_read_after() -> None:
    after = scrubbed(PLANTED, TextSettings())
    left = [(c.kind, c.form) for c, note in zip(PLANTED, after, strict=True) if leaks(c, note)]
    assert left == []
    everything = "\n".join(after).encode()
    assert [c.kind for c in PLANTED if len(c.written) > 5 and c.written.encode() in everything] == []


# Kinds that no other rule covers: were one of their rules lost, its canaries would be read again.
ALONE: tuple[Kind, ...] = (
    "patient_number",
    "landline",
    "passport",
    "vehicle",
    "address",
    "email",
    "url",
    "ip",
    "mac",
    "age",
    "name",
)


@pytest.mark.parametrize("kind", ALONE)
def test_a_kind_switched_off_is_noticed(kind: Kind) -> None:
    without = TextSettings(kinds=tuple(one for one in KINDS if one != kind))
    mine = [canary for canary in PLANTED if canary.kind == kind]
    after = scrubbed(mine, without)
    assert any(leaks(canary, note) for canary, note in zip(mine, after, strict=True))


def test_the_gaps_are_those_that_are_told() -> None:
    names = pa.table({"name": ["홍길동", "김민수", "Hong Gildong"]})
    notes = pa.table({"note": [note for _, note, _ in UNSEEN]})
    after = scrub(notes, "note", names, TextSettings()).text.to_pylist()
    assert [note for (_, note, secret), left in zip(UNSEEN, after, strict=True) if secret in left] == list(GAPS)


def test_unknown_names_stay() -> None:
    """A name that is in no table of the hospital is not looked for: the honest limit of a list."""
    mine = [canary for canary in PLANTED if canary.kind == "name"]
    after = scrubbed(mine, TextSettings(), known=False)
    assert all(leaks(canary, note) for canary, note in zip(mine, after, strict=True))
