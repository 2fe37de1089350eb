"""Concept sets as ATLAS writes them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from cohorts.expression.base import CodesetRef, Concept, Entries, Flag


class _CamelModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)


class ConceptSetItem(_CamelModel):
    """One concept of a set, with what comes along with it, or is taken out."""

    concept: Concept
    is_excluded: Flag = False
    include_descendants: Flag = False
    include_mapped: Flag = False


class ConceptSetExpression(_CamelModel):
    """The items of a set: included ones less excluded ones."""

    items: Entries[ConceptSetItem]


class ConceptSet(_CamelModel):
    """A named set; `id` is what CodesetId refers to."""

    id: CodesetRef
    name: str | None = None
    expression: ConceptSetExpression
