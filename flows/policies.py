"""Programme, hospital, study: the one de-identification policy of a run."""

from __future__ import annotations

from pathlib import Path

from deid.policy import HospitalPolicy, Policy, compose, programme, read_hospital
from deid.policy.model import SettingsPart
from flows.site import Site
from flows.study import Study


def policy_of(site: Site, study: Study) -> Policy:
    """The policy composed; the stricter wins. Raises BadInput where hospital or study would loosen what stands before."""
    hospital = read_hospital(Path(site.policy)) if site.policy else HospitalPolicy(name=site.id)
    base = programme()
    settings = hospital.settings.model_dump()
    settings["k"] = max(site.min_k, settings["k"] or 0, base.settings.k or 0)
    return compose(base, hospital.model_copy(update={"settings": SettingsPart(**settings)}), study.spec.deid)
