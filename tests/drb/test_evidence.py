"""The evidence pack: bound to a manifest digest, its digest in the ledger, every look recorded."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from drb.board import Board
from drb.errors import BadInput, Refused
from drb.evidence import PARTS, Light, Pack, Part, Said, read_pack
from tests.drb.cast import RELEASE, V1, V2
from tests.drb.test_cases import refused


def pack(digest: str = V1) -> Pack:
    part = Part(light=Light.GREEN, said=(Said(ko="이상 없음", en="in order"),))
    return Pack(release=RELEASE, manifest_digest=digest, parts=dict.fromkeys(PARTS, part))


def test_a_pack_is_read_by_those_who_see_the_release_and_every_look_is_an_event(reviewed: Board) -> None:
    reviewed.evidence.lay(pack())
    reviewed.evidence.lay(pack())  # changes nothing
    assert reviewed.evidence.read("member1", RELEASE) == pack()
    events = [(e.actor, e.action) for e in reviewed.events("system", f"release:{RELEASE}")][-2:]
    assert events == [("system", "lay_evidence"), ("member1", "view_evidence")]
    with refused("visible"):
        reviewed.evidence.read("rival", RELEASE)
    assert reviewed.verify().ok


def test_a_pack_for_another_package_is_refused_and_a_new_package_has_none(reviewed: Board) -> None:
    from tests.drb import cast

    with pytest.raises(Refused) as told:
        reviewed.evidence.lay(pack(V2))
    assert told.value.code == "digest_is_current"
    reviewed.evidence.lay(pack())
    cast.build(reviewed, V2)
    assert reviewed.evidence.read("member1", RELEASE) is None


def test_a_pack_changed_behind_the_board_s_back_is_not_shown(reviewed: Board) -> None:
    reviewed.evidence.lay(pack())
    with reviewed.engine.begin() as connection:
        connection.execute(text("UPDATE evidence SET content = replace(content, 'green', 'amber')"))
    with pytest.raises(BadInput, match="changed outside"):
        reviewed.evidence.read("member1", RELEASE)


@pytest.mark.parametrize(
    "content", [{}, {"release": "x"}, {**pack().model_dump(mode="json"), "parts": {}}, {"format": "x"}]
)
def test_what_is_no_pack_is_told(content: dict[str, object]) -> None:
    with pytest.raises(BadInput, match="evidence pack"):
        read_pack(content)
