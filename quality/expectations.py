"""The gate in Great Expectations: suites, a checkpoint with severities, and Data Docs.

Great Expectations validates the metrics table, not the data: its own engines need minutes for what DuckDB has
measured in seconds, and a table of figures holds no patient's row. Importing this module takes about eight seconds.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar

# Before the import: no usage statistics leave a hospital.
os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
import pandas as pd
from great_expectations.core import RunIdentifier
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation, render_suite_parameter_string
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.render import LegacyRendererType, RenderedStringTemplateContent
from great_expectations.render.renderer.renderer import renderer
from great_expectations.render.renderer_configuration import RendererConfiguration

from quality.verdict import Finding, number

GROUP = 100
"""Beyond a hundred expectations a validation slows down faster than it grows."""


_KINDS = {"validations": ("점검 결과", "Validation results"), "expectations": ("점검 규칙", "Expectation suites")}

_SITE = {
    "class_name": "SiteBuilder",
    "show_how_to_buttons": False,
    "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": "data_docs/"},
    "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
}


class ReleaseFigures(TableMetricProvider):  # type: ignore[misc]  # Great Expectations has no types
    """The metrics table as a mapping: key of a finding -> its row."""

    metric_name = "table.naru_release_figures"
    value_keys = ()

    @metric_value(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(
        cls,  # noqa: N805  # Great Expectations makes it a class method
        execution_engine: Any,
        metric_domain_kwargs: Mapping[str, Any],
        metric_value_kwargs: Mapping[str, Any],
        metrics: Mapping[str, Any],
        runtime_configuration: Mapping[str, Any],
    ) -> dict[str, dict[str, Any]]:
        frame, _, _ = execution_engine.get_compute_domain(metric_domain_kwargs, domain_type=MetricDomainTypes.TABLE)
        return {entry["key"]: entry for entry in frame.to_dict("records")}


class ExpectReleaseFigureWithinThreshold(BatchExpectation):  # type: ignore[misc]
    """Expect one measured figure of a release to be on the right side of its threshold."""

    key: str
    rule: str
    place: str
    bound: str
    threshold: float

    metric_dependencies = ("table.naru_release_figures",)
    success_keys = ("key", "bound", "threshold")
    args_keys = ("rule", "place", "bound", "threshold")
    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "tags": ["naru"], "contributors": []}

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)  # type: ignore[untyped-decorator]
    @render_suite_parameter_string  # type: ignore[untyped-decorator]
    def _prescriptive_renderer(
        cls, configuration: Any = None, result: Any = None, runtime_configuration: Any = None
    ) -> list[Any]:
        """Data Docs: the rule in words instead of a call with its arguments."""
        shown = RendererConfiguration(
            configuration=configuration, result=result, runtime_configuration=runtime_configuration
        )
        names = ("rule", "place", "bound", "threshold")
        template = {"template": "$rule ($place: $bound $threshold)", "params": {n: shown.kwargs[n] for n in names}}
        return [RenderedStringTemplateContent(content_block_type="string_template", string_template=template)]

    def _validate(
        self,
        metrics: Mapping[str, Any],
        runtime_configuration: Mapping[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        figure = metrics["table.naru_release_figures"][self.key]
        value = figure["value"]
        holds = value >= self.threshold if self.bound == "at least" else value <= self.threshold
        # What could not be looked at at all fails where something had to be there.
        success = bool(figure["applicable"]) is False or bool(holds)
        shown = {"measured": figure["measured"], "denominator": figure["denominator"]}
        return {"success": success, "result": {"observed_value": figure["shown"], "details": shown}}


@dataclass(frozen=True)
class Row:
    """One judged figure, as a row of the metrics table and an expectation of it.

    suite: the part of the catalogue. bound: 'at most' or 'at least'. level: Great Expectations' severity. applicable: False
    where there was nothing to look at. shown, measured, denominator: what may be read in the Data Docs.
    """

    key: str
    suite: str
    rule: str
    place: str
    bound: str
    threshold: float
    level: str
    meta: Mapping[str, Any]
    value: float
    applicable: bool
    shown: str | float
    measured: str | float
    denominator: float
    failed: bool


def validate(findings: Sequence[Finding], folder: Path) -> None:
    """Validate the figures of a release as `validate_rows` does."""
    validate_rows([_row(finding) for finding in findings], folder, "release_gate")


def validate_rows(rows: Sequence[Row], folder: Path, name: str) -> None:
    """Validate figures by a checkpoint of suites of at most 100 expectations; write a GX project with Data Docs.

    folder: gets `great_expectations.yml`, `expectations/` (importable suites), `uncommitted/validations/` and
    `data_docs/index.html`. name: the checkpoint's. Raises RuntimeError when a verdict differs from the row's, so that the two
    never part.
    """
    frame = pd.DataFrame([_figure(row) for row in rows])
    with_files = folder.parent / f".{folder.name}"
    shutil.rmtree(with_files, ignore_errors=True)
    with_files.mkdir(parents=True)
    context = gx.get_context(mode="file", project_root_dir=str(with_files))
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    context.variables.save()
    context.update_data_docs_site("local_site", _SITE)
    batches = (
        context.data_sources.add_pandas("release")
        .add_dataframe_asset("figures")
        .add_batch_definition_whole_dataframe("all")
    )
    definitions = [
        context.validation_definitions.add(gx.ValidationDefinition(name=suite.name, data=batches, suite=suite))
        for suite in (context.suites.add(suite) for suite in _suites(rows))
    ]
    checkpoint = context.checkpoints.add(
        gx.Checkpoint(
            name=name,
            validation_definitions=definitions,
            result_format="SUMMARY",
        )
    )
    results = checkpoint.run(batch_parameters={"dataframe": frame}, run_id=RunIdentifier(run_name=name))
    styles = with_files / "gx" / "plugins" / "custom_data_docs" / "styles" / "data_docs_custom_styles.css"
    styles.parent.mkdir(parents=True, exist_ok=True)
    styles.write_bytes(files("quality").joinpath("templates", "data_docs.css").read_bytes())
    # Once at the end: the checkpoint's own action would render every page again after each suite.
    context.build_data_docs()
    _index(with_files / "gx" / "data_docs")
    _agree(rows, results)
    _tidy(with_files / "gx", folder)
    shutil.rmtree(with_files)


def _suites(rows: Sequence[Row]) -> list[Any]:
    """One suite for each part of the catalogue, in parts of at most `GROUP`."""
    suites = []
    for group in dict.fromkeys(row.suite for row in rows):
        members = [row for row in rows if row.suite == group]
        for part, start in enumerate(range(0, len(members), GROUP), 1):
            name = group if len(members) <= GROUP else f"{group}_{part}"
            expectations = [_expectation(row) for row in members[start : start + GROUP]]
            suites.append(gx.ExpectationSuite(name=name, expectations=expectations))
    return suites


def _expectation(row: Row) -> ExpectReleaseFigureWithinThreshold:
    return ExpectReleaseFigureWithinThreshold(
        key=row.key,
        rule=row.rule,
        place=row.place,
        bound=row.bound,
        threshold=row.threshold,
        severity=row.level,
        meta=dict(row.meta),
    )


def _figure(row: Row) -> dict[str, Any]:
    names = ("key", "value", "applicable", "shown", "measured", "denominator")
    return {name: getattr(row, name) for name in names}


def _row(finding: Finding) -> Row:
    check, below = finding.rule, f"<{finding.small_cell}"
    return Row(
        key="/".join((finding.check, finding.table, finding.column, finding.detail)),
        suite=check.group,
        rule=f"{check.ko} / {check.en}",
        place=finding.place or "release",
        bound="at least" if check.bound == "at_least" else "at most",
        threshold=float(finding.threshold),
        level="critical" if finding.severity == "block" else "warning",
        meta={"check": check.id, "why": {"ko": check.why_ko, "en": check.why_en}},
        value=float(finding.value),
        applicable=finding.status != "not_applicable",
        shown=below if finding.hidden else number(finding.value),
        measured=below if finding.hidden else number(finding.measured),
        denominator=number(finding.denominator),
        failed=finding.failed,
    )


def _agree(rows: Sequence[Row], results: Any) -> None:
    failed = {
        result.expectation_config.kwargs["key"]
        for run in results.run_results.values()
        for result in run.results
        if not result.success
    }
    if failed != {row.key for row in rows if row.failed}:
        raise RuntimeError(
            "Great Expectations and the gate disagree on a check: this is a fault of the gate, please report it"
        )


def _index(site: Path) -> None:
    """List the pages of the Data Docs plainly: the built index shows nothing without scripts from outside."""
    pages = sorted(path.relative_to(site).as_posix() for kind in _KINDS for path in (site / kind).rglob("*.html"))
    lists = [
        f"<h2>{ko} · {en}</h2><ul>{''.join(_link(page) for page in pages if page.startswith(kind))}</ul>"
        for kind, (ko, en) in _KINDS.items()
    ]
    style = files("quality").joinpath("templates", "data_docs.css").read_text(encoding="utf-8")
    head = f'<meta charset="utf-8"><title>Naru · Great Expectations</title><style>{style}</style>'
    page = f'<!DOCTYPE html><html lang="ko"><head>{head}</head><body><h1>Great Expectations</h1>{"".join(lists)}</body></html>\n'
    (site / "index.html").write_text(page, encoding="utf-8")


def _link(page: str) -> str:
    name = page.split("/")[1].removesuffix(".html")
    return f'<li><a href="{page}">{name}</a></li>'


def _tidy(project: Path, folder: Path) -> None:
    """Move the finished project to its place, without the folders that it has no use for."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.move(project, folder)
    for empty in ("plugins", "uncommitted/data_docs", ".gitignore"):
        path = folder / empty
        if path.is_dir():
            shutil.rmtree(path)
        elif path.exists():
            path.unlink()
