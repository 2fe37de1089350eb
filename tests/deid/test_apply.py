"""From the hospital's rows to rows that may leave."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pytest

from cdm.engine import Limits
from cdm.errors import BadInput, GateRefused
from cdm.schema import VERSIONS, tables
from cdm.source import CdmVersion
from deid.apply import deidentify
from deid.keys import KeyStore
from deid.policy import HospitalPolicy, StudyPolicy, compose, programme
from tests.deid.extracts import (
    DEATHS,
    DRAW,
    MEASUREMENTS,
    PEOPLE,
    SEED,
    VISITS,
    by_person,
    column,
    empty_vocabulary,
    policy,
    run,
)
from tests.tables import table, write_parquet

ALL = {"person": PEOPLE, "visit_occurrence": VISITS, "measurement": MEASUREMENTS, "death": DEATHS}
# With everyone in one class nobody is left out, whatever k.
COARSE = {"quasi_identifiers": ()}


def test_the_cohort_has_the_people_under_new_numbers_with_moved_index_dates(tmp_path: Path) -> None:
    out, report = run(tmp_path, ALL)
    cohort, cross = out["cohort"], by_person(out)
    assert cohort.column_names == ["subject_id", "site_id", "set_id", "role", "index_date", "weight"]
    assert set(column(cohort, "subject_id")) == {row["subject_id"] for row in cross.values()}
    assert set(column(cohort, "site_id")) == {"seoul01"}
    assert sorted(column(cohort, "weight")) == [1.5, 1.5, 2.5, 2.5]  # type: ignore[type-var]
    moved = {row["subject_id"]: row["index_date"] for row in cohort.to_pylist()}
    assert moved[cross[11]["subject_id"]] == dt.date(2018, 3, 1) + dt.timedelta(days=cross[11]["offset_days"])  # type: ignore[arg-type]
    assert report.people.solution.suppressed == 0


def test_matched_sets_stay_together_under_numbers_counted_anew(tmp_path: Path) -> None:
    out, _ = run(tmp_path, ALL)
    cross = by_person(out)
    number = {row["subject_id"]: row["set_id"] for row in out["cohort"].to_pylist()}
    of = {person: number[row["subject_id"]] for person, row in cross.items()}
    assert of[11] == of[12] != of[13] == of[14]
    assert set(of.values()) == {1, 2}


def test_a_person_has_one_number_and_one_offset_in_every_table(tmp_path: Path) -> None:
    out, _ = run(tmp_path, ALL)
    person = by_person(out)[11]
    visits = [r for r in out["visit_occurrence"].to_pylist() if r["person_id"] == person["subject_id"]]
    (death,) = out["death"].to_pylist()
    shift = dt.timedelta(days=person["offset_days"])  # type: ignore[arg-type]
    assert sorted(r["visit_start_date"] for r in visits) == [
        d + shift for d in (dt.date(2018, 2, 1), dt.date(2018, 2, 20))
    ]
    assert (
        sorted(r["visit_start_datetime"] for r in visits)[0] == dt.datetime.fromisoformat("2018-02-01T10:30:59") + shift
    )
    assert death["person_id"] == person["subject_id"]
    assert death["death_date"] == dt.date(2018, 3, 11) + shift


def test_references_follow_their_rows_and_those_to_rows_that_stay_behind_become_null(tmp_path: Path) -> None:
    out, report = run(tmp_path, ALL)
    visits = {r["visit_start_date"]: r for r in out["visit_occurrence"].to_pylist()}
    first, second = sorted(
        r["visit_occurrence_id"] for r in visits.values() if r["person_id"] == by_person(out)[11]["subject_id"]
    )
    later = next(r for r in visits.values() if r["preceding_visit_occurrence_id"] is not None)
    assert {later["visit_occurrence_id"], later["preceding_visit_occurrence_id"]} == {first, second}
    pointed = {r["value_as_number"]: r["visit_occurrence_id"] for r in out["measurement"].to_pylist()}
    keys = {r["visit_occurrence_id"] for r in visits.values()}
    assert pointed[12.5] in keys
    assert pointed[11.5] in keys
    assert pointed[10.5] is None
    unresolved = {part.name: part.unresolved for part in report.tables}
    assert unresolved["measurement"] == {"visit_occurrence_id": 1}
    assert unresolved["visit_occurrence"] == {"preceding_visit_occurrence_id": 1}


def test_rows_of_people_who_were_not_drawn_do_not_leave(tmp_path: Path) -> None:
    out, report = run(tmp_path, ALL)
    assert out["visit_occurrence"].num_rows == 3
    (visits,) = [part for part in report.tables if part.name == "visit_occurrence"]
    assert (visits.extracted, visits.released) == (4, 3)


def test_dropped_columns_are_not_in_the_file_and_constants_replace_what_singles_out(tmp_path: Path) -> None:
    out, _ = run(tmp_path, ALL)
    assert out["person"].column_names == [
        "person_id",
        "gender_concept_id",
        "year_of_birth",
        "race_concept_id",
        "location_id",
    ]
    assert set(column(out["person"], "race_concept_id")) == {0}
    assert "visit_source_value" not in out["visit_occurrence"].column_names


def test_a_table_that_never_leaves_is_not_written(tmp_path: Path) -> None:
    notes = "note_id | person_id | note_date | note_text\n 1 | 11 | 2018-02-01 | Kim has a cough"
    out, _ = run(tmp_path, {**ALL, "note": notes})
    assert "note" not in out


def test_rows_are_sorted_by_pseudonym_date_and_key_and_so_not_by_the_source(tmp_path: Path) -> None:
    out, _ = run(tmp_path, ALL)
    rows = [
        (r["person_id"], r["visit_start_date"], r["visit_occurrence_id"]) for r in out["visit_occurrence"].to_pylist()
    ]
    assert rows == sorted(rows)


def test_the_crosswalk_holds_everybody_drawn_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    out, _ = run(tmp_path, ALL)
    assert out["crosswalk"].schema == pa.schema(
        [
            ("person_id", pa.int64()),
            ("subject_id", pa.int64()),
            ("offset_days", pa.int32()),
            ("kept", pa.bool_()),
        ]
    )
    assert column(out["crosswalk"], "person_id") == [11, 12, 13, 14]
    files = [*(tmp_path / "private").iterdir(), *(tmp_path / "out").glob("*.parquet")]
    assert {path.stat().st_mode & 0o077 for path in files} == {0}


def test_someone_who_looks_like_nobody_is_left_out_with_the_whole_set_if_a_case(tmp_path: Path) -> None:
    people = PEOPLE.replace("8532 |          1974", "8507 |          1953")
    out, report = run(tmp_path, {**ALL, "person": people}, given=policy(birth_year_band=20))
    kept = {person: row["kept"] for person, row in by_person(out).items()}
    told = {q: report.people.level(q) for q in report.people.quasi}  # type: ignore[arg-type]
    if told["sex"] == 0:
        assert kept == {11: True, 12: True, 13: False, 14: False}
        assert out["cohort"].num_rows == out["person"].num_rows == 2
        assert not out["measurement"].filter(pa.compute.equal(out["measurement"]["value_as_number"], 10.5)).num_rows
    else:
        assert all(kept.values())


def test_a_k_that_only_leaving_out_too_many_could_reach_is_refused(tmp_path: Path) -> None:
    given = policy(k=5, suppression_limit=0.05)
    with pytest.raises(GateRefused, match="k = 5 cannot be reached") as caught:
        run(tmp_path, ALL, given=given)
    assert not any(str(person) in str(caught.value) for person in (11, 12, 13, 14))


def test_coarser_birth_years_are_preferred_to_leaving_people_out(tmp_path: Path) -> None:
    people = PEOPLE.replace("1951", "1958")
    out, report = run(tmp_path, {**ALL, "person": people}, given=policy(suppression_limit=0.0))
    assert report.people.solution.suppressed == 0
    assert report.people.band == 10
    years = {(r["gender_concept_id"], r["year_of_birth"]) for r in out["person"].to_pylist()}
    assert years == {(8507, 1955), (8532, 1975)}


def test_of_an_address_only_the_region_is_left_and_households_are_not_seen(tmp_path: Path) -> None:
    places = pa.table(
        {
            "location_id": [1, 2, 3],
            "address_1": ["Jongno 1", "Jongno 2", "Haeundae 3"],
            "state": pa.array(["11", "11 ", "QQ"]),
        }
    )
    people = table(PEOPLE)
    out, _ = run(tmp_path, {"person": people, "location": places}, given=policy(**COARSE))
    assert out["location"].column_names == ["location_id", "state"]
    assert sorted(out["location"].column("state").to_pylist(), key=str) == ["11", None]
    region = {r["location_id"]: r["state"] for r in out["location"].to_pylist()}
    cross = by_person(out)
    told = {r["person_id"]: region[r["location_id"]] for r in out["person"].to_pylist()}
    assert [told[cross[p]["subject_id"]] for p in (11, 12, 13, 14)] == ["11", "11", "11", None]


def test_a_region_that_would_single_out_is_told_of_nobody(tmp_path: Path) -> None:
    places = pa.table({"location_id": [1, 2, 3], "state": ["11", "26", "27"]})
    out, report = run(tmp_path, {"person": PEOPLE, "location": places}, given=policy(suppression_limit=0.0))
    assert report.people.level("region") == 1
    assert out["location"].num_rows == 0
    assert set(column(out["person"], "location_id")) == {None}


def test_places_that_no_released_row_points_at_do_not_leave(tmp_path: Path) -> None:
    visits = table(VISITS).append_column("care_site_id", pa.array([7, 7, 8, 9]))
    sites = "care_site_id | care_site_name | place_of_service_concept_id\n 7 | East | 8717\n 8 | West | 8717\n 9 | North | 8717"
    out, _ = run(tmp_path, {**ALL, "visit_occurrence": visits, "care_site": sites})
    assert out["care_site"].num_rows == 2
    assert set(column(out["care_site"], "care_site_id")) == set(column(out["visit_occurrence"], "care_site_id"))


def test_the_hospital_is_told_by_its_alias_only(tmp_path: Path) -> None:
    source = pa.table(
        {
            "cdm_source_name": ["Great Hospital"],
            "cdm_holder": ["Great Hospital"],
            "source_release_date": pa.array([dt.date(2024, 5, 17)]),
            "cdm_version": ["v5.4 of ours"],
            "vocabulary_version": ["ours"],
        }
    )
    out, _ = run(tmp_path, {**ALL, "cdm_source": source})
    assert out["cdm_source"].to_pylist() == [
        {
            "cdm_source_name": "seoul01",
            "cdm_holder": "seoul01",
            "source_release_date": dt.date(2024, 1, 1),
            "cdm_version": "v5.4",
        }
    ]


def test_outside_times_of_day_do_not_leave(tmp_path: Path) -> None:
    given = policy(StudyPolicy(tier="outside"))
    out, _ = run(tmp_path, ALL, given=given)
    times = [t for t in column(out["visit_occurrence"], "visit_start_datetime") if t is not None]
    assert {t.time() for t in times} == {dt.time(0)}  # type: ignore[attr-defined]


@pytest.mark.parametrize("version", VERSIONS)
def test_columns_json_tells_the_action_for_every_column_of_the_version(tmp_path: Path, version: CdmVersion) -> None:
    run(tmp_path, {"person": PEOPLE}, version=version)
    record = json.loads((tmp_path / "out/columns.json").read_text())
    expected = [(t.name, c) for t in tables(version).values() for c in t.names]
    assert [(entry["table"], entry["column"]) for entry in record] == expected
    assert all(set(entry) == {"table", "column", "action", "reason"} and entry["reason"] for entry in record)


def test_risk_json_tells_the_risk_before_and_after(tmp_path: Path) -> None:
    run(tmp_path, ALL)
    risk = json.loads((tmp_path / "out/risk.json").read_text())
    assert risk["before"]["uniques"] == 4
    assert risk["after"]["uniques"] == 0
    assert risk["k_reached"] == 2
    assert risk["people"] == {"drawn": 4, "released": 4, "suppressed": 0}
    assert [q["name"] for q in risk["quasi_identifiers"]] == ["sex", "birth_year"]


def test_two_grants_share_no_number(tmp_path: Path) -> None:
    one, _ = run(_fresh(tmp_path / "1"), ALL, grant="a")
    other, _ = run(_fresh(tmp_path / "2"), ALL, grant="b")
    for name, key in (
        ("cohort", "subject_id"),
        ("visit_occurrence", "visit_occurrence_id"),
        ("measurement", "measurement_id"),
    ):
        assert not set(column(one[name], key)) & set(column(other[name], key))
    assert column(one["crosswalk"], "offset_days") != column(other["crosswalk"], "offset_days")


def test_the_same_input_and_keys_give_the_same_bytes_on_one_thread_and_on_four(tmp_path: Path) -> None:
    rows = 30_000
    many = pa.table(
        {
            "measurement_id": list(range(rows)),
            "person_id": [11 + i % 4 for i in range(rows)],
            "measurement_date": [dt.date(2018, 1, 1) + dt.timedelta(days=i % 50) for i in range(rows)],
            "value_as_number": [float(i % 7) for i in range(rows)],
        }
    )
    raw = write_parquet(tmp_path / "raw", {**ALL, "measurement": many})
    write_parquet(tmp_path, {"draw": DRAW})
    digests = []
    for threads in (1, 4):
        out = tmp_path / f"out{threads}"
        out.mkdir()
        keys = KeyStore(tmp_path / f"keys{threads}", seed=SEED).grant("g")
        deidentify(
            raw,
            tmp_path / "draw.parquet",
            policy(),
            keys,
            "s",
            "5.4",
            out,
            out,
            empty_vocabulary(tmp_path),
            Limits(threads=threads),
        )
        digests.append({p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in out.iterdir()})
    assert digests[0] == digests[1]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"person": PEOPLE.replace("month_of_birth", "nickname")}, "person.nickname is no column of CDM 5.4"),
        ({"patients": PEOPLE}, "patients.parquet is no table of CDM 5.4"),
        (
            {"visit_occurrence": VISITS.replace("| person_id |", "| provider_id |")},
            "visit_occurrence lacks person_id",
        ),
        ({"person": pa.table({"person_id": ["11"]})}, "person.person_id has type VARCHAR"),
        ({}, "no extracted table"),
    ],
)
def test_what_no_rule_covers_stops_the_build_by_name(tmp_path: Path, content: dict[str, str], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        run(tmp_path, content)


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        ("person_id | role\n 11 | case", "index_date"),
        (DRAW.splitlines()[1] + "\n", "nobody was drawn"),
        (DRAW.replace("2018-03-01", "-"), "lacks person_id, role or index_date"),
    ],
)
def test_a_draw_that_is_none_is_refused(tmp_path: Path, draw: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        run(tmp_path, ALL, draw=draw)


def test_a_hospital_that_asks_for_a_larger_k_gets_it(tmp_path: Path) -> None:
    stricter = compose(programme(), HospitalPolicy.model_validate({"settings": {"k": 7}}))
    assert stricter.settings.k == 7
    with pytest.raises(GateRefused, match="k = 7"):
        run(tmp_path, ALL, given=stricter)


def _fresh(folder: Path) -> Path:
    folder.mkdir()
    return folder


PERIODS = """
observation_period_id | person_id | observation_period_start_date | observation_period_end_date
                    1 |        11 | 2010-01-01                    | 2024-12-31
                    2 |        12 | 2011-02-01                    | 2024-12-31
                    3 |        13 | 2012-03-01                    | 2024-12-31
                    4 |        14 | 2013-04-01                    | 2019-07-07
