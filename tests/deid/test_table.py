"""A flat table in, a k-anonymous table out; and what is refused on the way."""

from __future__ import annotations

import json
import os
import textwrap
from math import log2
from pathlib import Path

import polars as pl
import pytest

from cdm.errors import BadInput
from deid import hierarchy_files
from deid.table import risk, run

ROWS = """
name;sex;place;ill
Kim;f;u;flu
Lee;f;v;flu
Choi;f;v;asthma
Park;m;u;flu
Jung;m;w;ulcer
"""
PLACES = "u;north;*\nv;north;*\nw;south;*\n"
SPEC = """
quasi_identifiers: {sex: {suppress: true}, place: {hierarchy: places.csv}}
keep: [ill]
k: 2
"""


def write(folder: Path, spec: str = SPEC, rows: str = ROWS, places: str = PLACES) -> None:
    (folder / "in.csv").write_text(rows.strip() + "\n", encoding="utf-8")
    (folder / "places.csv").write_text(places, encoding="utf-8")
    (folder / "spec.yaml").write_text(textwrap.dedent(spec), encoding="utf-8")


def go(folder: Path, name: str = "in.csv") -> dict[str, object]:
    return run(folder / name, folder / "spec.yaml", folder / "out.parquet", folder / "report.json")


def released(folder: Path) -> list[tuple[str, ...]]:
    return pl.read_parquet(folder / "out.parquet").rows()


def test_groups_leave_sorted_and_columns_that_nobody_named_stay_behind(tmp_path: Path) -> None:
    write(tmp_path)
    found = go(tmp_path)
    assert (found["levels"], found["loss"], found["suppressed"]) == ([0, 2], 0.5, 0)
    assert pl.read_parquet(tmp_path / "out.parquet").columns == ["sex", "place", "ill"]
    assert released(tmp_path) == sorted(released(tmp_path))
    assert json.loads((tmp_path / "report.json").read_text()) == found


def test_people_beyond_the_reach_of_k_are_left_out_up_to_the_limit(tmp_path: Path) -> None:
    write(
        tmp_path, SPEC + "suppression_limit: 0.2\n", ROWS.replace("Kim;f;u", "Kim;f;v").replace("Park;m;u", "Park;f;v")
    )
    found = go(tmp_path)
    # 0.2 of 5 is one person: leaving out the one man is a fifth of the loss, making his sex or place untold the whole.
    assert (found["levels"], found["suppressed"], found["classes"]) == ([0, 0], 1, 1)
    assert found["loss"] == pytest.approx(0.2)
    assert [row[:2] for row in released(tmp_path)] == [("f", "v")] * 4


def test_a_comma_a_tab_and_parquet_are_read_alike(tmp_path: Path) -> None:
    write(tmp_path)
    wanted = go(tmp_path)["levels"], released(tmp_path)
    for separator in ",\t":
        write(tmp_path, rows=ROWS.replace(";", separator), places=PLACES.replace(";", ","))
        assert (go(tmp_path)["levels"], released(tmp_path)) == wanted
    pl.read_csv(tmp_path / "in.csv", separator="\t").write_parquet(tmp_path / "in.parquet")
    assert (go(tmp_path, "in.parquet")["levels"], released(tmp_path)) == wanted


def test_the_same_rows_in_another_order_give_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path)
    go(tmp_path)
    first = (tmp_path / "out.parquet").read_bytes()
    head, *rows = ROWS.strip().split("\n")
    write(tmp_path, rows="\n".join([head, *reversed(rows)]))
    go(tmp_path)
    assert (tmp_path / "out.parquet").read_bytes() == first


