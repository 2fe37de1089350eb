"""Tools that no one here wrote load a release: meds_reader, meds-torch-data, es-aces. They live in an environment of their own.

NARU_PEERS names its folder (`make test-peers` makes it): torch alone is three gigabytes, and their pins are not ours.
"""

from __future__ import annotations

import os
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from extract.meds.write import Prediction
from tests.extract.release import built, deidentified

PEERS = Path(os.environ.get("NARU_PEERS", ".venv-peers")).absolute()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not (PEERS / "bin" / "meds_reader_verify").exists(), reason="needs `make test-peers`"),
]
PEOPLE = 60
TORCH = """
import sys
from meds_torchdata import MEDSPytorchDataset, MEDSTorchDataConfig
config = MEDSTorchDataConfig(
    tensorized_cohort_dir=sys.argv[1], max_seq_len=16, seq_sampling_strategy="to_end", task_labels_dir=sys.argv[2]
)
data = MEDSPytorchDataset(config, split="train")
batch = data.collate([data[n] for n in range(len(data))])
print(len(data), int(batch.boolean_value.sum()))
"""
TASK = """
predicates:
  rate:
    code: LOINC/8867-4
trigger: rate
windows:
  input: {start: null, end: trigger, start_inclusive: True, end_inclusive: True, index_timestamp: end}
  target: {start: input.end, end: start + 72h, start_inclusive: False, end_inclusive: True, label: rate}
"""


@pytest.fixture(scope="module")
def meds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty people with a heart rate on each of three days."""
    tmp_path = tmp_path_factory.mktemp("peers")
    index = datetime.fromisoformat("2031-02-03")
    people = range(1, PEOPLE + 1)
    cohort = "subject_id | site_name | set_id | role | index_date | weight\n" + "\n".join(
        f"{p} | seoul01 | {(p + 1) // 2} | {'case' if p % 2 else 'control'} | 2031-02-03 | 1.0" for p in people
    )
    person = "person_id | gender_concept_id | year_of_birth\n" + "\n".join(f"{p} | 8507 | 1950" for p in people)
    head = "measurement_id|person_id|measurement_concept_id|measurement_date|value_as_number|unit_concept_id\n"
    rows = "\n".join(
        f"{3 * p + d} | {p} | 3027018 | {index - timedelta(days=d + 1):%Y-%m-%d} | {60 + p % 9}.5 | 8541"
        for p in people
        for d in range(3)
    )
    deidentified(tmp_path / "rows", {"cohort": cohort, "person": person, "measurement": head + rows})
    return built(tmp_path, tables=tmp_path / "rows", prediction=Prediction("deterioration"))[0] / "meds"


def run(tool: str, *arguments: object) -> str:
    path = f"{PEERS / 'bin'}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        [PEERS / "bin" / tool, *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": path, "PYTHONPATH": ""},
    )
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
    return ended.stdout


def test_meds_reader_holds_the_same(meds: Path, tmp_path: Path) -> None:
    run("meds_reader_convert", meds, tmp_path / "converted", "--num_threads", 1)
    assert "Test passed" in run("meds_reader_verify", meds, tmp_path / "converted")


def test_torch_gets_batches_with_labels(meds: Path, tmp_path: Path) -> None:
    run("MTD_preprocess", f"MEDS_dataset_dir={meds}", f"output_dir={tmp_path / 'tensors'}")
    (tmp_path / "load.py").write_text(TORCH)
    people, cases = map(
        int, run("python", tmp_path / "load.py", tmp_path / "tensors", meds / "labels" / "deterioration").split()
    )
    assert (people, cases) == (48, 24)


def test_aces_extracts_a_task(meds: Path, tmp_path: Path) -> None:
    import polars as pl

    (tmp_path / "task.yaml").write_text(TASK)
    run(
        "aces-cli", "cohort_name=rate", f"cohort_dir={tmp_path}", f"config_path={tmp_path / 'task.yaml'}", "data.standard=meds",
        f"data.path={meds / 'data' / 'train' / '0.parquet'}",
    )  # fmt: skip
    labels = pl.read_parquet(tmp_path / "rate.parquet")
    assert labels.height == 3 * 48
    assert labels["boolean_value"].sum() == 2 * 48
