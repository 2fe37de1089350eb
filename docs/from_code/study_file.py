"""docs/reference/study-file.md, site-file.md and conditions.md: the files that people write."""

from __future__ import annotations

from cohorts.codes import CodeLine, SourceCodes
from cohorts.draw.declared import Caliper, Covariate, Propensity
from cohorts.draw.spec import DrawSpec
from deid.policy.model import Bounds, HospitalPolicy, RolePrivacy, Rule, Sensitive, Settings, SettingsPart, StudyPolicy
from deid.text.settings import TextSettings
from docs.from_code.markdown import page, table
from docs.from_code.models import section
from drb.conditions import LABELS, Conditions
from extract.spec import ExtractSpec, TableSpec, Window
from flows.names import Text
from flows.site import Site
from flows.study import CohortFile, CohortFiles, StudySpec, shipped
from quality.spec import GateSpec, RequiredConcepts, ValueRange


def study_file() -> str:
    """The page of the study file."""
    example = shipped("deterioration").read_text(encoding="utf-8").strip()
    return page(
        "# The study file",
        "A study is one YAML file and two Circe/ATLAS cohort definitions beside it. A key that is not listed here is refused, "
        "with file and line. `naru study check FILE --site ID` says what is wrong; `naru study explain FILE` says it in prose.",
        section(StudySpec),
        section(Text),
        section(CohortFiles),
        section(CohortFile),
        section(SourceCodes),
        section(CodeLine),
        section(DrawSpec),
        section(Caliper),
        section(Covariate),
        section(Propensity),
        section(ExtractSpec),
        section(TableSpec),
        section(Window),
        section(StudyPolicy),
        section(SettingsPart, 2, Settings),
        section(Rule),
        section(Sensitive),
        section(RolePrivacy),
        section(Bounds),
        section(GateSpec),
        section(RequiredConcepts),
        section(ValueRange),
        f"## An example: studies/deterioration/study.yaml\n\n```yaml\n{example}\n```",
    )


def site_file() -> str:
    """The page of the two files that a hospital owns: its registration and its policy."""
    return page(
        "# A hospital's files",
        "`naru site add` writes `NARU_HOME/sites/ID.yaml`. The hospital's own policy is a file of the hospital, named with "
        "`--policy`; it holds only what it tightens.",
        section(Site),
        section(Text),
        section(HospitalPolicy),
        section(SettingsPart, 2, Settings),
        section(Rule),
        section(Sensitive),
        section(RolePrivacy),
        section(Bounds),
        section(TextSettings),
    )


def conditions() -> str:
    """The page of the conditions of an approval."""
    labels = [(f"`{name}`", en, ko) for name, (ko, en) in LABELS.items()]
    return page(
        "# The conditions of an approval",
        "Given as `--condition KEY=VALUE` with `naru board case create`, where they are one value; lists and mappings are given to "
        "`drb.cases.create` only. A machine holds every release to them.",
        section(Conditions),
        "## In words",
        table(("condition", "English", "한국어"), labels),
    )