def test_sensitive_values_are_spread_in_every_class(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        quasi_identifiers: {sex: {suppress: true}, place: {hierarchy: places.csv}}
        sensitive: {ill: {model: distinct-l, l: 3.0}}
        k: 2
        """,
    )
    assert go(tmp_path)["levels"] == [1, 2]
    assert {row[:2] for row in released(tmp_path)} == {("*", "*")}


def test_more_combinations_than_a_number_can_tell_are_counted_too(tmp_path: Path) -> None:
    names = [f"q{i}" for i in range(8)]
    spec = {"quasi_identifiers": {name: {"suppress": True} for name in names}, "sensitive": {"ill": {"model": "distinct-l", "l": 2}},
            "k": 2}  # fmt: skip
    write(tmp_path, json.dumps(spec))
    pl.DataFrame({name: [*range(300), 0, 0] for name in names} | {"ill": [*range(301), 0]}).write_csv(
        tmp_path / "in.csv"
    )
    found = go(tmp_path)
    assert (found["levels"], found["loss"]) == ([1] * 8, 1)
    assert found["risk"]["before"]["histogram"] == {"1": 299, "3": 1}  # type: ignore[index]  # plain JSON


def test_whole_numbers_are_banded_with_an_open_band_on_top() -> None:
    found = hierarchy_files.intervals("age", ["7", "12", "93", ""], (5, 10), 90)
    labels = [[found.labels[level][code] for code in found.codes[level]] for level in range(found.levels)]
    assert labels == [["7", "12", "93", ""], ["5-9", "10-14", "90 or more", "unknown"],
                      ["0-9", "10-19", "90 or more", "unknown"], ["*"] * 4]  # fmt: skip


def test_regions_and_dates_are_shortened_part_by_part() -> None:
    found = hierarchy_files.parts("region", ["서울 종로구", "서울 중구", "부산 중구"], " ")
    assert [sorted(set(level)) for level in found.labels[1:]] == [["부산", "서울"], ["*"]]
    assert hierarchy_files.parts("day", ["2019-03-05", "2019-04-01", "2020"], "-").levels == 4


def test_a_tree_is_read_from_its_groups_down() -> None:
    found = hierarchy_files.tree("place", {"north": {"near": ["u"], "far": ["v"]}, "south": {"near": ["w"]}})
    assert found.labels == (
        ("u", "v", "w"),
        ("north / far", "north / near", "south / near"),
        ("north", "south"),
        ("*",),
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"places": "u;north;*\nv;north;+\nw;south;*\n"}, "level 2 splits a group of level 1"),
        ({"places": "u;north;*\nv;north\nw;south;*\n"}, "every value needs a group at every level"),
        ({"places": "u;north;*\nw;south;*\n"}, "2 rows have a place that its hierarchy lacks"),
        ({"places": "\n"}, "places.csv is empty"),
        ({"rows": ROWS.replace("place", "town")}, "in.csv has no column place; its columns are name, sex, town, ill"),
        ({"rows": "name;sex;place;ill"}, "has no rows"),
        ({"spec": SPEC.replace("k: 2", "k: 9")}, "k = 9 cannot be reached by leaving out at most 0.0% of 5 records"),
        ({"spec": SPEC.replace("k: 2", "k: 9\nsuppression_limit: 1")}, "k = 9 cannot be reached"),
        ({"spec": SPEC.replace("k: 2", "k: 0")}, "k: Input should be greater than or equal to 1"),
        ({"spec": SPEC + "metric: best"}, "metric: Input should be 'loss-am'"),
        ({"spec": SPEC + "colour: red"}, "colour: Extra inputs are not permitted"),
        ({"spec": SPEC.replace("keep: [ill]", "keep: [sex]")}, "sex: a column can have one part only"),
        (
            {"spec": SPEC.replace("suppress: true", "suppress: true, parts: x")},
            "quasi_identifiers.sex: give exactly one",
        ),
        ({"spec": SPEC.replace("suppress: true", "intervals: [5, 7]")}, "bands of 7 do not nest over 5"),
        ({"spec": SPEC.replace("suppress: true", "intervals: [5, 10], top: 85")}, "top band from 85 on cuts through"),
        ({"spec": SPEC.replace("places.csv", "none.csv")}, "none.csv cannot be read"),
        ({"spec": "k: [\n"}, "spec.yaml:2: this is no YAML"),
        ({"spec": "- k\n"}, "the file: Input should be a valid dictionary"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, change: dict[str, str], message: str) -> None:
    write(tmp_path, **change)
    with pytest.raises(BadInput) as told:
        go(tmp_path)
    assert message in str(told.value)
    assert "Kim" not in str(told.value)
    assert not (tmp_path / "out.parquet").exists()


def test_a_file_that_is_no_table_is_refused_without_quoting_it(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "in.parquet").write_bytes(b"PAR1 Kim PAR1")
    for name, message in (("in.parquet", "cannot be read"), ("none.csv", "no such file")):
        with pytest.raises(BadInput, match=message) as told:
            go(tmp_path, name)
        assert "Kim" not in str(told.value)


def test_risk_is_told_of_a_table_as_it_stands(tmp_path: Path) -> None:
    write(tmp_path)
    found = risk(tmp_path / "in.csv", ["sex"], "ill", k=3)
    assert found["risk"] == {
        "people": 5, "classes": 2, "smallest": 2, "average": 2.5, "uniques": 0, "prosecutor": 0.5, "journalist": 0.5,
        "marketer": 0.4, "above": 0.4, "histogram": {"2": 1, "3": 1},
    }  # fmt: skip
    # Women: flu twice, asthma once; men: flu, ulcer. All: flu 3/5, asthma and ulcer 1/5.
    told = {"name": "ill", "values": 3, "distinct_l": 2, "t_equal": pytest.approx(0.3), "records_of_one_value": 0}
    assert found["sensitive"] == {**told, "entropy_l": pytest.approx(2 ** (2 / 3 * log2(1.5) + log2(3) / 3))}
    assert "sensitive" not in risk(tmp_path / "in.csv", ["sex", "place"])


def test_risk_refuses_columns_that_are_not_there_or_named_twice(tmp_path: Path) -> None:
    write(tmp_path)
    for quasi, sensitive, message in (
        (["sex", "sex"], None, "each once"),
        (["sex"], "sex", "each once"),
        ([], None, "column names"),
        (["age"], None, "has no column age"),
    ):
        with pytest.raises(BadInput, match=message):
            risk(tmp_path / "in.csv", quasi, sensitive)


def test_a_file_that_breaks_off_in_the_middle_is_refused_without_quoting_it(tmp_path: Path) -> None:
    write(tmp_path, rows=ROWS.replace("Lee;f;v;flu", "Lee;f;v;flu;secret;secret"))
    with pytest.raises(BadInput, match="cannot be read to its end") as told:
        go(tmp_path)
    assert "secret" not in str(told.value)


def test_quotes_and_a_byte_order_mark_are_no_part_of_a_value(tmp_path: Path) -> None:
    write(tmp_path)
    go(tmp_path)
    wanted = released(tmp_path)
    write(tmp_path, rows="\ufeff" + ROWS.strip().replace("place", '"place"').replace(";u;", ';"u";'))
    go(tmp_path)
    assert released(tmp_path) == wanted


def test_what_cannot_be_searched_is_refused_at_once(tmp_path: Path) -> None:
    write(tmp_path, places="\n".join(";".join([value] * 101 + ["*"]) for value in "uvw"))
    with pytest.raises(BadInput, match="'place' has 102 levels; at most 100"):
        go(tmp_path)
    names = [f"q{i}" for i in range(23)]
    write(tmp_path, json.dumps({"quasi_identifiers": {name: {"suppress": True} for name in names}, "k": 2}))
    pl.DataFrame({name: [1, 2] for name in names}).write_csv(tmp_path / "in.csv")
    with pytest.raises(BadInput, match="8,388,608 combinations"):
        go(tmp_path)


ARX = os.environ.get("NARU_ARX_REFERENCE")


@pytest.mark.skipif(ARX is None, reason="NARU_ARX_REFERENCE names no folder with ARX's adult data and its optima")
def test_every_optimum_of_arx_is_found(tmp_path: Path) -> None:
    folder = Path(str(ARX))
    metrics = {"loss_am": "loss-am", "loss_gm": "loss-gm", "dm": "discernibility", "aecs": "average-class-size",
               "nuentropy": "nonuniform-entropy"}  # fmt: skip
    kinds = {"dl": ("distinct-l", "l"), "el": ("entropy-l", "l"), "te": ("t-equal", "t"), "th": ("t-hierarchical", "t"),
             "rl": ("recursive-l", "c", "l")}  # fmt: skip
    for case in json.loads((folder / "reference.json").read_text())["results"]:
        k, *extra = case["model"].split("+")
        spec: dict[str, object] = {
            "quasi_identifiers": {q: {"hierarchy": str(folder / f"adult_hierarchy_{q}.csv")} for q in case["qis"]},
            "k": int(k.split(":")[1]), "suppression_limit": case["suppression_limit"], "metric": metrics[case["metric"]],
        }  # fmt: skip
        for kind, *values in (part.split(":") for part in extra):
            model, *names = kinds[kind]
            part = {"model": model, **dict(zip(names, map(float, values), strict=True))}
            if kind == "th":
                part["hierarchy"] = str(folder / f"adult_hierarchy_{case['sensitive']}.csv")
            spec["sensitive"] = {case["sensitive"]: part}
        (tmp_path / "spec.yaml").write_text(json.dumps(spec))
        found = run(folder / "adult.csv", tmp_path / "spec.yaml", tmp_path / "out.parquet")
        wanted = (case["optimum"], case["suppressed"], case["classes"])
        assert (found["levels"], found["suppressed"], found["classes"]) == wanted, case["model"]
        assert found["loss"] == pytest.approx(float(case["loss"]), rel=1e-9, abs=1e-9)
