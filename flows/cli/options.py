"""Options that several verbs share, and their types."""

from __future__ import annotations

import getpass
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from cdm.errors import BadInput

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
SiteId = Annotated[str, typer.Option("--site", help="A registered hospital (naru site list).")]
StudyFile = Annotated[
    Path, typer.Argument(metavar="STUDY", help="A study file, e.g. studies/gi_bleed/study.yaml.", show_default=False)
]
Actor = Annotated[
    str | None,
    typer.Option(
        "--as",
        help="Who acts, as the board knows them; default: NARU_USER, else your login name.",
        show_default=False,
    ),
]


def acting(actor: str | None) -> str:
    """Who acts: --as, NARU_USER, or the login name."""
    try:
        return actor or os.environ.get("NARU_USER") or getpass.getuser()
    except (OSError, KeyError):
        raise BadInput("who acts is not known; say it with --as PERSON or NARU_USER") from None


Chosen = TypeVar("Chosen", bound=StrEnum)


def choice(kind: type[Chosen], given: str, option: str) -> Chosen:
    """One of the names of an enumeration, in any case. Raises BadInput listing what is accepted."""
    for member in kind:
        if member.value.lower() == given.lower().replace("-", "_"):
            return member
    raise BadInput(f"{option} {given}: accepted are {', '.join(member.value for member in kind)}")


def pairs(given: list[str] | None, option: str) -> dict[str, str]:
    """KEY=TEXT options as a mapping. Raises BadInput."""
    found: dict[str, str] = {}
    for one in given or ():
        key, equals, text = one.partition("=")
        if not (key and equals and text.strip()):
            raise BadInput(f"{option} {one}: write KEY=TEXT")
        found[key] = text
    return found
