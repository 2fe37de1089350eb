"""The declarations: nothing twice, nothing that the CDM does not have, as many as the dashboard makes."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import pytest

from cdm.schema import tables
from cdm.source import CdmVersion
from quality.baseline.declared import TYPES, Check, catalogue, everything
from quality.baseline.declared.units import accepted

FIELDS_ASKED = frozenset(
    {"plausibleStartBeforeEnd", "sourceValueCompleteness", "standardConceptRecordCompleteness", "sourceConceptRecordCompleteness"}
)  # fmt: skip


@pytest.mark.parametrize("version", get_args(CdmVersion))
def test_each_check_is_there_once_and_about_what_the_cdm_has(version: CdmVersion) -> None:
    checks = everything(version)
    assert [key for key, n in Counter(check.key for check in checks).items() if n > 1] == []
    known = tables(version)
    for check in checks:
        assert check.type in TYPES
        assert 0 <= check.threshold <= 100
        assert check.field == "" or check.field in known[check.table].names
        if check.type in FIELDS_ASKED:
            assert set(check.asks) <= set(known[check.table].names)


def test_there_are_as_many_checks_as_the_dashboard_makes_of_the_tables_of_a_cdm() -> None:
    # 2,374 of 5.4 in version 2.8, of which 35 are about cohorts, which are kept elsewhere.
    assert len(catalogue("5.4")) == 2374 - 35
    assert Counter(check.type for check in catalogue("5.3"))["cdmTable"] == 23


def test_every_own_type_is_declared_and_none_of_them_is_the_dashboard_s() -> None:
    own = {name for name, kind in TYPES.items() if kind.own}
    assert {check.type for check in everything("5.4")} - {check.type for check in catalogue("5.4")} == own


@pytest.mark.parametrize(
    ("type_", "table", "field", "threshold", "asks"),
    [
        ("fkDomain", "drug_exposure", "route_concept_id", 0, ("Route",)),
        ("plausibleStartBeforeEnd", "observation_period", "observation_period_start_date", 0, ("observation_period_end_date",)),
        ("plausibleValueHigh", "drug_exposure", "days_supply", 1, (365,)),
        ("measurePersonCompleteness", "visit_occurrence", "", 95, ()),
        ("withinVisitDates", "visit_detail", "visit_detail_end_date", 1, ()),
    ],
)  # fmt: skip
def test_facts_of_the_published_tables(type_: str, table: str, field: str, threshold: float, asks: tuple) -> None:
    (check,) = [one for one in catalogue("5.4") if one.key == (type_, table, field, "")]
    assert check == Check(type_, table, field, "", threshold, asks)


def test_an_absent_source_concept_counts_as_unmapped_where_the_dashboard_counts_it() -> None:
    beside = {
        (check.table, check.field): check.asks
        for check in catalogue("5.4")
        if check.type == "sourceConceptRecordCompleteness"
    }
    assert beside["death", "cause_source_concept_id"] == ("cause_source_value",)
    assert beside["measurement", "unit_source_concept_id"] == ("unit_source_value",)
    assert beside["condition_occurrence", "condition_source_concept_id"] == ()


def test_haemoglobin_comes_in_grams_per_litre_or_decilitre() -> None:
    assert accepted()[3000963] == (8636, 8713)
