"""naru publish, releases, pull, verify: a release on its way to a startup."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli import show
from flows.cli.codes import Found
from flows.cli.options import Actor, Json, acting

ReleaseName = Annotated[str, typer.Argument(metavar="RELEASE", help="A release's name (naru releases).")]


def publish(release: ReleaseName, as_json: Json = False) -> None:
    """Publish what the board approved; the digest is computed from the files and the authority asked for again.

    Example: naru publish gi_bleed-gibleed-haneul-1.0.0
    """
    from flows.home import home
    from flows.prefect_runtime import prepare

    place = home().make()
    prepare(place)
    from flows.publish import publish as flow

    with show.steps(as_json):
        result = flow(release, str(place.root))
    if as_json:
        show.as_json(result)
    else:
        show.text(f"{result['release']}: {result['state']}; {result['store']}")


def releases(as_json: Json = False) -> None:
    """The published releases in the store. Example: naru releases --json"""
    from extract import store
    from flows.home import home

    place = home().make()
    found = store.list_releases(place.store)
    if as_json:
        show.as_json([{"release": r.name, "version": r.version, "digest": r.digest, "bytes": r.bytes} for r in found])
    elif found:
        show.table(("release", "version", "digest", "bytes"), [(r.name, r.version, r.digest, r.bytes) for r in found])
    else:
        show.text("nothing is published yet")


def pull(
    release: ReleaseName,
    to: Annotated[
        Path | None, typer.Option("--to", help="The folder to make; default NARU_HOME/startup/RELEASE.")
    ] = None,
    accept_terms: Annotated[
        bool, typer.Option("--accept-terms", help="Accept the terms of use, which are printed.")
    ] = False,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="ADDRESS",
            help="Where it was delivered: a folder, s3://BUCKET/PREFIX, https://HOST/PATH; no board is asked.",
        ),
    ] = None,
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Receive a release that you were granted, and verify every byte of it. An interrupted pull goes on where it stopped.

    With --from it is fetched sealed, opened with your key (naru key new) and held against the keys that you trust
    (naru key trust); unsigned, unapproved, expired and recalled releases are refused.

    Example: naru pull gi_bleed-gibleed-haneul-1.0.0 --to data/gi_bleed --accept-terms --as haneul_kim
    """
    from flows import pull as pulling
    from flows.home import home

    place = home().make()
    if accept_terms and source is None and not as_json:
        shown = pulling.terms(place, release)
        show.text(shown["ko"])
        show.text(shown["en"])
    with show.steps(as_json):
        result = (
            pulling.pull(place, release, to, acting(actor), accept_terms)
            if source is None
            else pulling.pull_from(place, release, source, to)
        )
    if as_json:
        show.as_json(result)
    else:
        show.text(
            f"{result['release']}: {result['files']:,} files, {result['bytes']:,} bytes, every byte verified; {result['folder']}"
        )


def diff(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="The folder of an earlier version.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="The folder of a later version.")],
    threshold: Annotated[int, typer.Option("--threshold", min=1, help="The smallest number told; at least ten.")] = 10,
    as_json: Json = False,
) -> None:
    """What changed between two versions of a release, and why; small numbers are withheld. docs/CHANGES.md is the same.

    People, rows, columns, codes, means and missing values, each by cause; what the hospital recorded when it built the later
    version is told again. Without that, causes are those that the manifests tell, and who withdrew is known in the hospital only.

    Example: naru diff data/gi_bleed-1.0.0 data/gi_bleed-1.1.0
    """
    from extract.manifest import read_manifest
    from flows.changes import markdown
    from flows.diff import diff as compare
    from flows.home import home
    from flows.withdrawals import withdrawn_subjects

    manifest = read_manifest(before)
    gone = withdrawn_subjects(home(), manifest.site_id, manifest.release)
    changes = compare(before, after, threshold, gone)
    if as_json:
        show.as_json(changes.to_json())
    else:
        show.text(markdown(changes))


def verify(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a release.")],
    unsigned: Annotated[
        bool, typer.Option("--unsigned", help="Also accept a package that was built and not yet published.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Verify a release: every byte, every signature, nothing missing, nothing added. No network.

    Example: naru verify data/gi_bleed
    """
    from flows import pull as pulling
    from flows.home import home

    report = pulling.check(home(), folder, require_signature=not unsigned)
    if as_json:
        show.as_json(report.to_json())
    elif report.ok:
        show.text(f"{report.release}: {report.files:,} files, {report.bytes:,} bytes verify; digest {report.digest}")
    else:
        for finding in report.findings:
            show.text(f"{finding.file}: {finding.what}")
    if not report.ok:
        raise Found
