"""Which module opens which kind of address."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from cdm.address import ACCEPTED, Address, parse
from cdm.errors import BadInput
from cdm.source import Source
from cdm.sources.duckdb_file import open_duckdb
from cdm.sources.parquet_folder import open_parquet


def open_source(url: str, home: Path) -> Source:
    """See `cdm.open_source`."""
    address = parse(url)
    opener = _OPENERS.get(address.scheme)
    if opener is None:
        raise BadInput(f"{address.scheme}:// is no kind of source that Naru opens; accepted: {', '.join(ACCEPTED)}")
    return opener(address, home)


def _duckdb(address: Address, home: Path) -> Source:
    options = address.only("schema", "vocabulary_schema")
    return open_duckdb(address.url, address.path, options.get("schema", "main"), options.get("vocabulary_schema"))


def _parquet(address: Address, home: Path) -> Source:

    address.only()
    return open_parquet(address.url, address.path)


def _postgresql(address: Address, home: Path) -> Source:
    from cdm.sources.postgres import OPTIONS, open_postgres

    return open_postgres(address.url, address.place, address.only(*OPTIONS))


def _spark(address: Address, home: Path) -> Source:
    if address.place.startswith("local["):
        from cdm.sources import spark_folder

        return spark_folder.open_folder(address.url, address.place, address.only(*spark_folder.OPTIONS))
    from cdm.sources import spark_connect

    return spark_connect.open_connect(address.url, address.place, address.only(*spark_connect.OPTIONS))


def _sample(address: Address, home: Path) -> Source:
    from cdm.samples import sample

    address.only()
    return open_parquet(address.url, sample(address.place.strip("/"), home))


def _synthetic(address: Address, home: Path) -> Source:
    from cdm.synthetic import materialise

    options = address.only("persons", "seed", "canaries")
    persons, seed = _whole(address, "persons", "50000"), _whole(address, "seed", "1")
    canaries = options.get("canaries", "yes")
    if canaries not in ("yes", "no"):
        raise BadInput(f"canaries of {address.url} has to be yes or no")
    name = address.place.strip("/")
    return open_parquet(address.url, materialise(name, persons, seed, home, canaries=canaries == "yes"))


def _whole(address: Address, option: str, default: str) -> int:
    text = address.options.get(option, default)
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise BadInput(f"{option} of {address.url} has to be a whole number")
    return int(text)


_OPENERS: dict[str, Callable[[Address, Path], Source]] = {
    "duckdb": _duckdb,
    "parquet": _parquet,
    "postgresql": _postgresql,
    "postgres": _postgresql,
    "spark": _spark,
    "sample": _sample,
    "synthetic": _synthetic,
}
