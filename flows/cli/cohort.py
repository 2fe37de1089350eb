"""naru cohort: run and explain Circe/ATLAS definitions on their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli import show
from flows.cli.codes import Found
from flows.cli.options import Json

if TYPE_CHECKING:
    from flows.cohort_run import Result

app = typer.Typer(no_args_is_help=True, help="Import, run, check and explain ATLAS cohort definitions.")
SHOWN = 12
_FEMALE, _MALE = 8532, 8507  # OMOP's concepts of gender
Definition = Annotated[
    Path,
    typer.Argument(
        metavar="DEF.json", help="A Circe/ATLAS cohort expression; source codes in DEF.codes.yaml beside it count, too."
    ),
]
SourceUrl = Annotated[str, typer.Option("--source", help="The CDM's address (see: naru site add --help).")]
Out = Annotated[Path, typer.Option("--out", help="The Parquet file to write.")]
InPlace = Annotated[
    bool,
    typer.Option("--in-place", help="Let the database compute by itself: only the cohort's rows leave it. Same rows."),
]


@app.command(
    "run",
    epilog="Example: naru cohort run def.json --source sample://gibleed --out cohort.parquet --attrition a.json",
)
def run(
    definition: Definition,
    source: SourceUrl,
    out: Out,
    attrition: Annotated[
        Path | None,
        typer.Option("--attrition", help="Also write people (by sex and age) and entries after each rule (JSON)."),
    ] = None,
    in_place: InPlace = False,
    as_json: Json = False,
) -> None:
    """Run one definition: Parquet of cohort_definition_id, subject_id, cohort_start_date, cohort_end_date."""
    from flows import cohort_run
    from flows.home import home

    with show.steps(as_json):
        result = cohort_run.run_one(home(), definition, source, out, attrition, in_place=in_place)
    _tell(result, as_json)


@app.command(
    "run-all",
    epilog="Example: naru cohort run-all definitions/ --source duckdb:///cdm.duckdb?schema=cdm --out all.parquet",
)
def run_all(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="A folder of definitions; the files' names are the ids: numbers, or words."),
    ],
    source: SourceUrl,
    out: Out,
    in_place: InPlace = False,
    as_json: Json = False,
) -> None:
    """Run every definition of a folder in one pass over the data."""
    from flows import cohort_run
    from flows.home import home

    with show.steps(as_json):
        result = cohort_run.run_folder(home(), folder, source, out, in_place=in_place)
    _tell(result, as_json)


@app.command(
    "import",
    epilog="Example: naru cohort import --webapi https://atlas.example.org/WebAPI 1742 --out gi_bleed.json",
)
def import_(
    webapi: Annotated[str, typer.Option("--webapi", help="The WebAPI's address, as ATLAS uses it.")],
    number: Annotated[
        int | None,
        typer.Argument(
            metavar="ID", help="The definition's number in ATLAS; without it all that there are are listed."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="The definition's file; default ID.json. Its pins stand beside it.")
    ] = None,
    vocabulary: Annotated[
        str | None,
        typer.Option(
            "--vocabulary", help="Key of the source whose vocabulary resolves the sets; default: the WebAPI's."
        ),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option("--token-file", help="A file (mode 600) with a bearer token; default: NARU_WEBAPI_TOKEN, if set."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace files that stand there.")] = False,
    as_json: Json = False,
) -> None:
    """A definition from an ATLAS/WebAPI, with its concept sets resolved there and pinned (DEF.pins.json)."""
    from flows import cohort_import

    api = cohort_import.webapi(webapi, token_file)
    if number is None:
        with show.steps(as_json):
            lines = cohort_import.definitions(api)
        if as_json:
            show.as_json([asdict(line) for line in lines])
        else:
            show.table(("id", "name", "changed"), [(str(x.id), x.name, x.modified or "") for x in lines])
        return
    with show.steps(as_json):
        written = cohort_import.import_one(api, number, out, vocabulary, replace=replace)
    if as_json:
        show.as_json(written.to_json())
        return
    pins = written.pins
    show.text(
        f"{written.out}: {pins.definition.name} ({pins.definition.id}), changed {pins.definition.modified or '?'}"
    )
    show.text(f"{written.pinned}: resolved with {pins.vocabulary.source_key}, {pins.vocabulary.version}")
    show.table(("set", "name", "concepts"), [(str(x.id), x.name or "", len(x.concept_ids)) for x in pins.concept_sets])


@app.command("check", epilog="Example: naru cohort check def.json --source sample://gibleed --lang ko")
def check(
    definition: Definition,
    source: SourceUrl,
    lang: Annotated[str | None, typer.Option("--lang", help="ko or en; default: the locale's.")] = None,
    as_json: Json = False,
) -> None:
    """What is doubtful about a definition at this hospital: concepts, rules that can never match, pins. Ends with 1 on an error."""
    from flows import prose
    from flows.cohort_run import lint_one
    from flows.home import home

    spoken = prose.language(lang)
    findings = lint_one(home(), definition, source)
    if as_json:
        show.as_json([f.to_json() for f in findings])
    elif findings:
        show.table(("severity", "path", "finding"), [(f.severity, f.path, getattr(f, spoken)) for f in findings])
    else:
        show.text("nothing amiss")
    if any(f.severity == "error" for f in findings):
        raise Found


@app.command("why", epilog="Example: naru cohort why def.json --source sample://gibleed --person 42")
def why(
    definition: Definition,
    source: SourceUrl,
    person: Annotated[
        int, typer.Option("--person", help="A person_id of this database; the answer is for inside the hospital.")
    ],
    lang: Annotated[str | None, typer.Option("--lang", help="ko or en; default: the locale's.")] = None,
    as_json: Json = False,
) -> None:
    """Why a person is in a cohort or not: each of their events, which rule kept it out, what was found against what was asked."""
    from cohorts.why import lines
    from flows import prose
    from flows.cohort_run import why_one
    from flows.home import home

    spoken = prose.language(lang)
    told = why_one(home(), definition, source, person)
    if as_json:
        show.as_json(told.to_json())
        return
    for line in lines(told, spoken):
        show.text(line)


@app.command("test", epilog="Example: naru cohort test studies/gi_bleed/case.json")
def made_up_people(
    definition: Definition,
    people: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PEOPLE.yaml]",
            help="A file of made-up people and the entries expected; default: DEF.people.yaml beside it.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run a definition on made-up people: is everybody where the file expects them. Ends with 1 where one is not."""
    from flows.expectations import run_one

    shown = run_one(definition, people)
    amiss = [one.sentence for one in shown if one.sentence is not None]
    if as_json:
        show.as_json([one.to_json() for one in shown])
    else:
        for sentence in amiss:
            show.text(sentence)
        show.text(f"{len(shown) - len(amiss)} of {len(shown)} made-up people are where they are expected")
    if amiss:
        raise Found


