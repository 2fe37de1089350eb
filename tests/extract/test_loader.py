"""A release, opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdm.errors import BadInput
from extract.loader import open_dataset
from tests.extract.release import built


def test_a_release_is_read_as_polars_arrow_or_pandas(tmp_path: Path) -> None:
    folder, _ = built(tmp_path)
    data = open_dataset(folder)
    assert data.tables == ("care_site", "cohort", "measurement", "person", "visit_occurrence")
    assert data.cohort().collect()["role"].to_list() == ["control", "case", "case"]
    assert data.table("person", ["person_id"]).collect().shape == (3, 1)
    assert data.arrow("measurement").num_rows == len(data.pandas("measurement", ["measurement_id"])) == 4
    assert data.codebook().collect().height == 10
    assert data.split_names() == ("by_matched_set", "leave_one_site_out")
    assert data.split("by_matched_set").collect().columns == ["subject_id", "split"]


def test_it_verifies_itself(tmp_path: Path) -> None:
    data = open_dataset(built(tmp_path)[0])
    assert data.verify(require_signature=False).ok
    assert not data.verify().ok


def test_what_it_does_not_have_is_told_with_what_it_has(tmp_path: Path) -> None:
    data = open_dataset(built(tmp_path)[0])
    with pytest.raises(BadInput, match=r"has no tables/death\.parquet; it has care_site, cohort"):
        data.table("death")
    with pytest.raises(BadInput, match=r"has no splits/random\.parquet; it has by_matched_set"):
        data.split("random")


def test_a_folder_that_is_no_release_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"is .* a release\?"):
        open_dataset(tmp_path)
