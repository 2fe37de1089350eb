"""What a study may ask for, and how it is told what is accepted."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from cdm.errors import BadInput
from extract.plan import accepted, plan
from extract.spec import ExtractSpec, Window


def test_tables_are_a_list_or_a_mapping_with_empty_parts() -> None:
    assert ExtractSpec.model_validate({"tables": ["person", "death"]}) == ExtractSpec.model_validate(
        {"tables": {"person": None, "death": {}}}
    )


def test_the_default_window_is_the_year_up_to_the_index_date() -> None:
    spec = ExtractSpec.model_validate(
        {"tables": {"measurement": {"window": {"from_days": -30, "to_days": -1}}, "death": {}}}
    )
    assert spec.window_of("death") == Window(from_days=-365, to_days=0)
    assert spec.window_of("measurement") == Window(from_days=-30, to_days=-1)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"tables": {}}, "at least 1 item"),
        ({"tables": ["death", "death"]}, "named twice"),
        ({"tables": ["death"], "windows": {}}, "Extra inputs are not permitted"),
        ({"tables": {"death": {"column": ["person_id"]}}}, "Extra inputs are not permitted"),
        ({"tables": {"death": {"columns": []}}}, "columns is empty"),
        ({"tables": {"measurement": {"concepts": []}}}, "concepts is empty"),
        ({"tables": {"measurement": {"include_descendants": True}}}, "without concepts"),
        ({"tables": ["death"], "window": {"from_days": 1, "to_days": 0}}, "starts after its end"),
        ({"tables": ["death"], "window": {"from_days": -10.5}}, "valid integer"),
        ({"tables": ["death"], "window": {"from_days": -999999}}, "greater than or equal"),
    ],
)
def test_a_malformed_part_is_refused(given: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        ExtractSpec.model_validate(given)


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ({"messurement": {}}, "messurement is not a table of CDM 5.4; did you mean measurement"),
        ({"concept": {}}, "concept cannot be limited to people and windows in CDM 5.4"),
        ({"cost": {}}, "cost cannot be limited"),
        (
            {"death": {"columns": ["death_dat"]}},
            "death_dat is not a column of death in CDM 5.4; did you mean death_date",
        ),
        ({"person": {"window": {"to_days": 0}}}, "extract.tables.person.window: rows of person have no date"),
        ({"death": {"concepts": [1]}}, "death has no main concept column"),
        ({"note_nlp": {}}, "name note as well"),
    ],
)
def test_what_the_cdm_does_not_have_is_named_with_what_is_accepted(tables: dict[str, object], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        plan(ExtractSpec.model_validate({"tables": tables}), "5.4")


def test_a_table_of_5_4_is_unknown_to_5_3() -> None:
    with pytest.raises(BadInput, match=r"episode is not a table of CDM 5\.3"):
        plan(ExtractSpec.model_validate({"tables": ["episode"]}), "5.3")


def test_every_table_with_people_in_it_can_leave() -> None:
    assert {"person", "death", "measurement", "visit_detail", "note_nlp", "episode_event", "location"} <= set(
        accepted("5.4")
    )
    assert {"note_nlp", "drug_era"} <= set(accepted("5.3"))
    assert not {"cost", "fact_relationship", "cdm_source", "metadata", "vocabulary"} & set(accepted("5.4"))


def test_tables_are_read_before_those_that_they_point_at() -> None:
    order = [part.name for part in plan(ExtractSpec(tables={name: {} for name in accepted("5.4")}), "5.4")]
    assert order[-3:] == ["provider", "care_site", "location"]
    assert order.index("note") < order.index("note_nlp")