@app.command("explain", epilog="Example: naru cohort explain def.json --lang ko")
def explain(
    definition: Definition,
    lang: Annotated[str | None, typer.Option("--lang", help="ko or en; default: the locale's.")] = None,
    as_json: Json = False,
) -> None:
    """A definition in Korean or English prose, as it is really evaluated: Markdown, or its sections and clauses as JSON."""
    from flows import prose

    told = prose.definition(definition, prose.language(lang))
    if as_json:
        show.as_json(told.to_json())
    else:
        show.text(told.markdown())


def _tell(result: Result, as_json: bool) -> None:
    if as_json:
        show.as_json(asdict(result))
        return
    show.text(
        f"{result.out}: {result.entries:,} entries of {result.people:,} people, {result.definitions:,} definition(s)"
    )
    if result.codes:
        more = f" and {len(result.codes) - SHOWN} more" if len(result.codes) > SHOWN else ""
        show.text(f"with the source codes of {', '.join(result.codes[:SHOWN])}{more}")
    if result.definitions == 1:
        for told in result.attrition.values():
            _show_attrition(told)


def _show_attrition(told: Mapping[str, Any]) -> None:
    """The rules in turn, with sex and age where they were asked for; then ATLAS's view: by the set of rules kept."""
    described = any(step.get("strata") for step in told["steps"])
    head = ("rule", "people", "entries", *(("women", "men", "under 20", "20-59", "60 and over") if described else ()))
    rows = [
        (step["rule"], step["people"], step["entries"], *(_described(step) if described else ()))
        for step in told["steps"]
    ]
    show.table(head, rows)
    combinations = told["combinations"]
    if combinations:
        show.text("By the rules that events keep (people: those whose best event keeps just these)")
        rows = [(", ".join(map(str, c["rules"])) or "none", c["people"], c["entries"]) for c in combinations[:SHOWN]]
        show.table(("rules kept", "people", "events"), rows)
        if len(combinations) > SHOWN:
            show.text(f"and {len(combinations) - SHOWN} more: --attrition FILE.json tells them all")


def _described(step: Mapping[str, Any]) -> tuple[int, ...]:
    """People of a step by sex, and by age where it is known."""
    strata = step.get("strata", [])
    ages = [(int(one["age"].split("-")[0]), one["people"]) for one in strata if one["age"]]
    return (
        *(sum(one["people"] for one in strata if one["gender_concept_id"] == sex) for sex in (_FEMALE, _MALE)),
        *(sum(people for age, people in ages if low <= age < high) for low, high in ((0, 20), (20, 60), (60, 999))),
    )
