"""A file of source codes beside a definition: read strictly, and joined with the definition's concept sets."""

from __future__ import annotations

from pathlib import Path

from cdm.errors import BadInput
from cohorts.codes import ENDING, SourceCodes, mismatches, with_codes
from cohorts.expression import Expression
from flows import yaml_file

WHAT = "file of source codes"


def beside(definition: Path) -> Path:
    """Where the source codes of a definition stand, if it has some."""
    return definition.with_name(definition.stem + ENDING)


def joined(expression: Expression, file: Path) -> Expression:
    """The definition with the codes of a file. Raises BadInput naming file, line, key, and what is accepted."""
    document = yaml_file.read(file, WHAT)
    given = yaml_file.validate(document, SourceCodes, WHAT)
    told = [
        f"{file}:{document.line(('concept_sets', one.key))}: concept_sets.{one.key}: {one.said}"
        for one in mismatches(expression, given)
    ]
    if told:
        raise BadInput("\n".join(told))
    return with_codes(expression, given)
