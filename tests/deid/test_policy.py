"""One rule for every column, and nobody may loosen it."""

from __future__ import annotations

import pytest

from cdm.errors import BadInput
from cdm.schema import VERSIONS, tables
from cdm.source import CdmVersion
from deid.policy import HospitalPolicy, Programme, Rule, StudyPolicy, compose, programme
from deid.policy.file import parse
from deid.policy.reference import page
from deid.policy.strictness import STRICTNESS, not_looser
from tests.deid.extracts import loose_programme

COLUMNS = [(v, t.name, c.name, c.family) for v in VERSIONS for t in tables(v).values() for c in t.columns]


def test_every_column_of_every_cdm_version_has_one_rule_that_says_why() -> None:
    given = programme()
    for _, table, column, _ in COLUMNS:
        assert table in given.tables, table
        rules = given.tables[table]
        rule = rules if isinstance(rules, Rule) else rules.get(column)
        assert rule is not None, f"{table}.{column}"
        assert set(given.reasons[rule.reason]) == {"en", "ko"}, f"{table}.{column}"


def test_the_programme_names_nothing_that_no_cdm_version_has() -> None:
    known = {(table, column) for _, table, column, _ in COLUMNS}
    for table, rules in programme().tables.items():
        columns = [] if isinstance(rules, Rule) else list(rules)
        assert all((table, column) in known for column in columns)


@pytest.mark.parametrize("version", VERSIONS)
def test_no_text_of_the_hospital_leaves_as_it_stands(version: CdmVersion) -> None:
    given = compose(programme())
    for table in tables(version).values():
        for column in table.columns:
            rule = given.rule(table.name, column.name)
            if column.name.endswith("_source_value"):
                assert rule.action in ("drop", "drop_table"), f"{table.name}.{column.name}"
            if column.family == "text":
                assert rule.action != "keep", f"{table.name}.{column.name}"


@pytest.mark.parametrize("version", VERSIONS)
def test_every_date_of_a_person_is_shifted_or_dropped(version: CdmVersion) -> None:
    given = compose(programme())
    for table in tables(version).values():
        for column in table.columns:
            if table.person_key and column.family in ("date", "datetime"):
                rule = given.rule(table.name, column.name)
                assert rule.action in ("shift", "drop", "drop_table") or rule.by == "own-days"


@pytest.mark.parametrize("version", VERSIONS)
def test_every_key_that_leaves_is_pseudonymised(version: CdmVersion) -> None:
    given = compose(programme())
    for table in tables(version).values():
        for column in table.columns:
            key = column.name == table.person_key or (column.name,) == table.primary_key
            if key and given.released(table.name):
                rule = given.rule(table.name, column.name)
                assert rule.action == "pseudonymise" or rule.by == "rows", f"{table.name}.{column.name}"


def test_what_has_no_rule_is_dropped() -> None:
    given = loose_programme()
    visits = given.tables["visit_occurrence"]
    assert isinstance(visits, dict)
    hole = {c: r for c, r in visits.items() if c != "visit_concept_id"}
    policy = compose(given.model_copy(update={"tables": {"visit_occurrence": hole}}))
    assert policy.rule("visit_occurrence", "visit_concept_id").action == "drop"
    assert policy.rule("person", "gender_concept_id").action == "drop_table"
    assert "No rule" in policy.sentence(policy.rule("person", "gender_concept_id"))


def test_a_stricter_study_wins_over_hospital_and_programme() -> None:
    study = StudyPolicy.model_validate(
        {
            "settings": {"k": 20, "datetime_precision": "day"},
            "tables": {
                "measurement": {"value_as_number": "drop not-asked-for"},
                "death": "drop_table not-asked-for",
            },
        }
    )
    policy = compose(programme(), HospitalPolicy.model_validate({"settings": {"k": 10}}), study)
    assert policy.settings.k == 20
    assert policy.settings.datetime_precision == "day"
    assert policy.rule("measurement", "value_as_number").action == "drop"
    assert not policy.released("death")
    assert policy.rule("measurement", "unit_concept_id").action == "keep"


@pytest.mark.parametrize(
    ("study", "where"),
    [
        ({"settings": {"k": 4}}, "settings.k"),
        ({"settings": {"suppression_limit": 0.5}}, "settings.suppression_limit"),
        ({"settings": {"quasi_identifiers": ["sex"]}}, "settings.quasi_identifiers"),
        ({"settings": {"birth_year_band": 1}}, "settings.birth_year_band"),
        ({"settings": {"top_age": 95}}, "settings.top_age"),
        ({"settings": {"shift_days": 30}}, "settings.shift_days"),
        ({"settings": {"keep_weekday": True}}, "settings.keep_weekday"),
        ({"tables": {"observation": {"value_as_string": "keep"}}}, "observation.value_as_string"),
        ({"tables": {"measurement": {"measurement_date": "keep"}}}, "measurement.measurement_date"),
        ({"tables": {"person": {"person_id": "keep"}}}, "person.person_id"),
        ({"tables": {"note": {"note_text": "keep"}}}, "note"),
        (
            {"tables": {"person": {"race_concept_id": {"action": "replace", "value": 8527}}}},
            "person.race_concept_id",
        ),
    ],
)
def test_a_looser_study_is_refused_by_a_sentence_that_names_the_place(study: dict[str, object], where: str) -> None:
    with pytest.raises(BadInput, match="study's policy") as caught:
        compose(programme(), None, StudyPolicy.model_validate(study))
    assert where in str(caught.value)


