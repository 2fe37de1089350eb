"""One run: a study at one hospital for one approved case, as a chain of stages whose keys are known before any work.

A stage's key is a digest over (study, definitions, CDM release, policy, keys, code, the stage before), so a run that was
killed, or asked for again, goes on from the last whole stage and ends with the same package.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdm.source import Release
from deid.keys import GrantKeys
from deid.policy import Policy
from flows import known_names, version
from flows.home import Home
from flows.site import Site
from flows.stages.folder import Facts, Stage
from flows.study import Study, digest

# The order in which data flows, and what each stage reads of those before it.
READS: Mapping[str, tuple[str, ...]] = {
    "cohort": (),
    "draw": ("cohort",),
    "extract": ("draw",),
    "deidentify": ("extract", "draw"),
    "quality": ("extract", "draw", "deidentify"),
    "package": ("cohort", "draw", "extract", "deidentify", "quality"),
}
STAGES = tuple(READS)
# They hold source rows or the way back to them: wiped as soon as the package is whole.
WIPED = ("extract", "deidentify")

Work = Callable[["Run", Path], Facts]


@dataclass(frozen=True)
class Run:
    """Everything that the stages of one run are functions of.

    release: the name of the release that the package will bear, e.g. deterioration-seoul01-haneul-1.0.0.
    earlier: the folder of the published version before it, if any, and its manifest's digest. withdrawn: digest of who
    withdrew at this hospital.
    cdm: the fingerprint of the hospital's database, taken when the run was planned.
    """

    home: Home
    study: Study
    site: Site
    case_id: str
    recipient: str
    conditions: Mapping[str, Any]
    policy: Policy
    keys: GrantKeys
    cdm: Release
    release: str
    release_version: str
    earlier: Path | None = None
    earlier_digest: str = ""
    withdrawn: str = ""

    @property
    def folder(self) -> Path:
        """Where this run's stages stand."""
        return self.home.run(self.site.id, self.study.id, self.case_id)

    @property
    def stages(self) -> dict[str, Stage]:
        """The six stages, in order. Each key covers the keys of what the stage reads."""
        spec = self.study.spec
        own: dict[str, dict[str, object]] = {
            "cohort": {"definition": self.study.definition_digest, "cdm": self.cdm.digest, "withdrawn": self.withdrawn},
            "draw": {"draw": spec.draw.model_dump(mode="json"), "threshold": self.site.threshold},
            "extract": {"extract": spec.extract.model_dump(mode="json")},
            "deidentify": {"policy": self.policy.digest, "grant": self.keys.check_value, "site": self.site.id,
                           **({"names": known_names.digest(self.site)} if self.policy.text_approved else {})},
            "quality": {"gate": spec.quality.model_dump(mode="json")},
            "package": {"study": self.study.spec_digest, "release": self.release, "recipient": self.recipient,
                        "conditions": dict(self.conditions), "contact": self.site.contact,
                        "threshold": self.site.threshold, "earlier": self.earlier_digest},
        }  # fmt: skip
        made: dict[str, Stage] = {}
        for name, reads in READS.items():
            before = {f"from_{r}": made[r].key for r in reads}
            made[name] = Stage.of(self.folder, name, {**own[name], **before, "code": version.digest()})
        return made

    def pending(self) -> list[str]:
        """The stages to run, in order: what the package needs and does not stand. Nothing once the package is whole."""
        stages = self.stages
        wanted: set[str] = set()

        def want(name: str) -> None:
            if not stages[name].whole and name not in wanted:
                wanted.add(name)
                for read in READS[name]:
                    want(read)

        want("package")
        return [name for name in STAGES if name in wanted]

    def output(self, stage: str) -> Path:
        """The folder of a stage's whole output."""
        return self.stages[stage].folder

    @property
    def provenance(self) -> dict[str, str]:
        """What decides the release's version and stands in its manifest: digests, no dates, no paths."""
        return {
            "study_digest": self.study.spec_digest,
            "definition_digest": self.study.definition_digest,
            "policy_digest": self.policy.digest,
            "cdm_release_digest": self.cdm.digest,
            "cdm_version": self.cdm.cdm_version,
            "vocabulary_version": self.cdm.vocabulary_version or "",
            "code_digest": version.digest(),
            "code_version": version.number(),
            **({"withdrawals_digest": self.withdrawn} if self.withdrawn else {}),
        }


def run_stage(run: Run, name: str, work: Work) -> dict[str, object]:
    """Run one stage if it is not whole; wipe the source rows once the package stands."""
    facts = run.stages[name].run(lambda folder: work(run, folder))
    if name == "package":
        wipe(run)
    return facts


def wipe(run: Run) -> None:
    """Remove the stages that hold source rows, of this run and of every earlier key of it."""
    for name in WIPED:
        for folder in sorted(run.folder.glob(f"{name}-*")):
            Stage(name, folder, {}).wipe()


def grant_id(case_id: str, site_id: str, study_id: str) -> str:
    """The name under which a grant's keys are derived: one startup's case at one hospital for one study."""
    return digest({"case": case_id, "site": site_id, "study": study_id})