"""


def periods(out: dict[str, pa.Table]) -> dict[object, tuple[dt.date, dt.date]]:
    """Each person's released period, moved back by the person's offset."""
    people = {row["subject_id"]: row for row in by_person(out).values()}
    found = {}
    for row in out["observation_period"].to_pylist():
        person = people[row["person_id"]]
        back = dt.timedelta(days=int(str(person["offset_days"])))
        start, end = row["observation_period_start_date"], row["observation_period_end_date"]
        found[person["person_id"]] = (start - back, end - back)
    return found


def test_the_day_on_which_the_database_ends_is_told_of_nobody(tmp_path: Path) -> None:
    out, _ = run(tmp_path, {**ALL, "observation_period": PERIODS})
    # Of 11 the death, of 12 and 13 the index date is the last day that leaves; the end of 14 is 14's own.
    assert periods(out) == {
        11: (dt.date(2010, 1, 1), dt.date(2018, 3, 11)),
        12: (dt.date(2011, 2, 1), dt.date(2018, 3, 5)),
        13: (dt.date(2012, 3, 1), dt.date(2019, 6, 1)),
        14: (dt.date(2013, 4, 1), dt.date(2019, 7, 7)),
    }


def test_a_period_of_shared_days_alone_becomes_the_span_of_the_persons_own_days(tmp_path: Path) -> None:
    shared = (
        PERIODS.replace("2011-02-01", "2010-01-01")
        .replace("2013-04-01", "2019-08-01")
        .replace("2019-07-07", "2024-12-31")
    )
    out, _ = run(tmp_path, {**ALL, "observation_period": shared})
    found = periods(out)
    assert found[12] == (dt.date(2018, 1, 3), dt.date(2018, 3, 5))
    # 14's period begins after all of 14's own days: it shrinks to its start.
    assert found[14] == (dt.date(2019, 8, 1), dt.date(2019, 8, 1))


def test_what_share_of_people_has_a_columns_commonest_day_is_told(tmp_path: Path) -> None:
    run(tmp_path, {**ALL, "observation_period": PERIODS.replace("2019-07-07", "2024-12-31")})
    shared = json.loads((tmp_path / "out/risk.json").read_text())["dates"]["shared_days"]
    found = {day["column"]: day["share"] for day in shared}
    assert found["death_date"] == 1.0
    assert found["observation_period_end_date"] == 0.0
    assert found["observation_period_start_date"] == 0.25


@pytest.mark.parametrize("name", ["raw/measurement.parquet", "draw.parquet"])
def test_a_file_that_was_cut_off_is_named(tmp_path: Path, name: str) -> None:
    raw = write_parquet(tmp_path / "raw", ALL)
    write_parquet(tmp_path, {"draw": DRAW})
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:-20])
    keys = KeyStore(tmp_path / "keys", seed=SEED).grant("g")
    with pytest.raises(BadInput, match=f"{path.name} cannot be read"):
        deidentify(
            raw, tmp_path / "draw.parquet", policy(), keys, "s", "5.4", tmp_path, tmp_path, empty_vocabulary(tmp_path)
        )


@pytest.mark.parametrize("rule", ["drop not-asked-for", {"action": "replace", "value": 0}])
def test_a_study_can_do_without_sex_which_is_then_no_quasi_identifier(tmp_path: Path, rule: object) -> None:
    study = StudyPolicy.model_validate({"tables": {"person": {"gender_concept_id": rule}}})
    out, report = run(tmp_path, ALL, given=policy(study))
    assert set(report.people.quasi) == {"birth_year"}
    told = out["person"].to_pylist()
    assert {row.get("gender_concept_id") for row in told} <= {None, 0}
