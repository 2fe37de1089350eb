"""Generated cohort expressions over the whole language, as JSON objects; weights keep most cohorts non-empty."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.cohorts.tiny import SPAN, TEXTS

Json = dict[str, Any]
SETS = 6  # concept sets 0..5 of every definition


def rarely(strategy: st.SearchStrategy[Any], one_in: int = 6) -> st.SearchStrategy[Any]:
    """The strategy once in a while, else None (the key is left out)."""
    return st.integers(1, one_in).flatmap(lambda n: strategy if n == one_in else st.none())


@st.composite
def some_of(draw: st.DrawFn, fields: dict[str, st.SearchStrategy[Any]], one_in: int = 9) -> Json:
    """An object with a few of these keys."""
    found = {}
    for key, strategy in fields.items():
        if draw(st.integers(1, one_in)) == one_in:
            found[key] = draw(strategy)
    return found


days = st.integers(0, SPAN).map(lambda n: str(date(2010, 1, 1) + timedelta(days=n)))
codeset = st.integers(0, SETS - 1)


@st.composite
def ranges(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> Json:
    op = draw(st.sampled_from(["gt", "gte", "lt", "lte", "eq", "!eq", "bt", "bt", "!bt"]))
    value, extent = draw(values), draw(values)
    if op.endswith("bt"):
        low, high = sorted([value, extent])
        return {"Value": low, "Extent": high, "Op": op}
    return {"Value": value, "Op": op}


date_range = ranges(days)
age_range = ranges(st.integers(10, 75))
small_range = ranges(st.one_of(st.integers(0, 6), st.sampled_from([1.5, 2.7, -0.5])))
length_range = ranges(st.integers(-3, 70))
value_range = ranges(st.one_of(st.integers(0, 8), st.sampled_from([0.5, 1.25, 4.99995, 2.00004, 7.5])))
text_filter = st.builds(
    lambda text, op: {"Text": text, "Op": op},
    st.sampled_from([*TEXTS[:5], "al", "e", "%", "_eta", "neil", "x"]),
    st.sampled_from(["contains", "!contains", "startsWith", "!startsWith", "endsWith", "!endsWith"]),
)


def concept(number: int) -> Json:
    return {"CONCEPT_ID": number, "CONCEPT_NAME": f"concept {number}", "DOMAIN_ID": "Test", "VOCABULARY_ID": "None"}


small_concepts = st.lists(st.integers(1, 5), min_size=0, max_size=5).map(lambda ids: [concept(n) for n in ids])
wide_concepts = st.lists(st.integers(1, 24), min_size=1, max_size=12).map(lambda ids: [concept(n) for n in ids])
selection = st.builds(
    lambda number, excluded: {"IsExclusion": excluded} | ({} if number is None else {"CodesetId": number}),
    st.one_of(st.none(), codeset, codeset),
    st.booleans(),
)
days_or_none = st.one_of(st.none(), st.integers(0, 400), st.sampled_from([0, 1, 7, 30, 365]))
adjustment = st.fixed_dictionaries(
    {"StartWith": st.sampled_from(["START_DATE", "END_DATE"]), "StartOffset": st.integers(-20, 20),
     "EndWith": st.sampled_from(["START_DATE", "END_DATE"]), "EndOffset": st.integers(-20, 20)}
)  # fmt: skip
period = st.fixed_dictionaries({}, optional={"StartDate": days, "EndDate": days})


def both(name: str, concepts: st.SearchStrategy[Any] = small_concepts) -> dict[str, st.SearchStrategy[Any]]:
    """A concept list and its selection."""
    return {name: concepts, f"{name}CS": selection}


PERSON = {"Age": age_range, **both("Gender")}
VISITED = PERSON | both("ProviderSpecialty", wide_concepts) | both("VisitType", wide_concepts)
ERA = {"EraStartDate": date_range, "EraEndDate": date_range, "EraLength": length_range, "AgeAtStart": age_range,
       "AgeAtEnd": age_range, **both("Gender")}  # fmt: skip
DATES = {"OccurrenceStartDate": date_range, "OccurrenceEndDate": date_range}
START = {"OccurrenceStartDate": date_range}
PERIOD = {"PeriodStartDate": date_range, "PeriodEndDate": date_range, "UserDefinedPeriod": period,
          "PeriodLength": ranges(st.integers(0, SPAN)), "AgeAtStart": age_range, "AgeAtEnd": age_range}  # fmt: skip

PAYER = ("PayerConcept", "PlanConcept", "SponsorConcept", "StopReasonConcept", "PayerSourceConcept", "PlanSourceConcept",
         "SponsorSourceConcept", "StopReasonSourceConcept")  # fmt: skip


def typed(name: str) -> dict[str, st.SearchStrategy[Any]]:
    return both(name) | {f"{name}Exclude": st.booleans()}


FIELDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "ConditionEra": ERA | {"OccurrenceCount": small_range},
    "ConditionOccurrence": DATES | VISITED | typed("ConditionType") | both("ConditionStatus")
    | {"StopReason": text_filter, "ConditionSourceConcept": codeset},
    "Death": START | PERSON | typed("DeathType") | {"DeathSourceConcept": codeset},
    "DeviceExposure": DATES | VISITED | typed("DeviceType")
    | {"UniqueDeviceId": text_filter, "Quantity": small_range, "DeviceSourceConcept": codeset},
    "DoseEra": ERA | both("Unit") | {"DoseValue": value_range},
    "DrugEra": ERA | {"OccurrenceCount": small_range, "GapDays": length_range},
    "DrugExposure": DATES | VISITED | typed("DrugType") | both("RouteConcept")
    | {"StopReason": text_filter, "Refills": small_range, "Quantity": value_range, "DaysSupply": length_range,
       "LotNumber": text_filter, "DrugSourceConcept": codeset},
    "Episode": {"EpisodeStartDate": date_range, "EpisodeEndDate": date_range, "EpisodeNumber": small_range, "Age": age_range,
                "GenderCS": selection, "EpisodeObjectConceptCS": selection, "EpisodeTypeCS": selection},
    "Measurement": START | VISITED | typed("MeasurementType") | both("Operator") | both("ValueAsConcept") | both("Unit")
    | {"ValueAsNumber": value_range, "RangeLow": value_range, "RangeHigh": value_range, "RangeLowRatio": value_range,
       "RangeHighRatio": value_range, "Abnormal": st.booleans(), "MeasurementSourceConcept": codeset},
    "Observation": START | VISITED | typed("ObservationType") | both("ValueAsConcept") | both("Qualifier") | both("Unit")
    | {"ValueAsNumber": value_range, "ValueAsString": text_filter, "ObservationSourceConcept": codeset},
    "ObservationPeriod": PERIOD | both("PeriodType"),
    "PayerPlanPeriod": PERIOD | both("Gender") | dict.fromkeys(PAYER, codeset),
    "ProcedureOccurrence": START | VISITED | typed("ProcedureType") | both("Modifier")
    | {"Quantity": small_range, "ProcedureSourceConcept": codeset},
    "Specimen": START | PERSON | typed("SpecimenType") | both("Unit") | both("AnatomicSite") | both("DiseaseStatus")
    | {"Quantity": value_range, "SourceId": text_filter, "SpecimenSourceConcept": codeset},
    "VisitDetail": {"VisitDetailStartDate": date_range, "VisitDetailEndDate": date_range, "VisitDetailTypeCS": selection,
                    "VisitDetailSourceConcept": codeset, "VisitDetailLength": length_range, "Age": age_range,
                    "GenderCS": selection, "ProviderSpecialtyCS": selection, "PlaceOfServiceCS": selection},
    "VisitOccurrence": DATES | PERSON | typed("VisitType") | both("ProviderSpecialty", wide_concepts)
    | both("PlaceOfService", wide_concepts) | {"VisitSourceConcept": codeset, "VisitLength": length_range},
}  # fmt: skip
NO_CODESET = {"ObservationPeriod", "PayerPlanPeriod", "CustomEra"}
NO_FIRST = {"Death"}
CUSTOM_ERA = {
    "StartDate": date_range,
    "EndDate": date_range,
    "AgeAtStart": age_range,
    "GenderCS": selection,
    "Duration": length_range,
}
COUNTED: dict[str, list[str]] = {
    "ConditionEra": ["DOMAIN_CONCEPT", "ERA_OCCURRENCES", "DURATION"],
    "ConditionOccurrence": ["DOMAIN_CONCEPT", "DURATION", "VISIT_ID"],
    "Death": ["DOMAIN_CONCEPT", "DURATION"],
    "DeviceExposure": ["DOMAIN_CONCEPT", "QUANTITY", "DURATION", "VISIT_ID"],
    "DoseEra": ["DOMAIN_CONCEPT", "DURATION", "UNIT", "VALUE_AS_NUMBER"],
    "DrugEra": ["DOMAIN_CONCEPT", "ERA_OCCURRENCES", "GAP_DAYS", "DURATION"],
    "DrugExposure": ["DOMAIN_CONCEPT", "DAYS_SUPPLY", "DURATION", "QUANTITY", "REFILLS", "VISIT_ID"],
    "Episode": ["DOMAIN_CONCEPT", "DURATION"],
    "Measurement": ["DOMAIN_CONCEPT", "DURATION", "VALUE_AS_NUMBER", "RANGE_HIGH", "RANGE_LOW", "VISIT_ID"],
    "Observation": ["DOMAIN_CONCEPT", "VALUE_AS_NUMBER", "DURATION", "VISIT_ID"],
    "ObservationPeriod": ["DOMAIN_CONCEPT", "DURATION"],
    "PayerPlanPeriod": ["START_DATE"],
    "ProcedureOccurrence": ["DOMAIN_CONCEPT", "DURATION", "QUANTITY", "VISIT_ID"],
    "Specimen": ["DOMAIN_CONCEPT", "DURATION"],
    "VisitDetail": ["DOMAIN_CONCEPT", "DURATION"],
    "VisitOccurrence": ["DOMAIN_CONCEPT", "DURATION"],
    "CustomEra": ["DURATION"],
}
KINDS = [
    *FIELDS,
    "ConditionOccurrence",
    "DrugExposure",
    "Measurement",
    "VisitOccurrence",
    "CustomEra",
    "ConditionOccurrence",
]


@st.composite
def criteria(draw: st.DrawFn, depth: int, kinds: list[str] = KINDS, sparse: int = 14) -> Json:
    """One criterion; `depth`: how deeply groups may still nest in it; `sparse`: how rare its attributes are."""
    kind = draw(st.sampled_from(kinds))
    if kind == "CustomEra":
        body = draw(some_of(CUSTOM_ERA, sparse))
        inner = [name for name in FIELDS if name != "CustomEra"]
        body["CriteriaList"] = draw(st.lists(criteria(depth=max(depth - 1, 0), kinds=inner), min_size=1, max_size=3))
        body |= draw(some_of({"GapDays": st.integers(0, 60)}, one_in=2))
    else:
        body = draw(some_of(FIELDS[kind], sparse))
    if kind not in NO_CODESET and draw(st.integers(1, 5)) > 1:
        body["CodesetId"] = draw(codeset)
    if kind not in NO_FIRST:
        body |= draw(some_of({"First": st.booleans()}, one_in=5))
    body |= draw(some_of({"DateAdjustment": adjustment}, one_in=8))
    if depth > 0 and kind != "CustomEra":
        body |= draw(some_of({"CorrelatedCriteria": groups(depth=depth - 1)}, one_in=4))
    return {kind: body}


endpoint = st.builds(
    lambda count, coeff: {"Coeff": coeff} | ({} if count is None else {"Days": count}),
    days_or_none,
    st.sampled_from([-1, 1]),
)


@st.composite
def windows(draw: st.DrawFn) -> Json:
    if draw(st.integers(1, 3)) > 1:  # as authors mean it: from before to after
        start = {"Coeff": -1} | draw(st.fixed_dictionaries({}, optional={"Days": st.integers(0, 400)}))
        end = {"Coeff": 1} | draw(st.fixed_dictionaries({}, optional={"Days": st.integers(0, 400)}))
    else:
        start, end = draw(endpoint), draw(endpoint)
    return {"Start": start, "End": end} | draw(
        some_of({"UseIndexEnd": st.booleans(), "UseEventEnd": st.booleans()}, one_in=3)
    )


@st.composite
def correlated(draw: st.DrawFn, depth: int) -> Json:
    criterion = draw(criteria(depth=depth))
    kind = next(iter(criterion))
    occurrence: Json = {
        "Type": draw(st.sampled_from([0, 0, 1, 2, 2, 2])),
        "Count": draw(st.sampled_from([0, 0, 1, 1, 1, 2, 3])),
    }
    if draw(st.integers(1, 5)) == 5:
        occurrence["IsDistinct"] = True
        occurrence["CountColumn"] = draw(st.sampled_from([*COUNTED[kind], "START_DATE", "END_DATE"]))
    found: Json = {"Criteria": criterion, "StartWindow": draw(windows()), "Occurrence": occurrence}
    found |= draw(some_of({"EndWindow": windows(), "RestrictVisit": st.booleans()}, one_in=4))
    found |= draw(some_of({"IgnoreObservationPeriod": st.booleans()}, one_in=2))
    return found


demographic = some_of(
    {**PERSON, **both("Race"), **both("Ethnicity"), "OccurrenceStartDate": date_range, "OccurrenceEndDate": date_range},
    one_in=4,
)


@st.composite
def groups(draw: st.DrawFn, depth: int) -> Json:
    kind = draw(st.sampled_from(["ALL", "ANY", "ANY", "AT_LEAST", "AT_MOST"]))
    group: Json = {"Type": kind}
    group["CriteriaList"] = draw(st.lists(correlated(depth=depth), max_size=3))
    group["DemographicCriteriaList"] = draw(st.lists(demographic, max_size=1))
    group["Groups"] = draw(st.lists(groups(depth=depth - 1), max_size=2)) if depth > 0 else []
    if kind.startswith("AT_"):
        group["Count"] = draw(st.integers(0, 3))
    return group


@st.composite
def concept_sets(draw: st.DrawFn) -> list[Json]:
    found = []
    for number in range(SETS):
        items = [
            {"concept": concept(draw(st.one_of(st.integers(1, 24), st.sampled_from([1, 5, 8, 10])))),
             "isExcluded": draw(st.integers(1, 5)) == 5, "includeDescendants": draw(st.booleans()),
             "includeMapped": draw(st.integers(1, 5)) == 5}
            for _ in range(draw(st.integers(1, 4)))
        ]  # fmt: skip
        found.append({"id": number, "name": f"set {number}", "expression": {"items": items}})
    return found


limit = st.sampled_from(["All", "All", "First", "Last"]).map(lambda kind: {"Type": kind})
end_strategy = st.one_of(
    st.builds(lambda f, n: {"DateOffset": {"DateField": f, "Offset": n}}, st.sampled_from(["StartDate", "EndDate"]), st.integers(-20, 90)),
    st.builds(
        lambda s, gap, offset, supply: {"CustomEra": {"DrugCodesetId": s, "GapDays": gap, "Offset": offset, **supply}},
        codeset, st.integers(0, 60), st.integers(0, 20),
        st.fixed_dictionaries({}, optional={"DaysSupplyOverride": st.integers(0, 40)}),
    ),
)  # fmt: skip


@st.composite
def expressions(draw: st.DrawFn) -> Json:
    """A whole definition."""
    found: Json = {
        "ConceptSets": draw(concept_sets()),
        "PrimaryCriteria": {
            "CriteriaList": draw(st.lists(criteria(depth=2, sparse=30), min_size=1, max_size=4)),
            "ObservationWindow": {
                "PriorDays": draw(st.sampled_from([0, 0, 0, 30, 200])),
                "PostDays": draw(st.sampled_from([0, 0, 30])),
            },
            "PrimaryCriteriaLimit": draw(limit),
        },
        "QualifiedLimit": draw(limit),
        "ExpressionLimit": draw(limit),
        "InclusionRules": [
            {"name": f"rule {n}", "expression": group}
            for n, group in enumerate(draw(st.lists(groups(depth=2), max_size=2)))
        ],
        "CollapseSettings": {"CollapseType": "ERA", "EraPad": draw(st.sampled_from([0, 0, 1, 30, 180]))},
        "CensorWindow": draw(st.one_of(st.just({}), period)),
    }
    found |= draw(some_of({"AdditionalCriteria": groups(depth=1), "EndStrategy": end_strategy}, one_in=2))
    found |= draw(some_of({"CensoringCriteria": st.lists(criteria(depth=1), min_size=1, max_size=2)}, one_in=4))
    return found
