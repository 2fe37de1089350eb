"""Tiny databases drawn by chance, as wrong as they can be: empty fields, keys twice, strangers, dates out of order."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random

import pyarrow as pa

from cdm.schema import Column, Table, tables
from cdm.source import CdmVersion

TODAY = date(2024, 6, 1)
CONCEPTS = (0, 1, 2, 3, 4, 8507, 8532, 194997, 4127886, 4090861, 3004410, 8554, 99)
DOMAINS, CLASSES = ("Condition", "Drug", "Unit", "Type Concept", "Gender", "Visit"), ("Ingredient", "Other")
WHOLE = frozenset({"person", "concept"})
ALWAYS = frozenset({"person", "concept", "concept_ancestor", "death", "visit_occurrence", "condition_occurrence"})
TYPES = {"integer": pa.int64(), "number": pa.float64(), "date": pa.date32(), "datetime": pa.timestamp("us"),
         "text": pa.string()}  # fmt: skip


def database(seed: int, version: CdmVersion) -> dict[str, pa.Table]:
    """Tables of a database; many are missing, some empty, some lack optional columns."""
    chance = Random(seed)
    found = {}
    for name, table in tables(version).items():
        if name not in ALWAYS and chance.random() < 0.75:
            continue
        rows = 0 if name != "person" and chance.random() < 0.1 else chance.randint(1, 12)
        columns = [
            column
            for column in table.columns
            if name in WHOLE or column.name == "person_id" or column.required or chance.random() < 0.9
        ]
        found[name] = pa.table(
            {column.name: _values(chance, table, column, rows) for column in columns},
        )
    return found


def _values(chance: Random, table: Table, column: Column, rows: int) -> pa.Array:
    # A column keeps to one habit, so that rules hold, are broken and have nothing to say.
    empty = chance.choice((0.0, 0.2, 1.0 if not column.required else 0.0))
    unique = column.name in table.primary_key and column.family == "integer" and chance.random() < 0.7
    ids = list(range(1, rows + 1))
    values = [
        None if not unique and chance.random() < empty else ids[i] if unique else _value(chance, column)
        for i in range(rows)
    ]
    if unique and chance.random() < 0.5:
        chance.shuffle(values)
    return pa.array(values, TYPES[column.family])


def _value(chance: Random, column: Column) -> object:
    if column.is_concept or column.name.endswith("concept_id"):
        return chance.choice(CONCEPTS)
    if column.name == "year_of_birth":
        return chance.choice((1849, 1960, 2000, 2026))
    if column.name in ("month_of_birth", "day_of_birth"):
        return chance.randint(1, 12)
    day = chance.choice((date(1940, 1, 1), date(1960, 6, 15), date(2020, 1, 1), TODAY)) + timedelta(
        chance.randint(0, 9)
    )
    match column.family:
        case "date":
            return day
        case "datetime":
            return datetime.combine(day, time(chance.choice((0, 23))))
        case "number":
            return chance.choice((-1.0, 0.0, 0.5, 2.0))
        case "integer":
            return chance.choice((-1, 0, 1, 2, 3, 5, 8, 400, 5_000_000_000))
    return _text(chance, column.name)


def _text(chance: Random, name: str) -> str:
    choices = {"domain_id": DOMAINS, "concept_class_id": CLASSES, "standard_concept": ("S", "C")}
    return chance.choice(choices.get(name, ("a", "b", "c")))
