"""What stands beside or before a PostgreSQL server: a hot standby, and a pooler."""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cdm import open_source
from cdm.engine import connect
from cdm.errors import BadInput
from cdm.server import PORT, Server, _call, _private, _short
from cdm.source import Need
from tests.cdm.cdms import connected, tiny, write_postgres

PEOPLE = Need({"person": ("person_id", "year_of_birth")})


@pytest.fixture
def url(postgres: str) -> str:
    return write_postgres(postgres, tiny())


@contextmanager
def standby(primary: Server) -> Iterator[Server]:
    """A hot standby of a server, copied and following it."""
    folder = Path(tempfile.mkdtemp(prefix="naru-test-"))
    folder.chmod(0o755)
    data, sockets = _private(folder / "standby"), _private(_short(folder))
    second = Server(data, sockets)
    try:
        copied = _call(
            "pg_basebackup", "-R", "-c", "fast", "-h", str(primary.sockets), "-U", "postgres", "-D", str(data)
        )
        assert copied.returncode == 0
        options = f"-h '' -k '{sockets}' -p {PORT} -c fsync=off -c max_connections=50"
        assert (
            _call(
                "pg_ctl", "-w", "-t", "30", "-D", str(data), "-l", str(data / "log"), "-o", options, "start"
            ).returncode
            == 0
        )
        yield second
    finally:
        second.stop()
        shutil.rmtree(folder, ignore_errors=True)


def test_a_standby_is_read_but_computes_nothing_in_place(postgres_server: Server, url: str, tmp_path: Path) -> None:
    with standby(postgres_server) as second:
        there = url.replace(str(postgres_server.sockets), str(second.sockets))
        with open_source(there, tmp_path) as source, connect() as con:
            with pytest.raises(
                BadInput, match="is a standby, which makes no temporary tables; name the primary server"
            ):
                source.in_place(PEOPLE)
            source.attach(con, PEOPLE)
            assert con.execute("SELECT count(*) FROM cdm.person").fetchall() == [(3,)]


def test_a_user_who_may_only_read_by_default_computes_in_place(url: str, tmp_path: Path) -> None:
    """The default of a role is no right: temporary tables are made in a transaction that says so."""
    with connected(url.replace("&schema=cdm", "")) as administrator:
        administrator.execute("DROP ROLE IF EXISTS default_reader")
        administrator.execute("CREATE ROLE default_reader LOGIN")
        administrator.execute("ALTER ROLE default_reader SET default_transaction_read_only = on")
        administrator.execute("GRANT USAGE ON SCHEMA cdm TO default_reader")
        administrator.execute("GRANT SELECT ON ALL TABLES IN SCHEMA cdm TO default_reader")
    reader = url.replace("postgres@", "default_reader@")
    with (
        open_source(reader, tmp_path) as source,
        source.in_place(PEOPLE) as place,
        place.work({"numbers": {"number": "long"}}) as work,
    ):
        work.fill("numbers", "SELECT person_id FROM cdm_person")
        assert work.fetch("SELECT number FROM numbers").num_rows == 3


class Pooler:
    """What PgBouncer does to those who connect: all passes, but the process that it names is none of the server's."""

    def __init__(self, server: Path) -> None:
        self._server = server
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(self._server / f".s.PGSQL.{PORT}"))
            threading.Thread(target=_pass_on, args=(client, server), daemon=True).start()
            threading.Thread(target=_pass_on, args=(server, client, True), daemon=True).start()

    def close(self) -> None:
        self._listening.close()


def _pass_on(source: socket.socket, target: socket.socket, renaming: bool = False) -> None:
    try:
        while given := source.recv(65536):
            # BackendKeyData: K, its length, the process, its secret; in one piece with the rest of the greeting.
            at = given.find(b"K\x00\x00\x00") if renaming else -1
            if at >= 0 and len(given) >= at + 9:
                given, renaming = given[: at + 5] + b"\x7f\x00\x00\x01" + given[at + 9 :], False
            target.sendall(given)
    except OSError:
        pass
    finally:
        target.close()


def test_a_pooler_is_refused_in_place_and_read_through(postgres_server: Server, url: str, tmp_path: Path) -> None:
    pooler = Pooler(postgres_server.sockets)
    database = url.partition("@/")[2].partition("?")[0]
    try:
        with open_source(
            f"postgresql://postgres@127.0.0.1:{pooler.port}/{database}?schema=cdm&sslmode=disable", tmp_path
        ) as source:
            with pytest.raises(BadInput, match="is a pooler .* name the server itself"):
                source.in_place(PEOPLE)
            with connect() as con:
                source.attach(con, PEOPLE)
                assert con.execute("SELECT count(*) FROM cdm.person").fetchall() == [(3,)]
    finally:
        pooler.close()
