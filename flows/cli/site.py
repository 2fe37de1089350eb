"""naru site: register hospitals and look whether their CDM is one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from flows.cli import show
from flows.cli.codes import Found
from flows.cli.options import Json

ADD = (
    "naru site add seoul01 --source 'postgresql://naru@db/cdm?schema=cdm' --name-ko 서울병원 --name-en 'Seoul Hospital'"
)
SOURCE = (
    "The CDM's address: duckdb:///f.duckdb?schema=cdm, parquet:///folder, postgresql://user@host/db?schema=cdm, "
    "sample://gibleed, sample://synthea1k, synthetic://NAME?persons=50000&seed=1."
)
app = typer.Typer(no_args_is_help=True, help="Register hospitals and check their databases.")


@app.command(
    "add",
    epilog=f"Example: {ADD}",
)
def add(
    site_id: Annotated[str, typer.Argument(metavar="ID", help="A short name: small letters, digits, _ and -.")],
    source: Annotated[
        str,
        typer.Option(
            "--source",
            help=SOURCE,
        ),
    ],
    name_ko: Annotated[str, typer.Option("--name-ko", help="The hospital's name in Korean.")],
    name_en: Annotated[str, typer.Option("--name-en", help="The hospital's name in English.")],
    threshold: Annotated[
        int, typer.Option("--threshold", help="The smallest count that this hospital gives away.")
    ] = 10,
    min_k: Annotated[
        int, typer.Option("--min-k", help="The smallest equivalence class that this hospital releases.")
    ] = 5,
    memory: Annotated[
        str | None,
        typer.Option("--memory", help="What one extraction may use, e.g. 4GB; beyond it spills to disk."),
    ] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="The hospital's own de-identification policy; it may only tighten.")
    ] = None,
    known_names: Annotated[
        Path | None,
        typer.Option(
            "--known-names",
            help="Names of patients and staff (Parquet or CSV: person_id, name), looked for in notes that may leave.",
        ),
    ] = None,
    contact: Annotated[
        str | None, typer.Option("--contact", help="Whom a startup asks; stands in every package.")
    ] = None,
    threads: Annotated[int | None, typer.Option("--threads", help="How many threads one extraction may use.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Change a hospital that is registered already.")] = False,
    as_json: Json = False,
) -> None:
    """Register a hospital, after its database has been opened once (passwords come from PGPASSWORD or ~/.pgpass)."""
    from flows import sites
    from flows.home import home

    values: dict[str, Any] = {
        "id": site_id,
        "source": source,
        "name": {"ko": name_ko, "en": name_en},
        "threshold": threshold,
        "min_k": min_k,
        "memory": memory,
        "threads": threads,
        "policy": str(policy.absolute()) if policy else None,
        "known_names": str(known_names.absolute()) if known_names else None,
    }
    if contact:
        values["contact"] = contact  # fmt: skip
    site, changed, release = sites.add(home(), values, replace)
    if as_json:
        show.as_json({"site": site.model_dump(mode="json"), "changed": changed, "cdm": release})
    else:
        show.text(f"{site.id}: {'registered' if changed else 'stands already, nothing changed'}; CDM {release['cdm_version']}, "
                  f"{release['cdm_source_name']}, vocabulary {release['vocabulary_version'] or 'not stated'}")  # fmt: skip


@app.command("list", epilog="Example: naru site list --json")
def list_(as_json: Json = False) -> None:
    """The registered hospitals."""
    from flows.home import home
    from flows.site import listed

    sites = listed(home())
    if as_json:
        show.as_json([site.model_dump(mode="json") for site in sites])
    elif sites:
        show.table(("site", "이름", "name", "source", "threshold", "min k"),
                   [(s.id, s.name.ko, s.name.en, s.source, s.threshold, s.min_k) for s in sites])  # fmt: skip
    else:
        show.text("no site is registered yet; add one with: naru site add ID --source URL --name-ko .. --name-en ..")


@app.command("check", epilog="Example: naru site check seoul01")
def check(site_id: Annotated[str, typer.Argument(metavar="ID")], as_json: Json = False) -> None:
    """Open a hospital's database and tell whether it is a CDM that studies can run on. Ends with 1 where something is amiss."""
    from flows import sites
    from flows.home import home

    found = sites.check(home(), site_id)
    if as_json:
        show.as_json(found)
    else:
        show.text(f"{site_id}: CDM {found['cdm']['cdm_version']}, {found['cdm']['cdm_source_name']}, vocabulary "
                  f"{found['cdm']['vocabulary_version'] or 'not stated'}")  # fmt: skip
        if found["findings"]:
            show.table(("severity", "check", "expected (found; limit)"),
                       [(f["severity"], f["check"], f["message"]["ko" if show.korean() else "en"]) for f in found["findings"]])  # fmt: skip
        else:
            show.text("nothing amiss")
    if any(f["severity"] == "block" for f in found["findings"]):
        raise Found


