"""One rule for every column: the policy files of programme, hospital and study, and what they make."""

from deid.policy.compose import compose
from deid.policy.file import programme, read_hospital, read_programme
from deid.policy.model import HospitalPolicy, Policy, Programme, Rule, Settings, SettingsPart, StudyPolicy

__all__ = [
    "HospitalPolicy",
    "Policy",
    "Programme",
    "Rule",
    "Settings",
    "SettingsPart",
    "StudyPolicy",
    "compose",
    "programme",
    "read_hospital",
    "read_programme",
]
