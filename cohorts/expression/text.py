"""From a file to plain JSON. What is wrong with the text itself is said here, in one sentence with its place.

Every check costs little on a sound definition and bounds what a broken one can cost: a text is read up to its limit
only, its parts are counted before it is parsed, and only where something odd was seen are its texts looked at one by one.
"""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from cdm.errors import BadInput
from cohorts.expression.base import MAX_CRITERIA
from cohorts.expression.paths import Steps, json_path

MAX_BYTES = 64_000_000  # 60,000 concepts as ATLAS writes them are 45 MB
MAX_PARTS = 1_500_000  # and one million parts
MAX_DEPTH = 60
MAX_KEYS = 200
MAX_TEXT = 100_000

_PART = "[{,"
# C0 but tab, line feed, carriage return; C1; marks that turn the order of a text around; halves of a pair.
_UNSHOWABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_ESCAPED = re.compile(
    r"\\u(?:00(?:0[0-8bcef]|1[0-9a-f]|7f|[89][0-9a-f])|20(?:2[a-e])|206[6-9]|d[89a-f])|\\[bf]"
    "|[\x7f-\x9f\u202a-\u202e\u2066-\u2069]",
    re.IGNORECASE,
)


class _Repeated(dict[str, Any]):
    """An object that has a key more than once."""

    key: str


@dataclass
class _Seen:
    """What was seen while a text was parsed. odd: some object or text has to be looked at."""

    kinds: frozenset[str]
    odd: bool = False
    criteria: int = 0

    def object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """Called for every object of the text."""
        found = dict(pairs)
        if len(found) < len(pairs):
            found = _Repeated(found)
            found.key = _repeated(pairs)
            self.odd = True
        if len(pairs) == 1 and pairs[0][0] in self.kinds:
            self.criteria += 1
        if len(pairs) > MAX_KEYS or any(type(value) is str and len(value) > MAX_TEXT for _, value in pairs):
            self.odd = True
        return found


def _repeated(pairs: list[tuple[str, Any]]) -> str:
    known: set[str] = set()
    for key, _ in pairs:
        if key in known:
            return key
        known.add(key)
    raise AssertionError


def content(path: Path) -> str:
    """The text of a file. Raises `BadInput`; never reads more than a definition may have, nor waits for a pipe."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            what = "a folder" if path.is_dir() else "no regular file"
            raise BadInput(f"{path}: is {what}; give the JSON file of a cohort definition")
        with path.open("rb") as file:
            found = file.read(MAX_BYTES + 1)
        if len(found) > MAX_BYTES:
            raise BadInput(_too_big(str(path)))
        return found.decode("utf-8-sig")
    except OSError as error:
        raise BadInput(
            f"{path}: cannot be read ({error.strerror}); give the JSON file of a cohort definition"
        ) from None
    except ValueError as error:
        place = f"byte {error.start}" if isinstance(error, UnicodeDecodeError) else "its name"
        raise BadInput(f"{path}: is not UTF-8 text ({place}); save it as UTF-8, or export it again") from None


def plain(text: str, where: str, kinds: frozenset[str]) -> tuple[Any, str]:
    """The JSON of a definition, and its root: ATLAS files are bare, others wrap the expression, sometimes as a text.

    where: names the text's origin in messages. kinds: the keys that make an object a criterion. Raises `BadInput`.
    """
    given = _sound(text, where, "$", kinds)
    if isinstance(given, dict) and "expression" in given and "PrimaryCriteria" not in given:
        inner, root = given["expression"], "$.expression"
        return (_sound(inner, where, root, kinds) if isinstance(inner, str) else inner), root
    return given, "$"


def _sound(text: str, where: str, root: str, kinds: frozenset[str]) -> Any:
    if len(text) > MAX_BYTES:
        raise BadInput(_too_big(where))
    if not text.strip():
        raise BadInput(f"{_at(where, root)}: is empty; export the definition again")
    if sum(map(text.count, _PART)) > MAX_PARTS:
        raise BadInput(
            f"{where}: {root} has more than {MAX_PARTS:,} parts; use descendants instead of long concept lists"
        )
    seen = _Seen(kinds, odd=_ESCAPED.search(text) is not None)
    given = _load(text, where, root, seen)
    _limit_depth(given, where, root)
    if seen.odd and (odd := next(_odd(given, ()), None)):
        steps, said = odd
        raise BadInput(f"{where}: {json_path(root, steps)} {said}")
    if seen.criteria > MAX_CRITERIA:
        raise BadInput(
            f"{where}: {root} has {seen.criteria:,} criteria; at most {MAX_CRITERIA:,} are accepted: "
            "put concepts that are asked for alike into one concept set"
        )
    return given


def _at(where: str, root: str) -> str:
    return where if root == "$" else f"{where}: {root}"


def _too_big(where: str) -> str:
    return (
        f"{where}: has more than {MAX_BYTES / 1e6:.0f} MB, which is the most that a cohort definition may have; "
        "use descendants instead of long concept lists"
    )


def _no_constant(name: str) -> NoReturn:
    raise BadInput(f"holds {name}, which is no number of JSON")


def _load(text: str, where: str, root: str, seen: _Seen) -> Any:
    at = _at(where, root)
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=seen.object)
    except json.JSONDecodeError as error:
        raise BadInput(
            f"{at}:{error.lineno}:{error.colno}: is not JSON ({error.msg}); export the definition again"
        ) from None
    except BadInput as error:
        raise BadInput(f"{at}: {error}") from None
    except RecursionError:
        raise BadInput(f"{at}: is nested too deeply for a cohort definition") from None
    except ValueError:
        raise BadInput(f"{at}: holds a number of too many digits") from None


def _limit_depth(given: Any, where: str, root: str) -> None:
    level, depth = [given], 0
    while level:
        if depth > MAX_DEPTH:
            raise BadInput(f"{where}: {root} is nested more than {MAX_DEPTH} levels deep; simplify its groups")
        level = [child for node in level for child in _children(node) if isinstance(child, dict | list)]
        depth += 1


def _children(node: Any) -> Any:
    return node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()


def _odd(node: Any, steps: Steps) -> Iterator[tuple[Steps, str]]:
    """Where and what is odd, in the order of the text."""
    if isinstance(node, _Repeated):
        yield steps, f"has the key {json.dumps(node.key[:60])} more than once; keep one"
    if isinstance(node, dict):
        if len(node) > MAX_KEYS:
            yield steps, f"has {len(node):,} keys; no part of a cohort definition has more than {MAX_KEYS}"
        for key, value in node.items():
            yield from _odd_text(key, (*steps, key))
            yield from _odd(value, (*steps, key))
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from _odd(value, (*steps, position))
    elif isinstance(node, str):
        yield from _odd_text(node, steps)


def _odd_text(text: str, steps: Steps) -> Iterator[tuple[Steps, str]]:
    if steps == ("expression",):
        return  # a whole definition as a text: looked at when it is parsed
    if len(text) > MAX_TEXT:
        yield steps, f"is a text of {len(text):,} characters; at most {MAX_TEXT:,} are accepted"
    if found := _UNSHOWABLE.search(text):
        yield steps, f"holds the character U+{ord(found[0]):04X}, which cannot be shown; remove it"
