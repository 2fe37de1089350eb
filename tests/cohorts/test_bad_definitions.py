"""What can be wrong with a definition, and the one sentence that says so with file and JSON path."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from cdm.errors import BadInput, DefinitionRefused
from cohorts.expression import parse, read
from cohorts.expression.text import MAX_BYTES
from cohorts.plan.build import build
from tests.cohorts.small import concept_set, condition, definition, drug, group, occurs

GOOD = definition(
    condition(Age={"Value": 18, "Op": "gte"}, OccurrenceStartDate={"Value": "2010-01-01", "Op": "gt"}),
    rules=[group(occurs(condition(2)))],
    AdditionalCriteria=group(occurs(drug())),
)
FIRST = "$.PrimaryCriteria.CriteriaList[0].ConditionOccurrence"
RULE = "$.InclusionRules[0].expression"
ITEM = "$.ConceptSets[0].expression.items[0]"
GONE = object()


def with_(path: str, value: object) -> str:
    """GOOD as a text, with another value at a path such as $.ConceptSets[0].id (GONE: without it)."""
    given: Any = deepcopy(GOOD)
    steps = [int(step) if step.isdigit() else step for step in path.replace("[", ".").replace("]", "").split(".")[1:]]
    here = given
    for step in steps[:-1]:
        here = here[step]
    if value is GONE:
        del here[steps[-1]]
    else:
        here[steps[-1]] = value
    return json.dumps(given)


def text(given: object) -> str:
    return json.dumps(given)


def numbered(number: str) -> str:
    return text(GOOD).replace('"Value": 18', f'"Value": {number}')


LONG = "has 60,000 keys; no part of a cohort definition has more than 200"
CASES: dict[str, tuple[str | bytes | Callable[[], str | bytes], str]] = {
    # --- the text
    "an empty file": ("", "is empty; export the definition again"),
    "blanks": ("  \n\t ", "is empty"),
    "a text that ends early": (text(GOOD)[:-9], "is not JSON (Unterminated string"),
    "two documents": ("{} {}", ":1:4: is not JSON (Extra data)"),
    "a trailing comma": ('{"a": 1,}', "is not JSON"),
    "not UTF-8": (b'{"Title": "\xe9"}', "is not UTF-8 text (byte 11); save it as UTF-8"),
    "UTF-16": (text(GOOD).encode("utf-16"), "is not UTF-8 text (byte 0)"),
    "bytes of something else": (bytes(range(256)) * 9, "is not UTF-8 text"),
    "a NUL byte": (b'{"a"\x00: 1}', "is not JSON"),
    "NaN": ('{"a": NaN}', "holds NaN, which is no number of JSON"),
    "infinity": ('{"a": [-Infinity]}', "holds -Infinity"),
    "a number of 5,000 digits": (numbered("1" * 5000), "holds a number of too many digits"),
    "100,000 open brackets": ("[" * 100_000, "is nested too deeply"),
    "100,000 open objects": ('{"a":' * 100_000, "is nested too deeply"),
    "62 levels": ('{"a":' * 62 + "1" + "}" * 62, "$ is nested more than 60 levels deep; simplify its groups"),
    "more than can be read": (lambda: b" " * (MAX_BYTES + 1), "has more than 64 MB"),
    "two million lists": (lambda: "[" + "[]," * 2_000_000 + "[]]", "$ has more than 1,500,000 parts"),
    # --- keys
    "a key given twice": ('{"Title": "a", "Title": "b"}', '$ has the key "Title" more than once; keep one'),
    "a key given twice deep inside": (
        text(GOOD).replace('"CodesetId": 2', '"CodesetId": 2, "CodesetId": 1', 1),
        f'{RULE}.CriteriaList[0].Criteria.ConditionOccurrence has the key "CodesetId" more than once',
    ),
    "an unknown key": (with_(f"{FIRST}.Agee", 1), f"{FIRST}.Agee is no part of a cohort definition"),
    "an unknown key at the root": (with_("$.Foo", 1), "$.Foo is no part of a cohort definition"),
    "a key of control characters": (
        with_("$.\x1b2J", 1), '$["\\u001b2J"] holds the character U+001B, which cannot be shown; remove it',
    ),
    "a key of 100,000 characters": (with_("$." + "k" * 100_000, 1), f'$["{"k" * 60}..."] is no part of a cohort'),
    "60,000 keys": (lambda: text({f"k{n}": n for n in range(60_000)}), f"$ {LONG}"),
    # --- types
    "a list as the whole": ("[]", "$ has to be an object {...}"),
    "a number as the whole": ("7", "$ has to be an object {...}"),
    "null as the whole": ("null", "$ has to be an object {...}"),
    "another document": ('{"items": []}', "$.PrimaryCriteria is missing"),
    "no primary criteria": (with_("$.PrimaryCriteria", GONE), "$.PrimaryCriteria is missing"),
    "a list where an object belongs": (with_("$.PrimaryCriteria", []), "$.PrimaryCriteria has to be an object {...}"),
    "an object where a list belongs": (
        with_("$.PrimaryCriteria.CriteriaList", {}), "$.PrimaryCriteria.CriteriaList has to be a list [...]",
    ),
    "a text where an object belongs": (with_(f"{FIRST}.Age", "old"), f"{FIRST}.Age has to be an object {{...}}"),
    "a text where a number belongs": (with_(f"{FIRST}.Age.Value", "old"), f"{FIRST}.Age.Value is not what it has to be"),
    "an object where a text belongs": (with_("$.ConceptSets[0].name", {}), "$.ConceptSets[0].name is not what"),
    "an unknown comparison": (with_(f"{FIRST}.Age.Op", "about"), f"{FIRST}.Age.Op is not what it has to be"),
    "no primary criterion": (with_("$.PrimaryCriteria.CriteriaList", []), "CriteriaList is empty; give at least one"),
    "a criterion without a kind": (
        with_("$.PrimaryCriteria.CriteriaList[0]", {}), "$.PrimaryCriteria.CriteriaList[0] must hold exactly one",
    ),
    "a criterion that is null": (
        with_("$.PrimaryCriteria.CriteriaList[0]", {"Death": None}), "CriteriaList[0] must hold exactly one criterion",
    ),
    "a wrapped expression that is null": ('{"expression": null}', "$.expression has to be an object {...}"),
    "a wrapped expression that is no JSON": ('{"expression": "{"}', ": $.expression:1:2: is not JSON"),
    "a mistake in a wrapped text": (
        text({"expression": with_("$.Foo", 1)}), "$.expression.Foo is no part of a cohort definition",
    ),
    # --- numbers
    "an age of 1e308": (numbered("1e308"), f"{FIRST}.Age.Value is not what it has to be: input should be less than"),
    "an age of 1e999": (numbered("1e999"), f"{FIRST}.Age.Value is not what it has to be"),
    "an age of 10^30": (numbered("1" + "0" * 30), f"{FIRST}.Age.Value is not what it has to be"),
    "days that no calendar has": (
        with_("$.PrimaryCriteria.ObservationWindow.PriorDays", 10**7),
        "PriorDays is not what it has to be: input should be less than or equal to 1000000",
    ),
    "half a day": (
        with_("$.PrimaryCriteria.ObservationWindow.PriorDays", 0.5), "PriorDays is not what it has to be",
    ),
    "a concept id beyond 64 bits": (with_(f"{ITEM}.concept.CONCEPT_ID", 2**63), f"{ITEM}.concept.CONCEPT_ID is not"),
    "a concept without an id": (with_(f"{ITEM}.concept", {}), f"{ITEM}.concept.CONCEPT_ID is missing"),
    "an occurrence type that there is not": (
        with_(f"{RULE}.CriteriaList[0].Occurrence.Type", 3), f"{RULE}.CriteriaList[0].Occurrence.Type is not",
    ),
    "a count beyond 32 bits": (
        with_(f"{RULE}.CriteriaList[0].Occurrence.Count", 2**31), "Occurrence.Count is not what it has to be",
    ),
    # --- dates
    "the date 0000-00-00": (
        with_(f"{FIRST}.OccurrenceStartDate.Value", "0000-00-00"),
        f"{FIRST}.OccurrenceStartDate.Value is no date of the form YYYY-MM-DD",
    ),
    "the year 99999": (with_(f"{FIRST}.OccurrenceStartDate.Value", "99999-01-01"), "Value is no date of the form"),
    "the 30th of February": (with_(f"{FIRST}.OccurrenceStartDate.Value", "2010-02-30"), "Value is no date of the"),
    "a date in other digits": (with_(f"{FIRST}.OccurrenceStartDate.Value", "２０１０-01-01"), "Value is no date of"),
    "a date with half a month": (with_(f"{FIRST}.OccurrenceStartDate.Value", "2010-1_0-01"), "Value is no date of"),
    "a date of a million digits": (
        with_(f"{FIRST}.OccurrenceStartDate.Value", "1" * 90_000 + "-01-01"), "Value is no date of the form",
    ),
    "between without a second date": (
        with_(f"{FIRST}.OccurrenceStartDate.Op", "bt"), "OccurrenceStartDate 'between' needs both a Value and an Extent",
    ),
    # --- texts
    "a control character in a name": (
        with_("$.ConceptSets[0].name", "safe\x1b[31m"),
        "$.ConceptSets[0].name holds the character U+001B, which cannot be shown; remove it",
    ),
    "a NUL in a rule's name": (with_("$.InclusionRules[0].name", "a\x00b"), "$.InclusionRules[0].name holds the"),
    "a name that is shown backwards": (with_("$.Title", "\u202egnidaer"), "$.Title holds the character U+202E"),
    "half of a pair of characters": ('{"Title": "\\ud800"}', "$.Title holds the character U+D800"),
    "a control character in a wrapped text": (
        text({"expression": with_("$.Title", "\x07")}), "$.expression.Title holds the character U+0007",
    ),
    "a title of five million characters": (
        lambda: with_("$.Title", "x" * 5_000_000), "$.Title is a text of 5,000,000 characters; at most 100,000 are accepted",
    ),
    # --- references
    "a set that is not there": (
        with_(f"{FIRST}.CodesetId", 9),
        f"{FIRST}.CodesetId refers to concept set 9, which the definition does not have (it has 1, 2, 3)",
    ),
    "no sets at all": (with_("$.ConceptSets", GONE), "refers to concept set 1, which the definition does not have (it has"),
    "a selection's set that is not there": (
        with_(f"{FIRST}.GenderCS", {"CodesetId": 8}), f"{FIRST}.GenderCS.CodesetId refers to concept set 8",
    ),
    "an exit's set that is not there": (
        with_("$.EndStrategy", {"CustomEra": {"DrugCodesetId": 7}}), "$.EndStrategy.CustomEra.DrugCodesetId refers to",
    ),
    "two sets of one number": (
        with_("$.ConceptSets[1]", concept_set(1, 11)), "$.ConceptSets[1].id 1 is used by two concept sets",
    ),
    "a set that refers to a set": (
        with_(ITEM, {"conceptSet": 2}), f"{ITEM}.concept is missing",
    ),
    # --- size
    "6,000 criteria": (
        lambda: with_("$.PrimaryCriteria.CriteriaList", [{"Death": {}}] * 6_000),
        "$ has 6,002 criteria; at most 5,000 are accepted: put concepts that are asked for alike into one concept set",
    ),
    "6,000 groups": (
        lambda: with_(f"{RULE}.Groups", [group()] * 6_000), f"{RULE}.Groups has more than 5,000 entries, the most that",
    ),
    "3,000 groups twice": (
        lambda: with_(f"{RULE}.Groups", [group(groups=(group(),) * 3_000), group(groups=(group(),) * 3_000)]),
        "$ has 6,007 criteria and groups; at most 5,000 are accepted",
    ),
    "6,000 concept sets": (lambda: with_("$.ConceptSets", [concept_set(n) for n in range(6_000)]), "ConceptSets has more than"),
    "63 inclusion rules": (
        with_("$.InclusionRules", [{"expression": group()}] * 63), "$.InclusionRules has more than 62 entries",
    ),
    "200,000 wrong concepts": (
        lambda: with_("$.ConceptSets[0].expression.items", [{}] * 200_000), f"{ITEM}.concept is missing",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CASES)
def test_what_is_wrong_is_said_at_once_in_one_sentence_with_its_place(tmp_path: Path, what: str) -> None:
    given, said = CASES[what]
    file = tmp_path / "a.json"
    content = given() if callable(given) else given
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    began = time.process_time()
    with pytest.raises(BadInput) as caught:
        read(file)
    assert time.process_time() - began < 5
    message = str(caught.value)
    assert message.startswith(f"{file}:")
    assert said in message
    assert "\n" not in message
    assert message.isprintable()
    assert len(message) < len(str(file)) + 260


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (definition({"LocationRegion": {}}), "$.PrimaryCriteria.CriteriaList[0]: the criterion LocationRegion cannot"),
        (
            definition(condition(), rules=[group(occurs(drug(EffectiveDrugDose={"Value": 1, "Op": "gt"})))]),
            "$.InclusionRules[0].expression.CriteriaList[0].Criteria: DrugExposure.EffectiveDrugDose cannot be answered",
        ),
        (
            definition(condition(CorrelatedCriteria=group(occurs(condition(), distinct="GAP_DAYS")))),
            f"{FIRST}.CorrelatedCriteria.CriteriaList[0].Criteria: ConditionOccurrence cannot be counted by distinct",
        ),
    ],
)
def test_what_no_cdm_can_answer_is_told_with_its_place(given: dict[str, Any], said: str) -> None:
    with pytest.raises(DefinitionRefused) as caught:
        build({"x": parse(json.dumps(given), "x")})
    assert str(caught.value).startswith(f"definition x: {said}")


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    link, loop, pipe = tmp_path / "link.json", tmp_path / "loop.json", tmp_path / "pipe.json"
    link.symlink_to(tmp_path / "nowhere.json")
    loop.symlink_to(loop)
    os.mkfifo(pipe)
    for file, said in (
        (tmp_path, "is a folder; give the JSON file of a cohort definition"),
        (tmp_path / "nowhere.json", "cannot be read (No such file or directory); give the JSON file"),
        (link, "cannot be read (No such file or directory)"),
        (loop, "cannot be read (Too many levels of symbolic links)"),
        (pipe, "is no regular file"),
        (Path("/dev/zero"), "is no regular file"),
        (tmp_path / "a.json" / "b.json", "cannot be read (No"),
    ):
        with pytest.raises(BadInput) as caught:
            read(file)
        assert str(caught.value).startswith(f"{file}: {said}")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_one_may_not_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "a.json").chmod(0)
    with pytest.raises(BadInput, match=r"a.json: cannot be read \(Permission denied\)"):
        read(tmp_path / "a.json")


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("\ufeff" + text(GOOD), id="a byte order mark"),
        pytest.param(with_("$.InclusionRules[0].name", "two\nlines\tof 한국어 and 😀"), id="lines, Korean, emoji"),
        pytest.param(with_("$.ConceptSets[0].expression.items", []), id="a set without items"),
        pytest.param(with_(f"{FIRST}.Age.Value", -1), id="a negative age"),
        pytest.param(with_(f"{RULE}.CriteriaList[0].Occurrence.Count", -1), id="a negative count"),
        pytest.param(with_("$.ConceptSets[0].name", "back\\u001bslash"), id="a backslash, no escape"),
        pytest.param(with_("$.PrimaryCriteria.ObservationWindow.PriorDays", -1_000_000), id="days before the calendar"),
    ],
)
def test_what_is_odd_but_has_a_meaning_is_read(tmp_path: Path, given: str) -> None:
    (tmp_path / "a.json").write_text(given, encoding="utf-8")
    assert read(tmp_path / "a.json").primary_criteria


def as_atlas_writes(number: int) -> dict[str, Any]:
    concept = {
        "CONCEPT_CLASS_ID": "Clinical Finding", "CONCEPT_CODE": str(number), "CONCEPT_ID": number, "DOMAIN_ID": "Condition",
        "CONCEPT_NAME": f"A finding of some length, number {number}", "INVALID_REASON": "V", "VOCABULARY_ID": "SNOMED",
        "INVALID_REASON_CAPTION": "Valid", "STANDARD_CONCEPT": "S", "STANDARD_CONCEPT_CAPTION": "Standard",
    }  # fmt: skip
    return {"concept": concept, "isExcluded": False, "includeDescendants": True, "includeMapped": False}


def test_sixty_thousand_concepts_are_read_in_seconds(tmp_path: Path) -> None:
    items = [as_atlas_writes(number) for number in range(60_000)]
    given = definition(condition(), ConceptSets=[{"id": 1, "name": "many", "expression": {"items": items}}])
    (tmp_path / "a.json").write_text(json.dumps(given, indent=2), encoding="utf-8")
    assert (tmp_path / "a.json").stat().st_size > 30_000_000
    began = time.process_time()
    plan = build({"1": read(tmp_path / "a.json")})
    assert len(plan.sets[0]) == 60_000
    assert time.process_time() - began < 20
