"""Features, the hourly grid and the screen for leakage: of what was known before the prediction time, and nothing after."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from extract.leakage import auroc
from extract.loader import open_dataset
from extract.meds.write import Prediction
from tests.extract.release import built, deidentified

INDEX = datetime.fromisoformat("2031-02-03")
PEOPLE = 120
VISIT = "visit_occurrence_id | person_id | visit_concept_id | visit_start_date\n"
MEASURED = "measurement_id|person_id|measurement_concept_id|measurement_date|measurement_datetime|value_as_number\n"


def is_case(person: int) -> bool:
    return person % 2 == 1


def rows(extra: list[tuple[int, int, datetime, float]], visits: list[tuple[int, datetime]] = []) -> dict[str, str]:  # noqa: B006
    """Everybody has one heart rate at noon the day before; extra: person, concept, moment, value."""
    plain = [(p, 3027018, INDEX - timedelta(hours=12), 80.0 + p % 7) for p in range(1, PEOPLE + 1)]
    cohort = "subject_id | site_name | set_id | role | index_date | weight\n" + "\n".join(
        f"{p} | seoul01 | {(p + 1) // 2} | {'case' if is_case(p) else 'control'} | {INDEX:%Y-%m-%d} | 1.0"
        for p in range(1, PEOPLE + 1)
    )
    person = "person_id | gender_concept_id | year_of_birth\n" + "\n".join(
        f"{p} | 8507 | 1950" for p in range(1, PEOPLE + 1)
    )
    measured = MEASURED + "\n".join(
        f"{n} | {p} | {c} | {at:%Y-%m-%d} | {at:%Y-%m-%dT%H:%M:%S} | {v}"
        for n, (p, c, at, v) in enumerate([*plain, *extra], 1)
    )
    visited = VISIT + "\n".join(f"{n} | {p} | 9202 | {at:%Y-%m-%d}" for n, (p, at) in enumerate(visits, 1))
    found = {"cohort": cohort, "person": person, "measurement": measured}
    return {**found, "visit_occurrence": visited} if visits else found


def release(tmp_path: Path, content: dict[str, str], **changes: object) -> Path:
    deidentified(tmp_path / "rows", content)
    return built(tmp_path, tables=tmp_path / "rows", prediction=Prediction("deterioration"), **changes)[0]


def findings(folder: Path) -> list[str]:
    found: list[str] = json.loads((folder / "docs/leakage.json").read_bytes())["findings"]
    return found


def line(folder: Path, name: str) -> dict[str, float]:
    told = json.loads((folder / "docs/leakage.json").read_bytes())
    return next(one for one in [*told["features"], *told["codes"]] if one["name"] == name)


def test_a_matched_draw_shows_nothing(tmp_path: Path) -> None:
    folder = release(tmp_path, rows([]))
    assert findings(folder) == []
    assert 0.4 < line(folder, "rows_before")["auroc"] < 0.6


@pytest.mark.parametrize(
    ("extra", "visits", "name"),
    [
        # A code that only cases have, some days before: the outcome under another name.
        ([(p, 3004249, INDEX - timedelta(days=3), 1.0) for p in range(1, PEOPLE, 2)], [], "measurement/3004249"),
        # Rows after the index date, for cases alone.
        ([(p, 3027018, INDEX + timedelta(days=2), 1.0) for p in range(1, PEOPLE, 2)], [], "rows_after"),
        # Cases were measured far more often.
        (
            [(p, 3027018, INDEX - timedelta(days=d), 1.0) for p in range(1, PEOPLE, 2) for d in range(2, 9)],
            [],
            "rows_before",
        ),
        # Cases came to the hospital on the eve, controls long ago.
        ([], [(p, INDEX - timedelta(days=2 if is_case(p) else 90)) for p in range(1, PEOPLE + 1)], "last_visit_gap"),
    ],
)
def test_planted_information_is_found(
    tmp_path: Path, extra: list[tuple[int, int, datetime, float]], visits: list[tuple[int, datetime]], name: str
) -> None:
    assert name in findings(release(tmp_path, rows(extra, visits)))


def test_planted_order_and_month_are_found(tmp_path: Path) -> None:
    content = rows([])
    head, *lines = content["cohort"].splitlines()
    moved = [text.replace("2031-02-03", "2031-07-03" if "case" in text else "2031-02-03") for text in lines]
    content["cohort"] = "\n".join([head, *moved])
    assert "index_month" in findings(release(tmp_path, content))


def test_planted_file_order_is_found(tmp_path: Path) -> None:
    """Rows are sorted by subject_id: here cases have the small ones."""
    half = PEOPLE // 2
    content = rows([])
    head, *_ = content["cohort"].splitlines()
    lines = [
        f"{p} | seoul01 | {(p - 1) % half + 1} | {'case' if p <= half else 'control'} | {INDEX:%Y-%m-%d} | 1.0"
        for p in range(1, PEOPLE + 1)
    ]
    content["cohort"] = "\n".join([head, *lines])
    assert findings(release(tmp_path, content)) == ["file_order"]


def test_of_few_people_nothing_is_told(tmp_path: Path) -> None:
    folder = built(tmp_path, prediction=Prediction("deterioration"))[0]
    assert json.loads((folder / "docs/leakage.json").read_bytes())["screened"] is False
    assert pl.read_parquet(folder / "features/baseline.parquet").columns == ["subject_id", "is_case", "prediction_time"]


def test_the_area_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(3)
    for _ in range(20):
        score, case = random.integers(0, 9, 80).astype(float), random.random(80) < 0.4
        area, low, high = auroc(score, case)
        assert area == pytest.approx(roc_auc_score(case, score))
        assert low <= area <= high


def test_features_hold_counts_and_last_values_from_before_the_prediction_time(tmp_path: Path) -> None:
    later = [(p, 3027018, INDEX + timedelta(hours=1), 999.0) for p in range(1, PEOPLE + 1)]
    earlier = [(p, 3027018, INDEX - timedelta(days=2), 10.0) for p in range(1, 31)]
    folder = release(tmp_path, rows([*later, *earlier]))
    table = pl.read_parquet(folder / "features/baseline.parquet")
    assert table.height == PEOPLE
    assert table["is_case"].sum() == PEOPLE / 2
    first = table.row(0, named=True)
    assert first["prediction_time"] == INDEX - timedelta(seconds=1)
    assert (first["measurement/rows"], first["measurement/3027018/count"], first["measurement/3027018/last"]) == (
        2,
        2,
        81.0,
    )
    assert table["measurement/3027018/last"].max() < 100
    told = (folder / "docs/features.csv").read_text(encoding="utf-8").splitlines()
    assert told[0] == "column,table,concept_id,concept_name,kind,people"
    assert "measurement/3027018/last,measurement,3027018,Heart rate,last,120" in told
    assert open_dataset(folder).features().collect().height == PEOPLE


def test_the_grid_has_values_masks_and_deltas_as_gru_d_defines_them(tmp_path: Path) -> None:
    at = [INDEX - timedelta(hours=h) for h in (20.5, 19.5, 5.5, 5.2)]
    extra = [(p, 3004249, moment, float(n)) for p in range(1, 61) for n, moment in enumerate(at)]
    folder = release(tmp_path, rows(extra))
    grid = pl.read_parquet(folder / "features/hourly.parquet")
    assert grid.height == PEOPLE * 48
    one = grid.filter(pl.col("subject_id") == 1)
    assert one["hour"].to_list() == list(range(-48, 0))
    values = dict(zip(one["hour"], one["3004249"], strict=True))
    assert {h: v for h, v in values.items() if v is not None} == {-21: 0.0, -20: 1.0, -6: 3.0}
    mask = one["3004249/mask"].to_list()
    expected, last = [], 0.0
    for place, hour in enumerate(
        range(-48, 0)
    ):  # Che et al.: 0 at first, 1 + the delta before unless that was measured
        last = 0.0 if hour == -48 else 1.0 + (0.0 if mask[place - 1] else last)
        expected.append(last)
    assert one["3004249/delta"].to_list() == expected
    assert [bool(m) for m in mask] == [v is not None for v in one["3004249"]]
    nobody = grid.filter(pl.col("subject_id") == 100)
    assert nobody["3004249"].null_count() == 48
    assert not math.isnan(nobody["3004249/delta"].sum())


def test_without_times_of_day_there_is_no_grid(tmp_path: Path) -> None:
    content = rows([])
    content["measurement"] = content["measurement"].replace("T12:00:00", "T00:00:00")
    folder = release(tmp_path, content)
    assert not (folder / "features/hourly.parquet").exists()
    assert (folder / "features/baseline.parquet").exists()


def test_a_release_that_predicts_nothing_has_none(tmp_path: Path) -> None:
    folder = built(tmp_path)[0]
    assert not (folder / "features").exists()
