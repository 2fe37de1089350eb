"""One signed release with a large file, its recipient, and one S3 server, for the tests of delivery."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from extract import seal
from extract.package import seal_approval
from extract.sign import SigningKey
from tests.extract.delivery.servers import CREDENTIALS, environment, s3
from tests.extract.release import built, keys


@dataclass(frozen=True)
class Signed:
    """A signed release, by whom, and for whom."""

    folder: Path
    name: str
    hospital: SigningKey
    board: SigningKey
    identity: seal.Identity
    key: Path


def signed(folder: Path, by: tuple[SigningKey, SigningKey], name: str = "published", **changes: object) -> Path:
    """A signed release with an incompressible document of 600 kB in folder/name."""
    picture = np.random.default_rng(1).bytes(600_000)
    package, _ = built(folder, f"built-{name}", **{"docs": {"picture.png": picture}, **changes})
    seal_approval(package, {"case": "2026-0017", "decided_on": "2026-11-20"}, *by, folder / name)
    return folder / name


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Signed:
    folder = tmp_path_factory.mktemp("delivery")
    hospital, board = keys(folder)
    made = signed(folder, (hospital, board))
    return Signed(
        made, "deterioration-seoul01-1.0.0", hospital, board, seal.create(folder / "me.key"), folder / "me.key"
    )


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    with s3() as address, environment(**CREDENTIALS):
        yield address
