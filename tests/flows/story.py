"""A study on its way, with everything that somebody may try on it and must not succeed in.

One home takes the whole way; another only extracts, with the same keys and another number of threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.demo import cast
from flows.home import Home
from tests.flows.commands import Ended, Ready
from tests.flows.hospital import approved_case, gather, site_arguments
from tests.flows.server import PrefectServer

FIRST, SECOND = cast.REVIEWERS
RELEASES = {"gi_bleed": "gi_bleed-gibleed-haneul-1.0.0", "deterioration": "deterioration-hanbit-haneul-1.0.0"}


@dataclass(frozen=True)
class World:
    """home: where the whole way was gone. other: where only extraction was. told: how each step ended, by its name.

    hospital: the synthetic hospital's folder. raw: seen in the run's folder while the stages ran.
    """

    run: Ready
    server: PrefectServer
    home: Home
    other: Home
    hospital: Path
    studies: Mapping[str, Path]
    sources: Mapping[str, str]
    told: Mapping[str, Ended]

    def built(self, step: str) -> dict[str, Any]:
        """What `naru extract --json` said in a step."""
        found: dict[str, Any] = self.told[step].json()
        return found

    def pulled(self, study: str) -> Path:
        """Where the startup has what it pulled."""
        return self.home.startup / RELEASES[study]


def play(run: Ready, home: Home, studies: Mapping[str, Path], sources: Mapping[str, str]) -> dict[str, Ended]:
    """The whole way of both studies. Returns how each step ended."""
    told: dict[str, Ended] = {}

    def do(step: str, *arguments: object) -> Ended:
        told[step] = run(home.root, *arguments)
        return told[step]

    def review(what: str, person: str, release: str, digest: str, *more: object) -> Ended:
        return do(what, "board", "release", more[0], release, "--digest", digest, *more[1:], "--as", person)

    gather(home)
    gi, det = RELEASES["gi_bleed"], RELEASES["deterioration"]
    add = site_arguments("gibleed", sources["gibleed"], "--threads", 2, "--contact", "old@gibleed.example")
    do("register", *add)
    do("register hanbit", *site_arguments("hanbit", sources["hanbit"], "--threads", 2))
    extract = ("extract", studies["gi_bleed"], "--site", "gibleed", "--as", "gibleed_both", "--json")
    do("extract without a case", *extract)
    approved_case(home, studies["gi_bleed"], "gibleed")
    approved_case(home, studies["deterioration"], "hanbit")
    old = do("extract", *extract).json()["manifest_digest"]
    do("publish before approval", "publish", gi)
    review("vote for the old package", FIRST, gi, old, "vote", "--choice", "approve")

    # The hospital's contact stands in the package, so its bytes change; what it was made of does not, nor its name.
    do("new contact by mistake", *add[:-1], "new@gibleed.example")
    do("new contact", *add[:-1], "new@gibleed.example", "--replace")
    new = do("extract with a new contact", *extract).json()["manifest_digest"]
    do("extract again", *extract)
    review("vote by the author", "gibleed_both", gi, new, "vote", "--choice", "approve")
    review("vote for an older digest", FIRST, gi, old, "vote", "--choice", "approve")
    review("vote by the applicant", cast.APPLICANT, gi, new, "vote", "--choice", "approve")
    review("first vote", FIRST, gi, new, "vote", "--choice", "approve")
    review("second vote of the same", FIRST, gi, new, "vote", "--choice", "approve")
    review("approve after one vote", cast.SECRETARY, gi, new, "approve")
    review("second vote", SECOND, gi, new, "vote", "--choice", "approve")
    do("publish after votes alone", "publish", gi)
    review("approve an older digest", cast.SECRETARY, gi, old, "approve")
    review("approve by a reviewer", FIRST, gi, new, "approve")
    review("approve", cast.SECRETARY, gi, new, "approve")
    do("pull before publication", "pull", gi, "--as", cast.APPLICANT)
    do("publish", "publish", gi, "--json")
    do("publish again", "publish", gi, "--json")
    do("pull without accepting the terms", "pull", gi, "--as", cast.APPLICANT)
    do("pull by a stranger", "pull", gi, "--accept-terms", "--as", "member_lim")
    do("pull", "pull", gi, "--accept-terms", "--as", cast.APPLICANT)
    do("pull again", "pull", gi, "--as", cast.APPLICANT, "--json")

    hanbit = ("extract", studies["deterioration"], "--site", "hanbit", "--as", "hanbit_data", "--json")
    digest = do("extract hanbit", *hanbit).json()["manifest_digest"]
    for reviewer in cast.REVIEWERS:
        review(f"hanbit: vote {reviewer}", reviewer, det, digest, "vote", "--choice", "approve")
    review("hanbit: approve", cast.SECRETARY, det, digest, "approve")
    do("hanbit: publish", "publish", det)
    do("hanbit: pull", "pull", det, "--accept-terms", "--as", cast.APPLICANT)
    do("releases", "releases", "--json")
    do("ledger", "ledger", "verify")
    return told


def extract_elsewhere(
    run: Ready, home: Home, studies: Mapping[str, Path], sources: Mapping[str, str]
) -> dict[str, Ended]:
    """The same extractions in a home of their own, with one thread."""
    gather(home)
    contact = {"gibleed": ("--contact", "new@gibleed.example"), "hanbit": ()}
    told: dict[str, Ended] = {}
    for study, site, author in (("gi_bleed", "gibleed", "gibleed_data"), ("deterioration", "hanbit", "hanbit_data")):
        run.ok(home.root, *site_arguments(site, sources[site], "--threads", 1, *contact[site]))
        approved_case(home, studies[study], site)
        told[f"elsewhere {study}"] = run(home.root, "extract", studies[study], "--site", site, "--as", author, "--json")
    return told
