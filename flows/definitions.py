"""Which definitions a folder holds, and under which ids their cohorts stand.

A file's name without `.json` is the cohort's id. OHDSI's cohort table has whole numbers there; a folder may name its
definitions by words instead, but not both: one stray file would turn the ids of all others from numbers into texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cdm.errors import BadInput, DefinitionRefused
from cohorts import pins

MAX_ID = 2**63 - 1


def found_in(folder: Path) -> dict[str, Path]:
    """Id -> file of every definition in a folder: by number, or in the order of the names.

    Hidden files and pins are left out, links are followed. Raises BadInput where there is none, or where ids clash or are mixed.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder; name a folder of cohort definitions (*.json)")
    try:
        files = sorted(file for file in folder.iterdir() if _is_definition(file))
    except OSError as error:
        raise BadInput(f"{folder}: cannot be read ({error.strerror})") from None
    if not files:
        raise BadInput(f"{folder}: holds no *.json; name a folder of cohort definitions")
    numbered = [file for file in files if _is_number(file)]
    if numbered and len(numbered) < len(files):
        word = next(file for file in files if file not in numbered)
        raise BadInput(
            f"{folder}: {numbered[0].name} is named by a number and {word.name} by a word; name all definitions by "
            "numbers (they become whole-number ids) or all by words"
        )
    return _by_id(folder, sorted(numbered, key=lambda file: (int(file.stem), file.name)) if numbered else files)


def id_of(file: Path) -> str:
    """The id of one definition run by itself: its number, else 1."""
    return str(_id(file)) if _is_number(file) else "1"


def _is_definition(file: Path) -> bool:
    return file.suffix.lower() == ".json" and not file.name.startswith(".") and not file.name.endswith(pins.ENDING)


def _is_number(file: Path) -> bool:
    return file.stem.isascii() and file.stem.isdigit()


def _id(file: Path) -> int:
    if len(file.stem) > 30 or int(file.stem) > MAX_ID:
        raise BadInput(f"{file}: the number in its name is too large for an id; at most {MAX_ID} is accepted")
    return int(file.stem)


def _by_id(folder: Path, files: list[Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for file in files:
        name = str(_id(file)) if _is_number(file) else file.stem
        if name in found:
            raise BadInput(f"{folder}: {found[name].name} and {file.name} have the same id, {name}; rename one")
        found[name] = file
    return found


@contextmanager
def by_file(files: Mapping[str, Path]) -> Iterator[None]:
    """Say of a definition that was refused in which file it stands."""
    try:
        yield
    except DefinitionRefused as refused:
        if refused.definition not in files:
            raise
        raise BadInput(f"{files[refused.definition]}: {refused.said}") from None
