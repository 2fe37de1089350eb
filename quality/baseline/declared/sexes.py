"""Conditions and procedures that only one sex has: families of concepts by their ancestors in the vocabulary."""

from __future__ import annotations

from collections.abc import Iterator

from cdm.source import CdmVersion
from quality.baseline.declared.check import Check
from quality.baseline.declared.sexed_concepts import (
    FEMALE_CONDITIONS,
    FEMALE_PROCEDURES,
    MALE_CONDITIONS,
    MALE_PROCEDURES,
)

SINGLE_THRESHOLD = 5.0
THRESHOLD = 2.0
MALE, FEMALE = 8507, 8532
CONDITION = ("condition_occurrence", "condition_concept_id")
PROCEDURE = ("procedure_occurrence", "procedure_concept_id")
FAMILIES: tuple[tuple[tuple[str, str], tuple[int, ...], int], ...] = (
    # Findings of the male genitalia, of male reproduction.
    (CONDITION, (4090861, 4025213), MALE),
    # Female genitalia, intrauterine devices, menopause, female genital system, adnexa, pregnancy, female reproduction.
    (CONDITION, (4095793, 443343, 4024004, 4172857, 444094, 197810, 4158481), FEMALE),
    # Procedures on the female genital system.
    (PROCEDURE, (4041261,), FEMALE),
    # Prostate, scrotum, penis, testis.
    (PROCEDURE, (4250917, 4077750, 4043199, 4040577), MALE),
)

SINGLE = (
    (CONDITION, MALE_CONDITIONS, MALE),
    (CONDITION, FEMALE_CONDITIONS, FEMALE),
    (PROCEDURE, MALE_PROCEDURES, MALE),
    (PROCEDURE, FEMALE_PROCEDURES, FEMALE),
)


def declared(version: CdmVersion) -> Iterator[Check]:
    """Yield the checks."""
    del version
    for (table, field), ancestors, sex in FAMILIES:
        concept = ", ".join(map(str, ancestors))
        yield Check("plausibleGenderUseDescendants", table, field, concept, THRESHOLD, (sex, *ancestors))
    for (table, field), concepts, sex in SINGLE:
        for single in concepts.split():
            yield Check("plausibleGender", table, field, single, SINGLE_THRESHOLD, (sex, int(single)))
