"""The image is made of what is in the repository, by the steps of `make setup`."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")


def test_every_path_that_is_copied_exists() -> None:
    copied = [line.split()[1:-1] for line in DOCKERFILE.splitlines() if re.match(r"COPY (?!--from)", line)]
    assert all((ROOT / path).exists() for paths in copied for path in paths)


def test_every_package_of_the_wheel_is_copied() -> None:
    packages = re.search(
        r"packages = \[(.*)\]", (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("wheel")[1]
    )
    assert packages is not None
    assert all(f"COPY {name}/ {name}/" in DOCKERFILE for name in re.findall(r'"(\w+)"', packages[1]))


def test_the_image_installs_by_hash_and_runs_unprivileged() -> None:
    assert "--require-hashes -r constraints.txt" in DOCKERFILE
    assert DOCKERFILE.rindex("USER naru") < DOCKERFILE.rindex("ENTRYPOINT")


def test_the_compose_file_holds_no_secret() -> None:
    services = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text(encoding="utf-8"))["services"]
    settings = [str(v) for s in services.values() for k, v in (s.get("environment") or {}).items() if "PASS" in k]
    assert settings
    assert all(value.startswith("/run/secrets/") for value in settings)
