"""A whole definition in words."""

from __future__ import annotations

from cohorts.expression.cohort import Expression
from cohorts.prose import appendix, entry, leaving, notes
from cohorts.prose.clauses import Document
from cohorts.prose.groups import Speaker
from cohorts.prose.names import names_of, one_line
from cohorts.prose.words import Lang

_UNTITLED = {"en": "Cohort definition", "ko": "코호트 정의"}


def document(expression: Expression, lang: Lang = "en", title: str | None = None) -> Document:
    """What a definition asks for, in plain Korean ('ko') or English ('en'), section by section.

    Every attribute that is given is said, as it is really evaluated: where ATLAS looks at something else than the author
    sees, both are said. title: what to call a definition that has no title itself.
    """
    names = names_of(expression)
    speaker = Speaker(lang, names)
    sections = [
        *entry.sections(expression, speaker),
        leaving.section(expression, speaker),
        notes.section(expression, lang),
        *appendix.sections(expression, names, lang),
    ]
    return Document(
        one_line(expression.title) or title or _UNTITLED[lang],
        tuple(section for section in sections if section is not None),
    )


def explain(expression: Expression, lang: Lang = "en", title: str | None = None, level: int = 1) -> str:
    """`document` as Markdown; level: how deep its title stands in the text around it."""
    return document(expression, lang, title).markdown(level)
