"""Write the reference pages that are made from code: `python -m docs.generate`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from deid.policy import compose, programme
from deid.policy.reference import page as policy_page
from docs.from_code.baseline_checks import baseline_checks
from docs.from_code.cohort_check import cohort_check
from docs.from_code.command_line import cli
from docs.from_code.markdown import MADE
from docs.from_code.package import package
from docs.from_code.people_file import people_file
from docs.from_code.quality_checks import quality_checks
from docs.from_code.sources import sources
from docs.from_code.study_file import conditions, site_file, study_file
from drb.matrix import page as matrix_page

REFERENCE = Path(__file__).parent / "reference"

PAGES: Mapping[str, Callable[[], str]] = {
    "cli.md": cli,
    "study-file.md": study_file,
    "people-file.md": people_file,
    "cohort-check.md": cohort_check,
    "site-file.md": site_file,
    "conditions.md": conditions,
    "permissions.md": lambda: f"{MADE}\n\n{matrix_page()}",
    "policy.en.md": lambda: f"{MADE}\n\n{policy_page(compose(programme()), 'en')}",
    "policy.ko.md": lambda: f"{MADE}\n\n{policy_page(compose(programme()), 'ko')}",
    "quality-checks.md": quality_checks,
    "baseline-checks.en.md": lambda: baseline_checks("en"),
    "baseline-checks.ko.md": lambda: baseline_checks("ko"),
    "sources.md": sources,
    "package.md": package,
}


def generate(folder: Path = REFERENCE) -> list[Path]:
    """Write every page into `folder`; give their paths. The same code gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, make in PAGES.items():
        paths.append(folder / name)
        paths[-1].write_text(make(), encoding="utf-8")
    return paths


if __name__ == "__main__":
    generate()
