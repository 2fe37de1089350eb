"""Which number the next release bears."""

from __future__ import annotations

import pytest

from cdm.errors import BadInput
from extract.manifest import Provenance
from extract.versions import Built, next_version

BASE = Provenance(
    study_digest="s",
    definition_digest="d",
    policy_digest="p",
    cdm_release_digest="r",
    vocabulary_version="v",
    code_version="1",
)


def changed(**parts: object) -> Provenance:
    return BASE.model_copy(update=parts)


def test_the_first_release_is_1_0_0() -> None:
    assert next_version([], BASE) == "1.0.0"


def test_the_same_provenance_is_the_same_version_also_after_newer_ones() -> None:
    earlier = [Built("1.0.0", BASE), Built("1.1.0", changed(cdm_release_digest="r2"))]
    assert next_version(earlier, changed(cdm_release_digest="r2")) == "1.1.0"
    assert next_version(earlier, BASE) == "1.0.0"


@pytest.mark.parametrize(
    ("part", "version"),
    [
        ({"study_digest": "x"}, "2.0.0"),
        ({"definition_digest": "x"}, "2.0.0"),
        ({"policy_digest": "x", "cdm_release_digest": "x", "code_version": "x"}, "2.0.0"),
        ({"seeds": {"draw": 2}}, "2.0.0"),
        ({"cdm_release_digest": "x", "code_version": "x"}, "1.3.0"),
        ({"vocabulary_version": "x"}, "1.3.0"),
        ({"code_version": "x"}, "1.2.4"),
        ({"code_digest": "x"}, "1.2.4"),
    ],
)
def test_what_changed_decides(part: dict[str, object], version: str) -> None:
    assert next_version([Built("1.2.3", BASE)], changed(**part)) == version


def test_the_newest_counts_by_number_not_by_order_or_spelling() -> None:
    other = changed(cdm_release_digest="x")
    assert next_version([Built("1.10.0", BASE), Built("1.9.0", other)], changed(cdm_release_digest="y")) == "1.11.0"


def test_a_provenance_may_be_plain_json() -> None:
    assert next_version([Built("1.0.0", BASE.model_dump())], BASE.model_dump()) == "1.0.0"


def test_what_is_no_version_or_no_provenance_is_refused() -> None:
    with pytest.raises(BadInput, match=r"expected MAJOR\.MINOR\.PATCH"):
        next_version([Built("1.0", BASE)], BASE)
    with pytest.raises(BadInput, match="provenance: surprise"):
        next_version([], {**BASE.model_dump(), "surprise": 1})
