"""What is sealed opens with the recipient's key alone, and with `age` alone."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cdm.errors import BadInput
from extract import seal


def test_a_sealed_file_opens_for_every_recipient_and_for_nobody_else(tmp_path: Path) -> None:
    mine, yours, theirs = (seal.create(tmp_path / f"{who}.key") for who in ("mine", "yours", "theirs"))
    (tmp_path / "plain").write_bytes(b"six patients" * 10_000)
    made = seal.seal_file(tmp_path / "plain", tmp_path / "sealed", [mine.public, yours.public])
    assert made.size == (tmp_path / "sealed").stat().st_size
    for key in ("mine.key", "yours.key"):
        seal.open_file(tmp_path / "sealed", tmp_path / "opened", seal.load(tmp_path / key))
        assert (tmp_path / "opened").read_bytes() == (tmp_path / "plain").read_bytes()
    with pytest.raises(BadInput, match="sealed to another, or was changed"):
        seal.open_file(tmp_path / "sealed", tmp_path / "not", theirs)
    assert not (tmp_path / "not").exists()


def test_age_itself_opens_what_is_sealed(tmp_path: Path) -> None:
    if shutil.which("age") is None:
        pytest.skip("needs age: apt-get install age")
    me = seal.create(tmp_path / "key")
    (tmp_path / "plain").write_bytes(os.urandom(300_000))
    seal.seal_file(tmp_path / "plain", tmp_path / "plain.age", [me.public])
    command = ["age", "-d", "-i", str(tmp_path / "key"), str(tmp_path / "plain.age")]
    assert subprocess.run(command, capture_output=True, check=True).stdout == (tmp_path / "plain").read_bytes()
    subprocess.run(
        ["age", "-r", me.public, "-o", str(tmp_path / "theirs.age"), str(tmp_path / "plain")],
        capture_output=True,
        check=True,
    )
    seal.open_file(tmp_path / "theirs.age", tmp_path / "opened", me)
    assert (tmp_path / "opened").read_bytes() == (tmp_path / "plain").read_bytes()


@pytest.mark.parametrize("place", [10, 5_000, -5])
def test_a_changed_byte_does_not_open(tmp_path: Path, place: int) -> None:
    me = seal.create(tmp_path / "key")
    (tmp_path / "plain").write_bytes(bytes(200_000))
    seal.seal_file(tmp_path / "plain", tmp_path / "sealed", [me.public])
    data = bytearray((tmp_path / "sealed").read_bytes())
    data[place] ^= 1
    (tmp_path / "sealed").write_bytes(data)
    with pytest.raises(BadInput, match="was changed"):
        seal.open_file(tmp_path / "sealed", tmp_path / "opened", me)
    assert not (tmp_path / "opened").exists()


MEASURED = """
import resource, sys
from pathlib import Path
from extract import seal
folder = Path(sys.argv[1])
me = seal.load(folder / "key")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
seal.seal_file(folder / "plain", folder / "sealed", [me.public])
seal.open_file(folder / "sealed", folder / "opened", me)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    seal.create(tmp_path / "key")
    with (tmp_path / "plain").open("wb") as file:
        file.truncate(100_000_000)
    run = subprocess.run([sys.executable, "-c", MEASURED, str(tmp_path)], capture_output=True, text=True, check=True)
    assert int(run.stdout) < 20_000 * (resource.getpagesize() // 4096)  # kB, of 100,000


def test_keys_are_told_apart_and_never_shown(tmp_path: Path) -> None:
    me = seal.create(tmp_path / "key")
    secret = (tmp_path / "key").read_text().splitlines()[-1]
    assert secret not in repr(me)
    with pytest.raises(BadInput, match="is a secret key") as caught:
        seal.recipient(secret)
    assert secret not in str(caught.value)
    with pytest.raises(BadInput, match="is no age public key"):
        seal.recipient("age1nothing")
    with pytest.raises(BadInput, match="nobody to seal it to"):
        seal.seal_file(tmp_path / "key", tmp_path / "x", [])
    with pytest.raises(BadInput, match="never overwritten"):
        seal.create(tmp_path / "key")
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(BadInput, match="mode 0644"):
        seal.load(tmp_path / "key")
    (tmp_path / "bad").write_text("hello\n")
    (tmp_path / "bad").chmod(0o600)
    with pytest.raises(BadInput, match="not one age identity"):
        seal.load(tmp_path / "bad")
    with pytest.raises(BadInput, match="no such file"):
        seal.load(tmp_path / "none")
