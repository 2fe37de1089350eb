"""What the dashboard does not ask: values by unit, times of day, dates beside times, others' visits, months without rows."""

from __future__ import annotations

from collections.abc import Iterator

from cdm.source import CdmVersion
from quality.baseline.declared.check import Check
from quality.baseline.declared.limits import limits
from quality.baseline.declared.structure import checked_tables

# Urea nitrogen below 5 mg/dL, say, is no mix-up, and in one result of a hundred.
LIMITS_THRESHOLD, MIX_UP_THRESHOLD, MIDNIGHT_THRESHOLD, DATE_THRESHOLD = 1.0, 2.0, 95.0, 1.0
CONCEPT = ("measurement", "measurement_concept_id")
# Tables whose rows come in every month that a hospital is open.
MONTHLY = (
    "visit_occurrence", "condition_occurrence", "drug_exposure", "procedure_occurrence", "measurement",
)  # fmt: skip


def declared(version: CdmVersion) -> Iterator[Check]:
    """Yield the checks."""
    known = limits()
    several = {one.measurement for one in known if sum(one.measurement == other.measurement for other in known) > 1}
    for one in known:
        concept, asks = f"{one.measurement} in {one.unit}", (one.measurement, one.unit)
        yield Check("valueWithinLimits", *CONCEPT, concept, LIMITS_THRESHOLD, asks)
        if one.measurement in several:
            yield Check("unitMixUp", *CONCEPT, concept, MIX_UP_THRESHOLD, asks)
    for table in checked_tables(version):
        if table.start_datetime and table.person_key:
            yield Check("timeOfDay", table.name, table.start_datetime, threshold=MIDNIGHT_THRESHOLD)
        if table.start_datetime and table.start_date and table.person_key:
            day = (table.start_date,)
            yield Check("dateOfTime", table.name, table.start_datetime, threshold=DATE_THRESHOLD, asks=day)
        if table.person_key and "visit_occurrence_id" in table.names and table.name != "visit_occurrence":
            yield Check("visitOfAnother", table.name, "visit_occurrence_id")
        if table.name in MONTHLY and table.start_date:
            yield Check("monthsWithoutRows", table.name, table.start_date)