PeopleFile = Annotated[
    str,
    typer.Option(
        "--people", metavar="FILE", help="person_id, one a line; - reads standard input. Never on the command line."
    ),
]


@app.command("holds", epilog="Example: naru site holds seoul01 --people asked.txt")
def holds(site_id: Annotated[str, typer.Argument(metavar="ID")], people: PeopleFile, as_json: Json = False) -> None:
    """Which releases hold these people? Answered inside the hospital alone; people are named by their line in the file."""
    from flows import withdrawals
    from flows.home import home

    found = withdrawals.holding(home(), site_id, withdrawals.read_ids(_text(people)))
    if as_json:
        show.as_json([{"line": n, "releases": names} for n, names in enumerate(found, 1)])
        return
    show.table(("line", "releases"), [(n, ", ".join(names) or "-") for n, names in enumerate(found, 1)])


@app.command("withdraw", epilog="Example: naru site withdraw seoul01 --people withdrew.txt --yes")
def withdraw(
    site_id: Annotated[str, typer.Argument(metavar="ID")],
    people: PeopleFile,
    yes: Annotated[bool, typer.Option("--yes", help="Really: they are left out of every later version.")] = False,
    as_json: Json = False,
) -> None:
    """Note patients who withdrew: from the next version on they are left out, and its base is written anew."""
    from cdm.errors import BadInput
    from flows import withdrawals
    from flows.home import home

    ids = withdrawals.read_ids(_text(people))
    if not yes:
        raise BadInput("a withdrawal cannot be taken back; say --yes")
    new = withdrawals.withdraw(home(), site_id, ids)
    releases = sorted({name for names in withdrawals.holding(home(), site_id, ids) for name in names})
    if as_json:
        show.as_json({"noted": new, "releases": releases})
        return
    show.text(f"{site_id}: {new} noted anew; releases that hold one of them: {', '.join(releases) or 'none'}")
    if releases:
        show.text(
            "extract them again for a version without these people; whether the old ones are recalled is for the board"
        )


def _text(path: str) -> str:
    import sys
    from pathlib import Path

    from cdm.errors import BadInput

    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise BadInput(
            f"--people {path}: cannot be read as text; a file with one person_id a line is expected"
        ) from None


@app.command(
    "destroy-keys", epilog="Example: naru site destroy-keys seoul01 --study gi_bleed --case case-2026-0001 --yes"
)
def destroy_keys(
    site_id: Annotated[str, typer.Argument(metavar="ID")],
    study: Annotated[str, typer.Option("--study", help="The study's id.")],
    case: Annotated[str, typer.Option("--case", help="The case under which it was extracted.")],
    yes: Annotated[bool, typer.Option("--yes", help="Really: it cannot be undone.")] = False,
) -> None:
    """Destroy a grant's keys for ever: nobody, the hospital included, can undo or renew its pseudonyms then."""
    from flows import sites
    from flows.home import home

    sites.destroy_keys(home(), site_id, study, case, yes)
    show.text(f"{site_id}: the keys of study '{study}' for case '{case}' are destroyed")
