"""README.ko.md and README.en.md: purpose, terms, contact, and lines that load the release."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.resources import files
from string import Template
from typing import Literal

from extract.delta import READ
from extract.inputs import PackageInputs
from extract.tables import COHORT, Packed

Language = Literal["ko", "en"]
# The first of these that a release has is the one that its README loads.
SHOWN = (
    "condition_occurrence",
    "drug_exposure",
    "measurement",
    "observation",
    "procedure_occurrence",
    "visit_occurrence",
)
SHIFTED = {
    "ko": "- 한 사람의 모든 날짜는 같은 일수만큼 이동했습니다. 간격은 정확하나 달력 날짜는 다릅니다.\n",
    "en": "- A person's dates are shifted by one number of days: intervals are exact, dates are not.\n",
}
AS_DELTA = {
    "ko": "- 이 버전은 이전 버전의 표(base/)와 바뀐 사람들의 행(delta/)으로 이루어집니다. 한 표는 다음과 같이 읽습니다:\n"
    f"  `{READ.format(table='T')}`\n",
    "en": "- This version is the tables of an earlier one (base/) and the rows of the people who changed (delta/). A table reads as:\n"
    f"  `{READ.format(table='T')}`\n",
}
NO_END = {"ko": "승인 문서에 따름", "en": "as the approval says"}


def loading_lines(tables: Sequence[str], *, delta: bool = False) -> str:
    """Give five lines of Python that load the cohort and a table, run where the release lies.

    delta: the release is told as base and delta, and the lines read both as one.
    """
    names = [name for name in SHOWN if name in tables] + [name for name in tables if name != COHORT]
    if not names:
        alone = 'print(pl.read_parquet("tables/cohort.parquet").group_by("role").len().sort("role"))'
        return f"import polars as pl\n\n{alone}"
    if delta:
        return "\n".join((
            "import polars as pl",
            "",
            'changed = pl.scan_parquet("delta/people.parquet")',
            f'base = pl.scan_parquet("base/{names[0]}.parquet").join(changed, left_on="person_id", right_on="subject_id", how="anti")',
            f'events = pl.concat([base, pl.scan_parquet("delta/{names[0]}.parquet")])',
            'both = pl.scan_parquet("tables/cohort.parquet").join(events, left_on="subject_id", right_on="person_id")',
            'print(both.group_by("role").len().sort("role").collect())',
        ))  # fmt: skip
    lines = (
        "import polars as pl",
        "",
        'cohort = pl.scan_parquet("tables/cohort.parquet")',
        f'events = pl.scan_parquet("tables/{names[0]}.parquet")',
        'both = cohort.join(events, left_on="subject_id", right_on="person_id")',
        'print(both.group_by("role").len().sort("role").collect())',
    )
    return "\n".join(lines)


def code_of(readme: str) -> str:
    """Take the Python lines out of a README."""
    found = re.search(r"```python\n(.*?)\n```", readme, re.DOTALL)
    assert found is not None
    return found[1]


def readme(
    language: Language, inputs: PackageInputs, packed: Sequence[Packed], *, shifted: bool, delta: bool = False
) -> bytes:
    """Write the README in one language. shifted: whether the policy shifted dates. delta: told as base and delta."""
    rows = {table.name: table.written.rows for table in packed}
    packed_people = next(table.people for table in packed if table.name == COHORT) or 0
    text = Template(files("extract").joinpath("templates", f"README.{language}.md").read_text(encoding="utf-8"))
    said = text.substitute(
        release=inputs.release,
        title=getattr(inputs.study.title, language),
        purpose=getattr(inputs.study.purpose, language),
        site_id=inputs.site_id,
        version=inputs.version,
        people=f"{packed_people:,}",
        tables=", ".join(f"{name} {count:,}" for name, count in rows.items()),
        expires=inputs.terms.expires_on or NO_END[language],
        contact=inputs.terms.contact,
        code=loading_lines(list(rows), delta=delta),
        dates=(SHIFTED[language] if shifted else "") + (AS_DELTA[language] if delta else ""),
        cdm_version=inputs.cdm_version,
        terms=getattr(inputs.terms.text, language),
    )
    return said.encode("utf-8")
