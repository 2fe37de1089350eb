"""What a WebAPI has: definitions, and what its vocabulary makes of their concept sets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cdm.errors import BadInput
from cohorts.expression import parse
from cohorts.expression.read import KINDS
from cohorts.expression.text import plain
from cohorts.pins import PinnedDefinition, PinnedSet, Pins, Vocabulary, sha256
from cohorts.pins import WebApi as PinnedWebApi
from flows import progress
from flows.webapi.client import Missing, WebApi

MAX_ID = 2**31 - 1
SHOWN = 1000


@dataclass(frozen=True)
class Imported:
    """A definition as the WebAPI has it. text: its expression as a JSON file."""

    text: str
    pins: Pins


@dataclass(frozen=True)
class Listed:
    """One line of the WebAPI's list of definitions."""

    id: int
    name: str
    modified: str | None


def listed(api: WebApi) -> list[Listed]:
    """The definitions that the WebAPI shows us, by id. Raises as `WebApi`."""
    _version(api)
    found = api.get("cohortdefinition", "list of cohort definitions")
    if not isinstance(found, list) or not all(isinstance(one, dict) and _is_id(one.get("id")) for one in found):
        raise _no_webapi(api)
    lines = [Listed(one["id"], _text(one.get("name")) or "", _when(one)) for one in found]
    return sorted(lines, key=lambda line: line.id)


def fetch(api: WebApi, number: int, vocabulary: str | None = None) -> Imported:
    """A definition with its sets resolved. vocabulary: the source whose vocabulary resolves them, else the WebAPI's own choice.

    Raises as `WebApi`; BadInput where it is no WebAPI, the definition is none that we read (with its JSON path), or a
    concept set cannot be resolved.
    """
    if not 0 <= number <= MAX_ID:
        raise BadInput(f"{number} is no id of a cohort definition; give the number that ATLAS shows")
    version = _version(api)
    what = f"cohort definition {number}"
    found = api.get(f"cohortdefinition/{number}", what)
    if not isinstance(found, dict) or "expression" not in found:
        raise _no_webapi(api)
    where = f"{api.url}: {what}"
    wrapped = json.dumps({"expression": found["expression"]})
    raw, _ = plain(wrapped, where, KINDS)
    parse(wrapped, where)
    source = vocabulary or _preferred(api)
    pins = Pins(
        definition=PinnedDefinition(
            id=number, name=_text(found.get("name")) or "", modified=_when(found), sha256=sha256(raw)
        ),
        webapi=PinnedWebApi(url=api.url, version=version),
        vocabulary=Vocabulary(source_key=source, version=_vocabulary(api, source)),
        concept_sets=tuple(_resolved(api, source, raw.get("ConceptSets") or [])),
        resolved_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    return Imported(json.dumps(raw, ensure_ascii=False, indent=2) + "\n", pins)


def _no_webapi(api: WebApi) -> BadInput:
    return BadInput(f"{api.url}: is no WebAPI; give an address such as https://HOST/WebAPI")


def _version(api: WebApi) -> str:
    try:
        info = api.get("info", "info")
    except Missing:
        raise _no_webapi(api) from None
    version = info.get("version") if isinstance(info, dict) else None
    if not _text(version):
        raise _no_webapi(api)
    build = info.get("buildInfo")
    artifact = _text(build.get("artifactVersion")) if isinstance(build, dict) else None
    return f"{_text(version)} ({artifact})" if artifact else str(_text(version))


def _preferred(api: WebApi) -> str:
    """The source whose vocabulary ATLAS searches: older and smaller WebAPIs only say it by the daimons' priorities."""
    try:
        found = api.get("source/priorityVocabulary", "preferred vocabulary")
        if isinstance(found, dict) and _is_key(found.get("sourceKey")):
            return str(found["sourceKey"])
    except Missing:
        pass
    sources = api.get("source/sources", "list of sources")
    ranked = sorted(
        (-priority, str(source["sourceKey"]))
        for source in (sources if isinstance(sources, list) else [])
        if isinstance(source, dict) and _is_key(source.get("sourceKey"))
        for priority in _priorities(source)
    )
    if not ranked:
        raise BadInput(
            f"{api.url}: has no source with a vocabulary; say which one resolves concept sets with --vocabulary"
        )
    return ranked[0][1]


def _priorities(source: dict[str, Any]) -> list[int]:
    daimons = source.get("daimons")
    return [
        daimon["priority"] if isinstance(daimon.get("priority"), int) else 0
        for daimon in (daimons if isinstance(daimons, list) else [])
        if isinstance(daimon, dict) and daimon.get("daimonType") == "Vocabulary"
    ]


def _vocabulary(api: WebApi, source: str) -> str:
    if not _is_key(source):
        raise BadInput(f"--vocabulary {source}: has to be the key of a source in that WebAPI")
    try:
        info = api.get(f"vocabulary/{source}/info", f"vocabulary of source {source}")
    except Missing:
        raise BadInput(f"{api.url}: has no source {source}; give the key of one with --vocabulary") from None
    version = _text(info.get("version")) if isinstance(info, dict) else None
    if version is None:
        raise BadInput(f"{api.url}: does not say which version the vocabulary of source {source} has")
    return version


def _resolved(api: WebApi, source: str, sets: list[dict[str, Any]]) -> list[PinnedSet]:
    found = []
    for position, one in enumerate(sets):
        name = _text(one.get("name"))
        what = f"concept set {one['id']}{f' ({name})' if name else ''}"
        progress.tell("concept sets", "begun", what, position / len(sets))
        ids = _ids(api, source, what, one["expression"]) if one["expression"]["items"] else []
        found.append(PinnedSet(id=one["id"], name=name, concept_ids=tuple(sorted(set(ids)))))
    progress.tell("concept sets", "done", f"{len(sets):,}")
    return found


def _ids(api: WebApi, source: str, what: str, expression: object) -> list[int]:
    try:
        ids = api.post(f"vocabulary/{source}/resolveConceptSetExpression", what, expression)
    except BadInput as error:
        raise type(error)(f"{error} (its vocabulary {source} cannot resolve this set)") from None
    if not isinstance(ids, list) or not all(_is_id(one, 2**63 - 1) for one in ids):
        raise BadInput(
            f"{api.url}: its vocabulary {source} answers {what} with something else than a list of concept ids"
        )
    return ids


def _is_id(given: object, most: int = MAX_ID) -> bool:
    return type(given) is int and 0 <= given <= most


def _is_key(given: object) -> bool:
    """A source's key goes into a path, so it must not be able to leave it."""
    return (
        isinstance(given, str)
        and given.replace("-", "").replace("_", "").isalnum()
        and given.isascii()
        and len(given) <= 50
    )


def _text(given: object) -> str | None:
    """A text of the WebAPI's, on one line and without what cannot be shown."""
    if not isinstance(given, str):
        return None
    return "".join(sign if sign.isprintable() else " " for sign in given).strip()[:SHOWN] or None


def _when(given: dict[str, Any]) -> str | None:
    """When a definition was last changed: milliseconds since 1970 become UTC, a text stays as the WebAPI wrote it."""
    moment = given.get("modifiedDate") or given.get("createdDate")
    if type(moment) is int and 0 < moment < 10**14:
        return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return _text(moment)
