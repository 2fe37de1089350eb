"""naru deid: k-anonymity and its kin of one flat table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from flows.cli import show
from flows.cli.options import Json

app = typer.Typer(no_args_is_help=True, help="Generalise and judge one flat table (CSV or Parquet).")
Table = Annotated[Path, typer.Argument(metavar="TABLE", help="A CSV (, or ;) or Parquet file.")]


@app.command(
    "table", epilog="Example: naru deid table adult.csv --spec spec.yaml --out adult.parquet --report report.json"
)
def table(
    table_file: Table,
    spec: Annotated[
        Path,
        typer.Option("--spec", help="Quasi-identifiers and their hierarchies, k, l, t, suppression limit, metric."),
    ],
    out: Annotated[Path, typer.Option("--out", help="The Parquet file to write.")],
    report: Annotated[Path | None, typer.Option("--report", help="Also write levels, loss and risks (JSON).")] = None,
    as_json: Json = False,
) -> None:
    """Generalise a table as little as its privacy models allow: the optimum over all combinations of levels."""
    from flows.deid_table import generalise

    result = generalise(table_file, spec, out, report)
    if as_json:
        show.as_json(result)
        return
    levels = ", ".join(f"{q['name']} {q['level']} of {q['levels'] - 1}" for q in result["quasi_identifiers"])
    show.text(
        f"{out}: {result['records'] - result['suppressed']:,} of {result['records']:,} records in {result['classes']:,} classes"
    )
    show.text(f"  levels     {levels}")
    show.text(f"  {result['metric']:<10} {result['loss']:.6g}; {result['suppressed']:,} records left out")
    _risks(result["risk"]["before"], result["risk"]["after"])


@app.command("risk", epilog="Example: naru deid risk adult.csv --quasi age,sex,race --sensitive occupation")
def risk(
    table_file: Table,
    quasi: Annotated[str, typer.Option("--quasi", help="The quasi-identifiers, with commas.")],
    sensitive: Annotated[str | None, typer.Option("--sensitive", help="A sensitive column.")] = None,
    k: Annotated[int, typer.Option("--k", min=2, max=100_000)] = 5,
    as_json: Json = False,
) -> None:
    """How well people can be singled out by the quasi-identifiers, as the table stands."""
    from deid.table import risk as judge

    result = judge(table_file, [name.strip() for name in quasi.split(",") if name.strip()], sensitive, k)
    if as_json:
        show.as_json(result)
    else:
        show.table(("figure", "value"), _figures(result))


def _risks(before: dict[str, Any], after: dict[str, Any]) -> None:
    rows = [
        (name, _short(before[name]), _short(after.get(name)))
        for name in before
        if not isinstance(before[name], list | dict)
    ]
    show.table(("risk", "before", "after"), rows)


def _figures(part: dict[str, Any], head: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, value in part.items():
        if isinstance(value, dict) and name != "histogram":
            rows += _figures(value, f"{head}{name}.")
        elif not isinstance(value, list | dict):
            rows.append((f"{head}{name}", _short(value)))
    return rows


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
