"""docs/reference/cohort-check.md: every kind of finding of `naru cohort check`."""

from __future__ import annotations

from cohorts.lint.kinds import KINDS
from docs.from_code.markdown import page, table


def cohort_check() -> str:
    """The page."""
    rows = [(f"`{code}`", ", ".join(kind.severities), kind.en, kind.ko) for code, kind in KINDS.items()]
    return page(
        "# What naru cohort check tells",
        "`naru cohort check DEF.json --source URL` looks at the definition, the vocabulary, and whether records are there at all; "
        "it runs no cohort. **error**: the definition cannot run, or finds nobody here. **warning**: it likely does not do what is "
        "meant. **note**: what is really evaluated. With `--json` each finding has `code`, `severity`, `path` (the place in the "
        "definition), `en`, `ko`, and the concepts that it is about. The command ends with 1 where there is an error.",
        table(("code", "severity", "what it says", "뜻"), rows),
    )
