"""Thresholds (defaults < site < study) and waivers: what is read, what is refused in which words."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cdm.errors import BadInput
from quality.baseline.declared import catalogue
from quality.baseline.settings import read_thresholds, read_waivers, tolerating

KNOWN = catalogue("5.4")


def _file(folder: Path, text: str, name: str = "settings.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _threshold(path: Path, *more: Path, field: str = "visit_concept_id") -> float:
    entries = [entry for one in (path, *more) for entry in read_thresholds(one, KNOWN)]
    (check,) = [
        check
        for check in tolerating(KNOWN, entries)
        if check.key == ("standardConceptRecordCompleteness", "visit_occurrence", field, "")
    ]
    return check.threshold


def test_the_study_s_threshold_counts_over_the_site_s_and_the_site_s_over_the_default(tmp_path: Path) -> None:
    site = _file(
        tmp_path,
        "thresholds: [{check: standardConceptRecordCompleteness, table: visit_occurrence, threshold: 20}]",
        "site.yaml",
    )
    study = _file(
        tmp_path,
        "thresholds: [{check: standardConceptRecordCompleteness, table: visit_occurrence, field: visit_concept_id, threshold: 1}]",
        "study.yaml",
    )
    assert _threshold(_file(tmp_path, "thresholds: []")) == 0
    assert _threshold(site) == 20
    assert _threshold(site, study) == 1
    assert _threshold(site, study, field="admitted_from_concept_id") == 20


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("limits: []", "expected one key, thresholds, that holds a list"),
        ("thresholds: [", "is not YAML"),
        (
            "thresholds: [{check: fkDomain, threshold: 101}]",
            r"thresholds\[0\].threshold: Input should be less than or equal",
        ),
        ("thresholds: [{check: fkDomain}]", r"thresholds\[0\].threshold: Field required"),
        ("thresholds: [{check: domain, threshold: 1}]", "there is no check domain; there are: cdmTable"),
        ("thresholds: [{check: fkDomain, table: visit, threshold: 1}]", "selects no check of this CDM version"),
    ],
)
def test_what_is_no_threshold_is_refused_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_thresholds(_file(tmp_path, text), KNOWN)


def test_a_waiver_has_a_name_a_reason_and_an_end(tmp_path: Path) -> None:
    text = "waivers: [{check: isRequired, table: death, name: data team, reason: known, expiry: 2026-12-31}]"
    (waiver,) = read_waivers(_file(tmp_path, text), KNOWN)
    assert (waiver.name, waiver.reason, waiver.expiry) == ("data team", "known", date(2026, 12, 31))
    with pytest.raises(BadInput, match=r"waivers\[0\].reason: Field required"):
        read_waivers(_file(tmp_path, text.replace(" reason: known,", "")), KNOWN)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nowhere\.yaml cannot be read"):
        read_waivers(tmp_path / "nowhere.yaml", KNOWN)
