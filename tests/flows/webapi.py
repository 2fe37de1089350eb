"""WebAPIs to import from: a real one, and one that misbehaves as it is told."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb
import httpx

from tests.cohorts.small import ANCESTORS, RELATIONS
from tests.tables import write_duckdb

CONCEPT = """
concept_id | concept_name  | domain_id | vocabulary_id | concept_class_id | standard_concept | concept_code | invalid_reason
        10 | Bleeding      | Condition | SNOMED        | Finding          | S                | a            | -
        11 | Gastric bleed | Condition | SNOMED        | Finding          | S                | b            | -
        12 | Old bleeding  | Condition | SNOMED        | Finding          | S                | c            | D
        20 | Aspirin       | Drug      | RxNorm        | Ingredient       | S                | d            | -
        21 | Local aspirin | Drug      | EDI           | Drug             | -                | e            | -
"""
VOCABULARY = """
vocabulary_id | vocabulary_name | vocabulary_version
None          | OMOP            | v5.0 31-AUG-25
"""


@dataclass(frozen=True)
class Real:
    """A WebAPI in a process of its own, with what was put into it."""

    url: str

    def put(self, name: str, expression: object) -> int:
        """A new cohort definition; its id."""
        made = httpx.post(f"{self.url}/cohortdefinition", json={"name": name, "expression": expression}, timeout=30)
        return int(made.raise_for_status().json()["id"])


@contextmanager
def real(folder: Path) -> Iterator[Real]:
    """The WebAPI that duckcdm serves, over a vocabulary of five concepts, as source HANBIT."""
    file = write_duckdb(
        folder / "vocabulary.duckdb",
        {
            "concept": CONCEPT,
            "concept_ancestor": ANCESTORS,
            "concept_relationship": RELATIONS,
            "vocabulary": VOCABULARY,
        },
    )
    _as_duckcdm_reads(file)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve = ["serve", f"HANBIT={file}", "--cdm", "cdm", "--port", str(port), "--store", str(folder / "store.duckdb")]
    command = [sys.executable, "-c", "from duckcdm.cli import main; main()", *serve]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            url = f"http://127.0.0.1:{port}/WebAPI"
            _wait(process, url, folder / "log")
            yield Real(url)
        finally:
            process.terminate()
            process.wait(30)


def _as_duckcdm_reads(file: Path) -> None:
    """duckcdm asks its rows for CONCEPT_ID; DuckDB 2 names a column as the table does. It reads the days of validity, too."""
    with duckdb.connect(str(file)) as con:
        for day in ("valid_start_date", "valid_end_date"):
            con.execute(f"ALTER TABLE cdm.concept ADD COLUMN {day} DATE DEFAULT DATE '2000-01-01'")
        found = con.execute("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'cdm'")
        for table, column in found.fetchall():
            con.execute(f'ALTER TABLE cdm."{table}" RENAME "{column}" TO "_{column}"')
            con.execute(f'ALTER TABLE cdm."{table}" RENAME "_{column}" TO "{column.upper()}"')


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            httpx.get(f"{url}/info", timeout=5).raise_for_status()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(log.read_text())


@dataclass(frozen=True)
class Said:
    """One answer. after: seconds before it, and between its bytes where `slowly`."""

    content: bytes = b"{}"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    after: float = 0
    slowly: bool = False
    break_off: bool = False


def as_json(content: object, status: int = 200) -> Said:
    return Said(json.dumps(content).encode(), status)


Answers = Mapping[str, Said | Callable[[Mapping[str, str]], Said]]
SOUND: dict[str, Said] = {
    "/info": as_json({"version": "2.14.0"}),
    "/source/priorityVocabulary": as_json({"sourceKey": "OMOP"}),
    "/vocabulary/OMOP/info": as_json({"version": "v5.0 1-JAN-25", "dialect": "postgresql"}),
    "/vocabulary/OMOP/resolveConceptSetExpression": as_json([11, 10, 10]),
}


@dataclass
class Odd:
    """A WebAPI that says what it was told to say. asked: paths with their headers, in order."""

    url: str
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)


@contextmanager
def odd(answers: Answers, prepare: Callable[[ThreadingHTTPServer], Any] | None = None) -> Iterator[Odd]:
    """Serve these answers by path (others: 404). prepare: e.g. wraps the server's socket in TLS."""
    heard: list[tuple[str, Mapping[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server calls
            headers = {name.lower(): value for name, value in self.headers.items()}
            heard.append((self.path, headers))
            self.rfile.read(int(headers.get("content-length", 0)))
            found = answers.get(self.path, Said(b'{"payload": "not here"}', 404))
            said = found(headers) if callable(found) else found
            try:
                self._say(said)
            except OSError:
                return  # who asked is gone

        do_POST = do_GET  # noqa: N815

        def _say(self, said: Said) -> None:
            time.sleep(0 if said.slowly else said.after)
            self.send_response(said.status)
            self.send_header("Content-Length", str(len(said.content) + said.break_off))
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if not said.slowly:
                self.wfile.write(said.content)
            for sign in said.content if said.slowly else b"":
                self.wfile.write(bytes([sign]))
                self.wfile.flush()
                time.sleep(said.after)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    scheme = "http" if prepare is None else "https"
    if prepare is not None:
        prepare(server)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield Odd(f"{scheme}://127.0.0.1:{server.server_address[1]}", heard)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
