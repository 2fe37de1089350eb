"""Valid definitions with something broken at random places: dropped, replaced, wrapped, moved, renamed, made absurd."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from tests.cohorts.strategies import expressions

Json = Any
Place = tuple[Any, str | int]

ABSURD: list[Json] = [
    None, True, False, 0, 1, -1, 2, 0.5, 1e308, -1e308, 1e-320, 10**9, -(10**9), 10**6, -(10**6), 999_999, 2**31 - 1, -(2**31),
    2**31, 2**63, 10**30, "", "x", "0", "-1", "1e5", "0000-00-00", "99999-01-01", "9999-12-31", "0001-01-01", "2010-1-5", "ALL",
    "any", "First", "LAST", "bt", "!bt", "START_DATE", "END_DATE", "'; DROP TABLE event; --", "%_\\'", "{x}", "$text_0", "한국어",
    "\ud83d", "\x00", "\x1b[2J", "x" * 5000, [], {}, [[]], [{}], {"": 1}, {"Days": 3, "Coeff": 7}, {"Value": 1, "Op": "bt"},
    {"CodesetId": 99}, {"Type": "AT_MOST", "Count": -5}, {"DateOffset": {"Offset": 10**6}}, {"LocationRegion": {}},
    {"StartOffset": -(10**6), "EndOffset": 10**6}, {"StartOffset": 10**6, "EndOffset": -(10**6)},
]  # fmt: skip


def places(node: Json) -> Iterator[Place]:
    """Every place in a JSON value that holds something: its container, and its key there."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield node, key
        yield from places(child)


def numbers(node: Json) -> list[Place]:
    """The places of numbers."""
    return [(here, key) for here, key in places(node) if type(here[key]) in (int, float)]


@st.composite
def mutated(draw: st.DrawFn) -> Json:
    """A definition with one to four faults."""
    given = draw(expressions())
    for _ in range(draw(st.integers(1, 4))):
        found = list(places(given))
        if not found:
            break
        here, key = draw(st.sampled_from(found))
        there, other = draw(st.sampled_from(found))
        what = draw(st.sampled_from(["drop", "replace", "replace", "wrap", "box", "copy", "twice", "rename"]))
        if what == "drop":
            del here[key]
        elif what == "replace":
            here[key] = deepcopy(draw(st.sampled_from(ABSURD)))
        elif what == "wrap":
            here[key] = [here[key]]
        elif what == "box":
            here[key] = {"expression": here[key]}
        elif what == "copy":
            here[key] = deepcopy(there[other])
        elif what == "twice" and isinstance(here, list):
            here.append(deepcopy(here[key]))
        elif what == "rename" and isinstance(here, dict):
            here[draw(st.sampled_from([str(other), "Foo", str(key).upper(), "\x1b"]))] = here.pop(key)
    return given


@st.composite
def absurd(draw: st.DrawFn) -> Json:
    """A definition whose form is right, with absurd numbers in it."""
    given = draw(expressions())
    for here, key in draw(st.lists(st.sampled_from(numbers(given)), min_size=1, max_size=6)):
        if key not in {"id", "CodesetId", "CONCEPT_ID"}:
            here[key] = draw(
                st.sampled_from([0, -1, 1_000_000, -1_000_000, 999_999, 730_000, -730_000, 2**31 - 1, 10**14, 0.1])
            )
    return given