def test_a_hospital_may_not_loosen_either_and_the_study_is_measured_against_the_hospital() -> None:
    with pytest.raises(BadInput, match="hospital's policy: settings.k"):
        compose(programme(), HospitalPolicy.model_validate({"settings": {"k": 2}}))
    with pytest.raises(BadInput, match="study's policy: settings.k"):
        compose(
            programme(),
            HospitalPolicy.model_validate({"settings": {"k": 10}}),
            StudyPolicy.model_validate({"settings": {"k": 7}}),
        )


def test_the_tier_outside_is_stricter_and_a_hospital_may_refuse_it() -> None:
    outside = StudyPolicy(tier="outside")
    policy = compose(programme(), None, outside)
    assert policy.settings.datetime_precision == "day"
    assert policy.rule("visit_occurrence", "care_site_id").action == "drop"
    assert compose(programme()).settings.datetime_precision == "second"
    with pytest.raises(BadInput, match="tier 'outside'"):
        compose(programme(), HospitalPolicy(allowed_tiers=("open-room",)), outside)


def test_actions_are_ordered_by_how_much_they_protect() -> None:
    order = ["keep", "shift", "replace", "drop", "drop_table"]
    assert [STRICTNESS[action] for action in order] == sorted(STRICTNESS[action] for action in order)  # type: ignore[index]
    short, long = (Rule(action="generalise", by="allow-list", values=v) for v in (("a",), ("a", "b")))
    assert not_looser(short, long)
    assert not not_looser(long, short)


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ({"persons": "drop_table x"}, "no table of CDM"),
        ({"person": {"birthday": "drop x"}}, "no column of CDM"),
        ({"person": {"person_id": "keep x"}}, "may only be pseudonymised"),
        ({"visit_occurrence": {"visit_occurrence_id": "keep x"}}, "hospital's order"),
        ({"death": {"death_date": "keep x"}}, "unmoved date"),
        ({"note": {"note_text": "keep x"}}, "may hold names"),
        ({"cost": {"total_paid": "keep x"}}, "whose rows"),
        ({"cdm_source": {"cdm_release_date": "shift x"}}, "only a date of a table with a person"),
        ({"measurement": {"value_as_number": "pseudonymise x"}}, "only a key"),
        (
            {"measurement": {"value_as_number": {"action": "generalise", "by": "year"}}},
            "cannot be generalised",
        ),
        ({"death": "drop x"}, "drop_table, not drop"),
    ],
)
def test_no_policy_whoever_wrote_it_lets_an_identifier_through(rules: dict[str, object], says: str) -> None:
    given = {"name": "own", "version": "1", "settings": programme().settings, "tables": rules}
    with pytest.raises(BadInput, match=says):
        compose(Programme.model_validate(given))


def test_a_rule_given_twice_is_refused_with_its_line() -> None:
    text = "tables:\n  person:\n    person_id: pseudonymise a\n    person_id: keep b\n"
    with pytest.raises(BadInput, match="hospital.yaml:4.*person_id.*second time"):
        parse(text, HospitalPolicy, "hospital.yaml")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("tables: {person: {person_id: hide it}}", "person_id"),
        ("settings: {kay: 5}", "settings.kay"),
        ("tables: {person: {race_concept_id: {action: replace}}}", "value"),
        ("- a", "mapping"),
        ("tables: {", "YAML"),
    ],
)
def test_a_mistake_in_a_policy_file_is_named(text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        parse(text, HospitalPolicy, "hospital.yaml")


def test_the_digest_changes_with_every_rule_and_setting_and_not_with_the_words() -> None:
    plain = compose(programme()).digest
    assert plain == compose(programme()).digest
    stricter = [
        {"settings": {"k": 6}},
        {"tables": {"death": {"cause_concept_id": "drop x"}}},
        {"tables": {"death": "drop_table x"}},
        {"tier": "outside"},
    ]
    digests = {compose(programme(), None, StudyPolicy.model_validate(part)).digest for part in stricter}
    assert len(digests | {plain}) == 5
    given = programme()
    reworded = given.model_copy(update={"reasons": {**given.reasons, "staff": {"en": "Somebody."}}})
    assert compose(reworded).digest == plain


def test_the_reference_page_tells_every_column_in_both_languages() -> None:
    policy = compose(programme())
    english, korean = page(policy), page(policy, "ko")
    for _, table, column, _ in COLUMNS:
        assert f"## {table}\n" in english
        if policy.released(table):
            assert f"| `{column}` |" in english
    assert english.count("\n|---|") == korean.count("\n|---|") == len({table for _, table, _, _ in COLUMNS})
    assert "free text" in english.lower()
    assert "자유 서술문" in korean


@pytest.mark.parametrize("kept", ["keep_weekday", "keep_season"])
def test_dates_may_keep_weekday_or_season_where_they_move_so_far_that_no_fewer_offsets_are_left(kept: str) -> None:
    def asked(days: int) -> HospitalPolicy:
        return HospitalPolicy.model_validate({"settings": {kept: True, "shift_days": days}})

    assert getattr(compose(programme(), asked(5_000)).settings, kept)
    with pytest.raises(BadInput, match=rf"settings.{kept}: leaves \d+ offsets of dates where there are 730"):
        compose(programme(), asked(1_500))
